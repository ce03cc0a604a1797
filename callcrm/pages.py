"""Pages that compose what several apps know: a lead with his calls and texts, and the overview. They own no model."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from audit.models import Entry
from audit.pages import name_actors
from callcrm.lib import times
from leads.forms import NoteForm, StatusForm
from leads.models import Lead, Note
from telephony import figures, practice
from telephony.models import Call, Message
from telephony.pages import going_on

SHOWN = 50  # of each kind on a lead's timeline; older ones are behind the lists
OF_INTEREST = ("lead.created", "lead.status_changed", "lead.assigned", "lead.revealed", "lead.changed")


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline: `kind` says what `of` is."""

    kind: str
    at: datetime
    of: Any
    text: str = ""


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def lead(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A person: masked, with everything that happened between him and the business."""
    found = get_object_or_404(Lead.objects.visible_to(request.member).for_list(), pk=pk)
    context = {
        "lead": found,
        "phones": list(found.phones.all()),
        "timeline": sorted(_timeline(request, found), key=lambda moment: moment.at, reverse=True)[
            : 2 * SHOWN
        ],
        "note_form": NoteForm(),
        "status_form": StatusForm(
            business=request.business, initial={"status": found.status, "assigned_to": found.assigned_to_id}
        ),
    }
    return render(request, "leads/lead.html", context)


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def overview(request: MemberRequest) -> HttpResponse:
    """How today goes against yesterday at this hour, and which source brings calls."""
    visible = Call.objects.visible_to(request.member)
    midnight = times.midnight(request.business.tz)
    day = timedelta(days=1)
    context = {
        "today": figures.compare(visible, midnight, now(), midnight - day, now() - day),
        "month": figures.month(visible, request.business.tz),
        "live": going_on(visible),
        "recent": list(visible.for_list().order_by("-started_at", "-id")[:8]),
        "practice": practice.offered(request.member),
    }
    return render(request, "overview.html", context)


def _timeline(request: MemberRequest, found: Lead) -> Iterator[Moment]:
    return chain(_calls(request, found), _messages(request, found), _notes(found), _entries(request, found))


def _calls(request: MemberRequest, found: Lead) -> Iterator[Moment]:
    calls = (
        Call.objects.visible_to(request.member).for_list().filter(lead=found).prefetch_related("recordings")
    )
    return (Moment("call", call.started_at, call) for call in calls.order_by("-started_at")[:SHOWN])


def _messages(request: MemberRequest, found: Lead) -> Iterator[Moment]:
    messages = Message.objects.visible_to(request.member).filter(lead=found).select_related("lead", "number")
    for message in messages.order_by("-created_at")[:SHOWN]:
        yield Moment("text", message.created_at, message, message.shown_body or "")


def _notes(found: Lead) -> Iterator[Moment]:
    """A note is read by everybody who works with the person, without the digits and addresses that stand in it."""
    notes = Note.objects.filter(business_id=found.business_id, lead=found).select_related(
        "lead", "author__user"
    )
    for note in notes.order_by("-id")[:SHOWN]:
        yield Moment("note", note.created_at, note, note.shown_body)


def _entries(request: MemberRequest, found: Lead) -> Iterator[Moment]:
    entries = list(Entry.objects.about(request.business.pk, found.pk).filter(name__in=OF_INTEREST)[:SHOWN])
    name_actors(entries)
    return (Moment("entry", entry.at, entry) for entry in entries)
