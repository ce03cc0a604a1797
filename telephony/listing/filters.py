"""The filters of the call list, in the page's URL and in the API; values are checked before PostgreSQL sees them.

Each is a condition that an index answers in the order of the list, however few calls it lets through
(`telephony/models/calls.py`, `FEW`). What they are called on the page is said by `chips.py`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.utils.dateparse import parse_datetime

from accounts.doors import Admitted
from accounts.models import Business
from callcrm.errors import Invalid
from telephony.editing import LONGEST_DISPOSITION, LONGEST_TAG
from telephony.listing import dates
from telephony.models import FEW, RECORDED, TALKED, CallbackMiss, CallQuerySet, Outcome, held_for, talked
from telephony.providers import PROVIDERS
from telephony.providers.base import CallState, Direction

Condition = Callable[[str], Q]
NONE, ANY = "none", "any"
ORDER = (
    "listed_at",
    "listed_id",
)  # what `by` names to page through: a call's own, or those of its row for a tag


def by(calls: CallQuerySet, params: Mapping[str, str], *, member: Admitted) -> CallQuerySet:
    """Return the calls that all given filters let through. Raises Invalid naming the parameter that is wrong."""
    asked = conditions(params)
    # What Callbacks lists to him: not what a colleague has taken out of his sight.
    if params.get("owed") == "true":
        asked["owed"] &= held_for(member, "owed__callback__")
    tag = asked.pop("tag", None)
    if tag is None:
        calls = calls.alias(listed_at=F("started_at"), listed_id=F("id"))
    else:
        calls = calls.filter(tag).alias(listed_at=F("tagged__started_at"), listed_id=F("tagged__call_id"))
    for condition in asked.values():
        calls = calls.filter(condition)
    return calls.filter(agent_id=member.pk) if "mine" in asked else calls


def conditions(params: Mapping[str, str]) -> dict[str, Q]:
    """Return what is asked by name. Raises Invalid as `by` does."""
    asked, problems = {}, {}
    for name, value in params.items():
        if name in CONDITIONS and value:
            try:
                asked[name] = CONDITIONS[name](value)
            except ValueError as error:
                problems[name] = [str(error)]
    if problems:
        raise Invalid(fields=problems)
    return asked


def of_page(
    calls: CallQuerySet, params: Mapping[str, str], *, member: Admitted, business: Business
) -> CallQuerySet:
    """Return what the page lets through: besides, it knows days as the business counts them. Raises Invalid as `by`."""
    since, until = dates.span(params, business.tz)
    found = by(calls, params, member=member)
    found = found.filter(Q(listed_at__gte=since)) if since else found
    return found.filter(Q(listed_at__lt=until)) if until else found


def problems(params: Mapping[str, str], business: Business) -> dict[str, list[str]]:
    """Return what the page does not understand, by name."""
    found = {}
    for read in (lambda: conditions(params), lambda: dates.span(params, business.tz)):
        try:
            read()
        except Invalid as error:
            found.update(error.fields)
    return found


def before(calls: CallQuerySet, at: datetime) -> CallQuerySet:
    """Return those of what `by` has found that began before then."""
    return calls.filter(Q(listed_at__lt=at))


def _id(field: str) -> Condition:
    def condition(value: str) -> Q:
        if value == NONE:
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
    return Q(
        provider__in=[*PROVIDERS, "manual"], provider_id=value
    )  # an index is entered by its first column


def _truth(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("Write true or false.")
    return value == "true"


def _recording(value: str) -> Q:
    if value == ANY:
        return FEW["recorded"]
    if value not in (NONE, *RECORDED):
        raise ValueError(f"Choose from {', '.join((ANY, NONE, *RECORDED))}.")
    return Q(recording_state="" if value == NONE else value)


def _word(value: str, most: int) -> str:
    if len(value) > most or not value.isprintable():
        raise ValueError(f"At most {most} characters.")
    return value


def _tag(value: str) -> Q:
    """By the rows of tags: their index has when the call began, so it is read in the order of the list."""
    return Q(tagged__business_id=F("business_id"), tagged__tag=_word(value, LONGEST_TAG))


def _disposition(value: str) -> Q:
    return Q(disposition=None if value == NONE else _word(value, LONGEST_DISPOSITION))


def _length(value: str) -> Q:
    if value not in TALKED:
        raise ValueError(f"Choose from {', '.join(TALKED)}.")
    return talked(value)


def _owed(value: str) -> Q:
    """Somebody is still owed a call back for it; joined rather than asked of each, for there are few such debts.

    `by` knows whose debts the one who asks may know of. Nothing is owed where nobody owes anything.
    """
    if _truth(value):
        here = {name: F("business_id") for name in ("owed__business_id", "owed__callback__business_id")}
        return Q(**here, owed__callback__closed_at=None)
    mine = {"business_id": OuterRef("business_id"), "call_id": OuterRef("pk")}
    return ~Q(Exists(CallbackMiss.objects.filter(**mine, callback__closed_at=None)))


def _mine(value: str) -> Q:
    if value != "true":
        raise ValueError("Write true, or leave it out.")
    return Q()  # `by` knows who asks


CONDITIONS: dict[str, Condition] = {
    "since": _time("listed_at__gte"),
    "until": _time("listed_at__lt"),
    "direction": _choice("direction", [state.value for state in Direction]),
    "state": _choice("state", [state.value for state in CallState]),
    "outcome": _choice("outcome", [outcome.value for outcome in Outcome]),
    "source": _id("source_id"),
    "number": _id("number_id"),
    "lead": _id("lead_id"),
    "agent": _id("agent_id"),
    "provider_id": _provider_id,
    "recording": _recording,
    "has_recording": lambda value: _recording(ANY if _truth(value) else NONE),
    "first_time": lambda value: Q(first_time_caller=_truth(value)),
    "after_hours": lambda value: Q(after_hours=_truth(value)),
    "talked": _length,
    "tag": _tag,
    "disposition": _disposition,
    "owed": _owed,
    "mine": _mine,
}
NAMES = frozenset([*CONDITIONS, *dates.NAMES])  # that the page knows
