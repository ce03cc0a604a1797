"""Calling somebody: the member's own telephone rings first, then the person at the other end.

A call that is asked for is a row before any provider is asked to make it (`placing.py`): queued, taken by who asked,
from the tracking number that the person knows. What is heard on the way is `bridging.py`. The number's flow decides
whether it is recorded, and lends its notice; both are kept on the call from its beginning, as of every call.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now

from accounts import limits
from accounts.doors import Admitted
from accounts.models import Business, Member
from accounts.permissions import Permission
from audit.recording import record
from callcrm.errors import Conflict, Invalid
from callcrm.lib import phones
from leads.models import Lead, LeadPhone
from telephony import feed, numbers, parties
from telephony.events import CallPlaced
from telephony.hours import after_hours
from telephony.models import (
    LIVE,
    ON_ITS_WAY,
    Call,
    CallQuerySet,
    Message,
    Placement,
    Telephone,
    TrackingNumber,
)
from telephony.outgoing import placing
from telephony.providers.base import Direction

TAKES = timedelta(minutes=1)  # so long a call of the same member may be on its way to his telephone
NO_NUMBER = "There is no number in service to call from. Add one first."


@transaction.atomic
def place(business: Business, values: Mapping[str, Any], *, by: Member) -> Call:
    """Ask for a call. `values`: lead, and phone (one of his), or to (as typed); number (ours, else the one he knows).

    Raises Invalid naming what is wrong, Conflict while a call is on its way to the same member or goes on with the same
    person, NotFound for a lead that was merged or deleted meanwhile, TooMany.
    """
    telephone = _telephone(by)
    lead, phone = parties.person(business, values, None, typed_in="to", by=by)
    _check_nobody_is_quicker(lead, by)
    phone = values.get("phone") or phone
    _check(business, phone)
    limits.hit(limits.CALLS, str(by.pk))
    number = values.get("number") or number_for(lead)
    call = _call(number, lead, phone, by)
    placement = Placement.objects.create(business=business, call=call, telephone=telephone.e164)
    record(CallPlaced(call_id=call.pk, lead_id=lead.pk, number_id=number.pk), by=by, business_id=business.pk)
    feed.tell(business.pk, "call.changed", call.pk, call.state)
    placing.defer(placement)
    return call


def number_for(lead: Lead) -> TrackingNumber:
    """Return our number that the person knows: the one he last called or was called from, else our oldest.

    Raises Invalid when there is none that could be called from.
    """
    mine = TrackingNumber.objects.select_related("account", "published")
    mine = mine.filter(business_id=lead.business_id, is_active=True)
    known = {"business_id": lead.business_id, "lead": lead, "number__is_active": True}
    calls = Call.objects.filter(**known).exclude(
        provider_id=None
    )  # he has not heard of one that never came about
    texts = Message.objects.filter(**known)
    last = [
        calls.order_by("-started_at").values_list("started_at", "number_id").first(),
        texts.order_by("-created_at").values_list("created_at", "number_id").first(),
    ]
    latest = max((one for one in last if one), default=None)
    if latest:
        return mine.get(pk=latest[1])
    oldest = mine.order_by("created_at", "id").first()
    if oldest is None:
        raise Invalid(NO_NUMBER, fields={"number": [NO_NUMBER]})
    return oldest


def going_on_with(lead: Lead, *, by: Admitted) -> str:
    """Return the words for a call with this person that is going on; none where there is no such call."""
    call = _live(lead).first()
    return _in_words(call, by) if call else ""


def _check_nobody_is_quicker(lead: Lead, by: Member) -> None:
    """The lead is locked: of two who ask at once, the second sees the first.

    A call that is talked is no reason to refuse: the word of its end may have been lost on the way.
    """
    call = _live(lead).filter(answered_at=None, started_at__gte=now() - ON_ITS_WAY).first()
    if call:
        raise Conflict(_in_words(call, by))


def _live(lead: Lead) -> CallQuerySet:
    live = Call.objects.live().filter(business_id=lead.business_id, lead=lead)
    return live.select_related("agent__user")


def _in_words(call: Call, by: Admitted) -> str:
    if call.direction == Direction.INBOUND and call.answered_at is None:
        return "This person is calling you right now."
    doing = "talking to" if call.answered_at else "calling"
    return f"{_who(call, by)} {doing} this person right now."


def _who(call: Call, by: Admitted) -> str:
    if call.agent_id == by.pk:
        return "You are"
    may_know = call.agent_id and by.can(Permission.VIEW_ALL_COMMUNICATIONS)
    return f"{call.agent.name} is" if may_know else "A colleague is"


def _telephone(by: Member) -> Telephone:
    """Return the member's telephone, locked: whoever asks twice at once waits here."""
    mine = Telephone.objects.select_for_update().filter(business_id=by.business_id, member=by).first()
    if mine is None:
        raise Invalid(
            fields={"telephone": ["Say first which telephone is yours: it rings before the other."]}
        )
    begun = Q(state__in=LIVE, started_at__gte=now() - TAKES, placements__isnull=False)
    unsettled = Q(placements__state__in=Placement.UNSETTLED)
    asked = Call.objects.filter(business_id=by.business_id, agent=by, direction=Direction.OUTBOUND)
    call = asked.filter(begun | unsettled).select_related("lead").order_by("-started_at").first()
    if call is not None:
        raise Conflict(
            f"Your telephone is being rung already, for the call to {call.shown_caller.rstrip('.')}."
        )
    return mine


def _check(business: Business, phone: LeadPhone | None) -> None:
    if phone is None:
        raise Invalid(fields={"to": ["No number of this person is known."]})
    e164 = phone.number.reveal()
    if phones.is_costly(e164):
        raise Invalid(fields={"to": ["Calls to this number cost extra, so it is not dialled."]})
    if numbers.is_own(business.pk, e164):
        raise Invalid(fields={"to": ["This is a number of your own business."]})


def _call(number: TrackingNumber, lead: Lead, phone: LeadPhone | None, by: Member) -> Call:
    at, flow = now(), number.published.flow
    call = Call(
        business=by.business,
        provider=number.account.provider,
        provider_id=None,
        direction=Direction.OUTBOUND,
        number=number,
        source_id=lead.source_id,  # what brought the person, not what the number stands for
        lead=lead,
        phone=phone,
        agent=by,
        flow=number.published,
        records=flow.records and flow.notice is not None,
        seen_at=at,
        started_at=at,
    )
    after_hours.note(call)
    call.save(force_insert=True)
    return call
