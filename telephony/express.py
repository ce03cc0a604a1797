"""The usual call, quickly: somebody rings, a telephone must ring back while he waits.

Reads what is needed in one statement and writes everything in another: receipt, call, history, feed, and the lead if he
is new. It handles the plain case alone. Whatever is not plain returns None or breaks a constraint, and then nothing has
happened: `ingest.py` takes over, which is right in every case. `tests/test_express.py` holds both to the same rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, models
from django.utils.timezone import now

from accounts import keys
from audit.events import Event
from audit.recording import entry_for
from callcrm.lib import together
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.webhooks.models import Delivery, Receipt
from leads import index
from leads.events import LeadCreated
from leads.models import Lead, LeadPhone, fresh_lead
from telephony import progress, routing
from telephony.events import CallRinging
from telephony.hours import opening
from telephony.hours.week import Hours, read
from telephony.ingest import Origin
from telephony.models import Call, FeedFrame, FlowVersion, OpeningHours, TrackingNumber
from telephony.providers.base import Action, CallState, CallUpdate, Direction, Update

_NUMBER = ("id", "business_id", "source_id", "is_active")
_FLOW = ("id", "business_id", "document")
_HOURS = ("id", "business_id", "week", "holidays", "updated_at")
_PHONE = ("id", "business_id", "lead_id", "number")
_LEAD = ("id", "business_id", "key", "key_version", "status")

# The number that is dialled with its flow and the business's hours, whether the caller is our own, the lead that his
# number may be of, and whether that lead has called before. Everything is found by an index; tests/test_query_plans.py
# looks at the plan.
_READ = f"""
SELECT {", ".join(f"n.{name}" for name in _NUMBER)}, {", ".join(f"v.{name}" for name in _FLOW)},
       {", ".join(f"h.{name}" for name in _HOURS)}, b.timezone,
       EXISTS (SELECT FROM telephony_trackingnumber o
               WHERE o.business_id = n.business_id AND (o.e164 = %s OR %s = ANY (o.forward_to)))
       OR EXISTS (SELECT FROM telephony_telephone m WHERE m.business_id = n.business_id AND m.e164 = %s),
       {", ".join(f"p.{name}" for name in _PHONE)}, {", ".join(f"l.{name}" for name in _LEAD)},
       EXISTS (SELECT FROM telephony_call c WHERE c.business_id = n.business_id AND c.lead_id = l.id)
FROM telephony_trackingnumber n
JOIN accounts_business b ON b.id = n.business_id
JOIN telephony_flowversion v ON v.business_id = n.business_id AND v.id = n.published_id
LEFT JOIN telephony_openinghours h ON h.business_id = n.business_id
LEFT JOIN leads_leadtoken t ON t.business_id = n.business_id AND t.kind = %s AND t.token = %s
LEFT JOIN leads_lead l ON l.business_id = t.business_id AND l.id = t.lead_id
LEFT JOIN leads_leadphone p ON p.business_id = l.business_id AND p.lead_id = l.id
WHERE n.business_id = %s AND n.e164 = %s
ORDER BY p.position LIMIT 1
"""  # noqa: S608  # made of the names above


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read. Without a phone, the caller is nobody's yet."""

    number: TrackingNumber
    version: FlowVersion
    set_hours: OpeningHours | None
    hours: Hours
    is_own: bool
    phone: LeadPhone | None
    has_called: bool


def ring(delivery: Delivery, updates: list[Update], dedupe_key: str) -> Sequence[Action] | None:
    """Take a new call at once and return what happens to it, or None when it must go the ordinary way."""
    update = updates[0]
    if len(updates) != 1 or not _is_plain(update):
        return None
    found = _read(delivery, update)
    if found is None or found.is_own or (found.phone and not _is_his(found.phone, update)):
        return None
    if found.version.flow.takes_turns:
        return None
    origin = Origin(delivery.business_id, delivery.provider, delivery.received_at)
    call = _call(origin, update, found)
    phone = _meet(origin, call, update, found)
    heard = routing.first_answer(call, found.version.flow, found.hours)
    rows = [Receipt.of(delivery, dedupe_key), *_rows(origin, call, phone, update, found)]
    try:
        together.insert(delivery.business_id, rows)
    except IntegrityError:
        return None  # delivered before, or another delivery was quicker
    return heard


def _is_plain(update: Update) -> bool:
    return (
        isinstance(update, CallUpdate)
        and update.direction is Direction.INBOUND
        and update.state is CallState.RINGING
        and update.from_e164 is not None
        and update.to_e164 is not None
    )


def _read(delivery: Delivery, update: Any) -> _Found | None:
    kind, token = keys.blind_index(delivery.business_id).phone_exact(update.from_e164)
    asked = (*[update.from_e164] * 3, int(kind), token, delivery.business_id, update.to_e164)
    rows = together.read(_READ, asked, inside=delivery.business_id)
    if not rows:
        return None
    values = iter(rows[0])
    number, version = together.row(TrackingNumber, _NUMBER, values), together.row(FlowVersion, _FLOW, values)
    kept, zone = together.row(OpeningHours, _HOURS, values), ZoneInfo(next(values))
    is_own = next(values)
    phone, lead = together.row(LeadPhone, _PHONE, values), together.row(Lead, _LEAD, values)
    if phone.pk is not None:
        phone.lead = lead
    set_hours = kept if kept.pk is not None else None
    hours = read(opening.document_of(set_hours), zone)
    known = phone if phone.pk is not None else None
    return _Found(number, version, set_hours, hours, is_own, known, next(values))


def _is_his(phone: LeadPhone, update: Any) -> bool:
    """A hit of the index counts only once the sealed number agrees; of several phones, the ordinary way finds which."""
    try:
        return bool(phone.number.reveal() == update.from_e164)
    except DecryptError:
        return False


def _call(origin: Origin, update: Any, found: _Found) -> Call:
    call = Call(
        business_id=origin.business_id,
        provider=origin.provider,
        provider_id=update.provider_id,
        seen_at=origin.received_at,
        started_at=origin.received_at,
        number=found.number,
        source_id=found.number.source_id,
    )
    progress.advance(call, update, received_at=origin.received_at)
    call.after_hours = opening.was_closed(found.set_hours, found.hours, call.started_at)
    return call


def _meet(origin: Origin, call: Call, update: Any, found: _Found) -> LeadPhone:
    phone = found.phone or _somebody_new(origin, update, found.number)
    call.lead, call.phone = phone.lead, phone
    call.first_time_caller = not found.has_called
    progress.pin(call, found.version)
    return phone


def _rows(origin: Origin, call: Call, phone: LeadPhone, update: Any, found: _Found) -> Iterator[models.Model]:
    """The call before the person: `ingest.py` writes in this order, and two that wait for each other must not cross."""
    yield call
    if found.phone is None:
        yield from _rows_of_somebody_new(origin, phone, update)
    ringing = CallRinging(call_id=call.pk, lead_id=call.lead.pk, first_time=call.first_time_caller)
    yield _entry(ringing, origin.actor, origin)
    yield FeedFrame(business_id=call.business_id, kind="call.changed", object_id=call.pk, state=call.state)


def _somebody_new(origin: Origin, update: Any, number: TrackingNumber) -> LeadPhone:
    lead = fresh_lead(origin.business_id, source_id=number.source_id)
    return LeadPhone(business_id=origin.business_id, lead=lead, number=update.from_e164)


def _rows_of_somebody_new(origin: Origin, phone: LeadPhone, update: Any) -> Iterator[models.Model]:
    lead = phone.lead
    yield lead
    yield from index.rows(lead, [update.from_e164])
    yield phone
    yield _entry(LeadCreated(lead_id=lead.pk, via="call"), None, origin)
    yield FeedFrame(business_id=lead.business_id, kind="lead.changed", object_id=lead.pk, state=lead.status)


def _entry(event: Event, by: str | None, origin: Origin) -> models.Model:
    entry = entry_for(event, by=by, business_id=origin.business_id)
    entry.at = now()
    return entry
