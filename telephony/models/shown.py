"""What models of calls and texts share: how their states and sealed words are shown."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from callcrm.lib.crypto.fields import Sealed
from leads.models import Lead

# What pages call the directions; programs know them by their values.
WAYS: Mapping[str, str] = {"inbound": "Incoming", "outbound": "Outgoing"}


def choices(states: Iterable[StrEnum]) -> list[tuple[str, str]]:
    return [(state.value, state.value.replace("-", " ").capitalize()) for state in states]


def redacted(lead: Lead | None, text: Sealed | None) -> str | None:
    if text is None:
        return None
    return lead.redacted(text) if lead is not None else text.masked
