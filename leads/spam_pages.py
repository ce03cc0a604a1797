"""The buttons "Mark as spam" and "Unmark as spam", on the page of a lead. Those on a call's page: `telephony.pages`."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from accounts.doors import MemberRequest, needs
from accounts.models import Member
from accounts.permissions import Permission
from callcrm.lib import toasts
from leads import spam
from leads.models import Lead
from leads.pages import back

MARKED = "Marked as spam."
FROM_NOW_ON = "Call flows that turn spam away do so from the next call on."
RELEASED = "No longer marked as spam."


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def mark(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Mark a lead as spam; the toast takes it back."""
    toasts.undoable(request, marked(_lead(request, pk), by=request.member), "lead-spam-releases", pk)
    return back(request, pk)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def release(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take the mark back; the toast sets it again."""
    toasts.undoable(request, released(_lead(request, pk), by=request.member), "lead-spam-marks", pk)
    return back(request, pk)


def marked(lead: Lead, *, by: Member) -> str:
    """Mark somebody and say what came of it."""
    return " ".join(filter(None, [MARKED, spam.mark(lead, by=by).aside, FROM_NOW_ON]))


def released(lead: Lead, *, by: Member) -> str:
    """Take the mark back and say what came of it."""
    return f"{RELEASED} {spam.release(lead, by=by).aside}".strip()


def _lead(request: MemberRequest, pk: UUID) -> Lead:
    return get_object_or_404(Lead.objects.visible_to(request.member), pk=pk)
