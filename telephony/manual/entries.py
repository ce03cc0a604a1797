"""Calls that no provider tells of, such as those made on one's own mobile: a member logs them by hand.

They are calls like others, of the provider `manual`, without legs; who logs one has taken it, unless it came in and
nobody did: then it is nobody's. A number becomes a person by the rules of every call: one that is known finds its
lead, one of our own is nobody's. Who called in vain is owed a call back, and one that was answered is proof.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.timezone import now

from accounts.models import Business, Member
from audit.recording import record
from callcrm.errors import Invalid
from telephony import editing, feed, ingest, parties
from telephony.callbacks import ledger
from telephony.events import CallLogged
from telephony.hours import after_hours
from telephony.models import Call, Outcome
from telephony.providers.base import CallState, Direction

PROVIDER = "manual"
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST = 24 * 3600
MINUTE = timedelta(minutes=1)  # what people type has no seconds
OUTCOMES = [Outcome.ANSWERED.value, Outcome.MISSED.value]


@transaction.atomic
def log(business: Business, values: Mapping[str, Any], *, by: Member) -> Call:
    """Keep a call. `values`: lead, or phone and name; direction, started_at, duration_seconds, outcome; number, source,
    disposition, tags, note.

    Raises Invalid naming all that is wrong, NotFound for a lead that was merged or deleted meanwhile.
    """
    if wrong := problems(business, values):
        raise Invalid(fields=wrong)
    number = values.get("number")
    source = values.get("source") or (number.source if number else None)
    lead, phone = parties.person(business, values, source, typed_in="phone", by=by)
    call = Call(business=business, lead=lead, phone=phone, number=number, source=source)
    call.logged_by = by
    call.provider, call.provider_id, call.seen_at = PROVIDER, uuid4().hex, now()
    call.direction, call.outcome = values["direction"], values["outcome"]
    call.agent = None if _is_nobodys(call) else by
    _time(call, values["started_at"], values.get("duration_seconds"))
    after_hours.note(call)
    earlier = Call.objects.filter(business_id=business.pk, lead=lead).exists()
    call.first_time_caller = call.direction == Direction.INBOUND and not earlier
    for field, value in editing.cleaned(values).items():
        setattr(call, field, value)
    call.save(force_insert=True)
    ingest.touch_lead(call)
    record(CallLogged(call_id=call.pk, lead_id=lead.pk), by=by, business_id=business.pk)
    feed.tell(business.pk, "call.changed", call.pk, call.state)
    if ledger.facts(call):
        ledger.follow_call(call, by=by)
    return call


def _is_nobodys(call: Call) -> bool:
    """Who writes down that a call was missed has not taken it, and his colleagues are to see it."""
    return call.direction == Direction.INBOUND and call.outcome == Outcome.MISSED


def problems(business: Business, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return all that is wrong at once, by field, in what is there of the values that `log` takes."""
    found = _of_the_time(values)
    if values.get("outcome", OUTCOMES[0]) not in OUTCOMES:
        found["outcome"] = [f"Choose from {', '.join(OUTCOMES)}."]
    if values.get("lead") is None:
        try:
            parties.number(business, values, typed_in="phone")
        except Invalid as refused:
            found |= refused.fields
    return found


def _of_the_time(values: Mapping[str, Any]) -> dict[str, list[str]]:
    begun, seconds = values.get("started_at"), values.get("duration_seconds")
    found = {}
    if begun and not EARLIEST <= begun <= now():
        found["started_at"] = ["Choose a time that has passed, since the year 2000."]
    if seconds and values.get("outcome") == Outcome.MISSED:
        found["duration_seconds"] = ["Nobody talked: leave it empty."]
    elif seconds and not 0 <= seconds <= LONGEST:
        found["duration_seconds"] = ["A call takes at most a day."]
    elif seconds and begun and not found and begun + timedelta(seconds=seconds) > now() + MINUTE:
        found["duration_seconds"] = ["It would end in the future. Log a call when it is over."]
    return found


def _time(call: Call, begun: datetime, seconds: int | None) -> None:
    """Where nobody knows how long it was, no length is kept."""
    answered = call.outcome == Outcome.ANSWERED
    state = CallState.COMPLETED if answered else CallState.NO_ANSWER
    call.state, call.rank = state.value, state.rank
    call.said_at = call.started_at = begun
    call.said_ended_at = call.ended_at = begun + timedelta(seconds=seconds or 0)
    call.duration_seconds = seconds if answered else None
    call.answered_at = begun if answered else None
    call.talk_seconds = seconds if answered else None
