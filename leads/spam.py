"""Saying that somebody is spam, and taking it back. Call flows turn away by this status (`telephony/progress.py`)."""

from django.db import transaction

from accounts.models import Member
from audit.models import Entry
from leads import editing
from leads.models import Lead


@transaction.atomic
def mark(lead: Lead, *, by: Member) -> Lead:
    """Let the next call of this lead be turned away, where the flow does so. Raises NotFound for one that has gone."""
    return editing.update(lead, {"status": Lead.Status.SPAM}, by=by)


@transaction.atomic
def release(lead: Lead, *, by: Member) -> Lead:
    """Put a lead back to where it stood before it was marked. One that is no spam stays where it is."""
    lead = editing.held(lead)
    if lead.status == Lead.Status.SPAM:
        editing.set_status(lead, _before(lead), by=by)
    return lead


def _before(lead: Lead) -> str:
    """The history knows; a lead that was spam from its beginning is new."""
    marks = Entry.objects.about(lead.business_id, lead.pk).filter(
        name="lead.status_changed", data__after=Lead.Status.SPAM.value
    )
    last = marks.first()
    before = last.data.get("before") if last else None
    return before if before in Lead.Status.values else Lead.Status.NEW.value
