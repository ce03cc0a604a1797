"""The filters of the call list, in the page's URL and in the API; values are checked before PostgreSQL sees them."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from accounts.models import Business
from callcrm.errors import Invalid
from telephony.models import CallQuerySet, Outcome
from telephony.providers.base import CallState, Direction

Condition = Callable[[str], Q]


def by(calls: CallQuerySet, params: Mapping[str, str]) -> CallQuerySet:
    """Return the calls that all given filters let through. Raises Invalid naming the parameter that is wrong."""
    problems: dict[str, list[str]] = {}
    for name, value in params.items():
        if name in CONDITIONS and value:
            try:
                calls = calls.filter(CONDITIONS[name](value))
            except ValueError as error:
                problems[name] = [str(error)]
    if problems:
        raise Invalid(fields=problems)
    return calls


def since_days(business: Business, days: str) -> datetime | None:
    """Return when the last so many days began where the business is; None where nothing is asked. Raises Invalid."""
    if not days:
        return None
    if not re.fullmatch(r"[0-9]{1,3}", days) or not 0 < int(days) <= 366:
        raise Invalid(fields={"days": ["Choose from 1 to 366 days."]})
    midnight = now().astimezone(business.tz).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=int(days) - 1)


def _id(field: str) -> Condition:
    def condition(value: str) -> Q:
        if value == "none":
            return Q(**{field: None})
        try:
            return Q(**{field: UUID(value)})
        except ValueError:
            raise ValueError("This is no id.") from None

    return condition


def _choice(field: str, choices: list[str]) -> Condition:
    def condition(value: str) -> Q:
        if value not in choices:
            raise ValueError(f"Choose from {', '.join(choices)}.")
        return Q(**{field: value})

    return condition


def _time(lookup: str) -> Condition:
    def condition(value: str) -> Q:
        try:
            at = parse_datetime(value[:40])
        except ValueError:
            at = None
        if at is None or at.tzinfo is None or not 2000 <= at.year < 2100:
            raise ValueError("Write a time such as 2026-11-20T09:00:00Z.")
        return Q(**{lookup: at})

    return condition


def _provider_id(value: str) -> Q:
    if len(value) > 64 or not value.isascii() or not value.isprintable():
        raise ValueError("This is no provider's id.")
    return Q(provider_id=value)


def _truth(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("Write true or false.")
    return value == "true"


def _has_recording(value: str) -> Q:
    from django.apps import apps  # recordings lie above telephony: asked by name, not imported

    model: Any = apps.get_model("recordings", "Recording")
    has = Exists(model.objects.filter(business_id=OuterRef("business_id"), call_id=OuterRef("pk")))
    return Q(has) if _truth(value) else ~Q(has)


CONDITIONS: dict[str, Condition] = {
    "since": _time("started_at__gte"),
    "until": _time("started_at__lt"),
    "direction": _choice("direction", [state.value for state in Direction]),
    "state": _choice("state", [state.value for state in CallState]),
    "outcome": _choice("outcome", [outcome.value for outcome in Outcome]),
    "source": _id("source_id"),
    "number": _id("number_id"),
    "lead": _id("lead_id"),
    "agent": _id("agent_id"),
    "provider_id": _provider_id,
    "has_recording": _has_recording,
    "first_time": lambda value: Q(first_time_caller=_truth(value)),
}
