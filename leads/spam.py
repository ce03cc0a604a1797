"""Saying that somebody is spam, and taking it back. Call flows turn away by this status (`telephony/progress.py`)."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from audit.models import Entry
from audit.recording import record_all
from leads import editing
from leads.events import LeadStatusChanged
from leads.models import Lead, LeadQuerySet


@transaction.atomic
def mark(lead: Lead, *, by: Member) -> Lead:
    """Let the next call of this lead be turned away, where the flow does so. Raises NotFound for one that has gone."""
    return editing.update(lead, {"status": Lead.Status.SPAM}, by=by)


@transaction.atomic
def release(lead: Lead, *, by: Member) -> Lead:
    """Put a lead back to where it stood before it was marked. One that is no spam stays where it is."""
    lead = editing.held(lead)
    if lead.status == Lead.Status.SPAM:
        editing.set_status(lead, _stood_before([lead.pk], by)[lead.pk], by=by)
    return lead


@transaction.atomic
def mark_all(people: Collection[UUID], *, by: Member) -> dict[UUID, str]:
    """Mark many likewise, in a few queries. Returns where those stood who were not marked before."""
    others = Lead.objects.visible_to(by).exclude(status=Lead.Status.SPAM)
    before = {lead.pk: lead.status for lead in _held(others, people)}
    _move(before, dict.fromkeys(before, Lead.Status.SPAM.value), by)
    return before


@transaction.atomic
def put_back(before: Mapping[UUID, str], *, by: Member) -> dict[UUID, str]:
    """Put people back to where they stood, unless they were moved on since. Returns where those stand by now."""
    marked = Lead.objects.visible_to(by).filter(status=Lead.Status.SPAM)
    after = {lead.pk: before[lead.pk] for lead in _held(marked, before)}
    _move(dict.fromkeys(after, Lead.Status.SPAM.value), after, by)
    return after


@transaction.atomic
def release_all(people: Collection[UUID], *, by: Member) -> None:
    """Put those of them who are spam back to where they stood before they were marked."""
    put_back(_stood_before(people, by), by=by)


def _stood_before(people: Collection[UUID], by: Member) -> dict[UUID, str]:
    """Return where each stood before he was marked. The history knows; who was spam from his beginning is new."""
    marks = Entry.objects.about(by.business_id, *people).filter(
        name="lead.status_changed", data__after=Lead.Status.SPAM.value
    )
    last = marks.order_by("subject_id", "-at", "-id").distinct("subject_id")
    known = {one.subject_id: one.data.get("before") for one in last}
    found = {pk: known.get(pk) for pk in people}
    return {pk: was if was in Lead.Status.values else Lead.Status.NEW.value for pk, was in found.items()}


def _held(leads: LeadQuerySet, people: Collection[UUID]) -> list[Lead]:
    """Lock them by id, so that two who mark some of the same never wait for each other.

    New calls that name them are let through, as by `ledger.lock`, which may have locked them before.
    """
    return list(leads.filter(pk__in=list(people)).select_for_update(no_key=True).order_by("pk"))


def _move(before: Mapping[UUID, str], after: Mapping[UUID, str], by: Member) -> None:
    for status in set(after.values()):
        there = [pk for pk in after if after[pk] == status]
        Lead.objects.filter(business_id=by.business_id, pk__in=there).update(status=status)
    events = (LeadStatusChanged(lead_id=pk, before=before[pk], after=after[pk]) for pk in after)
    record_all(events, by=by, business_id=by.business_id)
    editing.followed({pk: (before[pk], after[pk]) for pk in after}, by=by)
