"""A call or a text comes in: who is it? The one place where a stranger becomes a lead.

However many deliveries race, a number becomes one lead: the unique token decides, and the loser reads the winner's row.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts import keys
from audit.recording import record
from leads import index
from leads.events import LeadCreated
from leads.models import Lead, LeadPhone, fresh_lead


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the lead, the phone he calls from, and whether nobody knew him until now."""

    lead: Lead
    phone: LeadPhone
    is_new: bool


def caller(business_id: UUID, e164: str, *, source_id: UUID | None, via: str = "call") -> Caller:
    """Return the lead with this number, made if there is none. Needs the scope of the business."""
    known = _hold(business_id, e164)
    if known:
        return known
    try:
        with transaction.atomic():
            return _make(business_id, e164, source_id=source_id, via=via)
    except IntegrityError:
        winner = _hold(business_id, e164)
        if winner is None:
            raise
        return winner


def find(business_id: UUID, e164: str) -> Caller | None:
    """Return the lead with this number. A hit of the index counts only once the sealed number agrees."""
    kind, token = keys.blind_index(business_id).phone_exact(e164)
    candidates = LeadPhone.objects.select_related("lead").filter(
        business_id=business_id,
        lead__tokens__business_id=business_id,
        lead__tokens__kind=kind,
        lead__tokens__token=token,
    )
    phone = next((phone for phone in candidates if phone.number.reveal() == e164), None)
    return Caller(phone.lead, phone, is_new=False) if phone else None


def _hold(business_id: UUID, e164: str) -> Caller | None:
    """Find him and keep his card until the call is written: one that is merged away meanwhile is found as the other."""
    known = find(business_id, e164)
    while known and not _is_there(known.lead):
        known = find(business_id, e164)
    return known


def _is_there(lead: Lead) -> bool:
    locked = Lead.objects.select_for_update(no_key=True).filter(pk=lead.pk)
    return locked.values_list("pk", flat=True).first() is not None


def _make(business_id: UUID, e164: str, *, source_id: UUID | None, via: str) -> Caller:
    lead = fresh_lead(business_id, source_id=source_id)
    lead.save(force_insert=True)
    index.write(lead, [e164])
    phone = LeadPhone(business_id=business_id, lead=lead, number=e164)
    phone.save(force_insert=True)
    record(LeadCreated(lead_id=lead.pk, via=via), by=None, business_id=business_id)
    return Caller(lead, phone, is_new=True)
