"""Somebody looks: the one way from a mask to the plain value.

A reveal names a reason, is counted against the member's budget, and is written down in the same transaction: without
its entry the value is not returned. There is no reveal of several people at once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import models, transaction
from django.utils import timezone

from accounts import limits
from accounts.doors import check
from accounts.models import Member
from accounts.permissions import Permission
from audit.recording import record
from callcrm.errors import Invalid
from leads.events import LeadRevealed
from leads.models import Lead

SHOWN_FOR = timedelta(seconds=30)


class Reason(models.TextChoices):
    """Why somebody looks."""

    CALL_BACK = "call_back", "To call back"
    VERIFY = "verify", "To check who it is"
    COMPLAINT = "complaint", "Complaint"
    LEGAL = "legal", "Legal request"
    OTHER = "other", "Other"


class Field(StrEnum):
    """What can be looked at."""

    NAME = "name"
    PHONES = "phones"
    EMAIL = "email"
    NOTES = "notes"


@dataclass(frozen=True, slots=True, repr=False)
class Revealed:
    """Plain values, to be shown until `expires_at` and kept nowhere."""

    fields: dict[str, str | list[str] | None]
    expires_at: datetime


@transaction.atomic
def reveal(lead: Lead, fields: Collection[str], reason: str, *, by: Member) -> Revealed:
    """Return the plain values of a lead's fields.

    Raises Invalid naming a field or reason that does not exist, Denied for a member without the right, TooMany when
    his budget of reveals is used up.
    """
    wanted, why = _wanted(fields), _reason(reason)
    check(by, Permission.REVEAL, writes=True)
    limits.hit(limits.REVEALS, str(by.pk))
    record(LeadRevealed(lead_id=lead.pk, fields=wanted, reason=why), by=by, business_id=lead.business_id)
    return Revealed({field: _plain(lead, field) for field in wanted}, timezone.now() + SHOWN_FOR)


def _wanted(fields: Collection[str]) -> list[str]:
    known = [field.value for field in Field if field.value in fields]
    if not known or len(known) != len(set(fields)):
        raise Invalid(fields={"fields": [f"Choose from {', '.join(Field)}."]})
    return known


def _reason(reason: str) -> str:
    if reason not in Reason.values:
        raise Invalid(fields={"reason": [f"Give a reason: {', '.join(Reason.values)}."]})
    return reason


def _plain(lead: Lead, field: str) -> str | list[str] | None:
    if field == Field.PHONES:
        return [phone.number.reveal() for phone in lead.phones.all()]
    sealed = getattr(lead, field)
    return sealed.reveal() if sealed is not None else None
