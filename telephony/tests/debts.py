"""What tests of debts do: let people call in vain and be called back, as deliveries say it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from callcrm.testing import DESTINATION, NUMBER, World
from telephony import ingest
from telephony.models import Call, Callback
from telephony.providers.base import (
    CallState,
    CallUpdate,
    Direction,
    LegUpdate,
    MessageState,
    MessageUpdate,
    RecordingKind,
    RecordingState,
    RecordingUpdate,
    Update,
)

ANNA, BELA = "+12065550111", "+12065550112"
IN, OUT = Direction.INBOUND, Direction.OUTBOUND


def deliver(world: World, updates: Iterable[Update], at: datetime) -> None:
    """Apply them one by one, as deliveries do: each in a transaction of its own."""
    for update in updates:
        with world.inside():
            ingest.apply([update], ingest.Origin(world.acme.pk, "twilio", at))


def call(
    name: str, at: datetime, state: CallState, *, by: str | None = ANNA, way: Direction = IN, **said: Any
) -> CallUpdate:
    ends: dict[str, Any] = (
        {"from_e164": by, "to_e164": NUMBER} if way is IN else {"from_e164": NUMBER, "to_e164": by}
    )
    said = {"withheld": by is None} | said
    return CallUpdate(provider_id=name, account_id="AC1", direction=way, state=state, at=at, **ends, **said)


def missed(name: str, at: datetime, *, seconds: int = 30, **values: Any) -> list[Update]:
    """A call that rings for so long, and nobody takes it."""
    end = at + timedelta(seconds=seconds)
    return [
        call(name, at, CallState.RINGING, **values),
        call(name, end, CallState.COMPLETED, duration=seconds, **values),
    ]


def voicemail(name: str, at: datetime, **values: Any) -> list[Update]:
    """A call that ends with a message on the tape."""
    kind, state = RecordingKind.VOICEMAIL, RecordingState.COMPLETED
    tape = RecordingUpdate(
        provider_id=f"RE{name}", account_id="AC1", call_provider_id=name, state=state, kind=kind,
        source="RecordVerb", duration=12, channels=1,
    )  # fmt: skip
    return [*missed(name, at, **values), tape]


def answered(name: str, at: datetime, **values: Any) -> list[Update]:
    """A call that somebody takes after nine seconds."""
    return [
        call(name, at, CallState.RINGING, **values),
        leg(name, at, CallState.IN_PROGRESS),
        leg(name, at, CallState.COMPLETED),
        call(name, at + timedelta(seconds=70), CallState.COMPLETED, duration=70, **values),
    ]


def leg(name: str, at: datetime, state: CallState) -> LegUpdate:
    said: dict[str, Any] = {"duration": 60, "bridged": True} if state.is_over else {}
    at += timedelta(seconds=69 if state.is_over else 9)
    return LegUpdate(
        provider_id=f"LEG{name}",
        account_id="AC1",
        parent_provider_id=name,
        state=state,
        to=DESTINATION,
        at=at,
        **said,
    )


def text(
    name: str,
    at: datetime,
    *,
    by: str = ANNA,
    way: Direction = IN,
    body: str | None = "Are you open?",
    state: MessageState | None = None,
) -> list[Update]:
    ours, theirs = NUMBER, by
    from_, to = (theirs, ours) if way is IN else (ours, theirs)
    state = state or (MessageState.RECEIVED if way is IN else MessageState.SENT)
    return [
        MessageUpdate(
            provider_id=name,
            account_id="AC1",
            direction=way,
            state=state,
            from_=from_,
            to=to,
            body=body,
            at=at,
        )
    ]


def debts(world: World) -> list[Callback]:
    """All debts, the oldest first, with their tries."""
    with world.inside():
        rows = Callback.objects.order_by("opened_at").select_related("lead", "assigned_to")
        return list(rows.prefetch_related("attempts"))


def call_id(world: World, name: str) -> UUID:
    with world.inside():
        return Call.objects.get(provider_id=name).pk
