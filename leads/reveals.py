"""Somebody looks: the one way from a mask to the plain value.

A reveal names a reason, is counted against the member's budget, and is written down in the same transaction: without
its entry the value is not returned. There is no reveal of several people at once. Free texts are shown without numbers
and names; `reveal_text` shows one whole, for notes here and for calls and texts in `telephony.reveals`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import models, transaction
from django.utils import timezone

from accounts import limits
from accounts.doors import check
from accounts.models import Member
from accounts.permissions import Permission
from audit.events import Event
from audit.recording import record
from callcrm.errors import Invalid
from callcrm.lib.crypto.fields import Sealed
from leads.events import LeadRevealed
from leads.models import Lead, Note

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
    _look(LeadRevealed(lead_id=lead.pk, fields=wanted, reason=why), by=by)
    return Revealed({field: _plain(lead, field) for field in wanted}, timezone.now() + SHOWN_FOR)


def reveal_note(note: Note, reason: str, *, by: Member) -> Revealed:
    """Return one note as it was written. Raises like `reveal`."""
    return reveal_text(
        note.body, lambda why: LeadRevealed(lead_id=note.lead_id, fields=["note"], reason=why), reason, by=by
    )


@transaction.atomic
def reveal_text(text: Sealed | None, told: Callable[[str], Event], reason: str, *, by: Member) -> Revealed:
    """Return one sealed text whole; `told` makes of the reason what the history keeps. Raises like `reveal`."""
    _look(told(_reason(reason)), by=by)
    return Revealed({"text": text.reveal() if text is not None else None}, timezone.now() + SHOWN_FOR)


def _look(event: Event, *, by: Member) -> None:
    check(by, Permission.REVEAL, writes=True)
    limits.hit(limits.REVEALS, str(by.pk))
    record(event, by=by, business_id=by.business_id)


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
