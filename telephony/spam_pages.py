"""The buttons "Mark as spam" and "Unmark as spam" on the page of a call: about its lead, and back to the call."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.errors import NotFound
from callcrm.lib import toasts
from leads.models import Lead
from leads.spam_pages import marked, released
from telephony.models import Call


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def mark(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Mark who called as spam; the toast takes it back."""
    toasts.undoable(request, marked(caller(request, pk), by=request.member), "call-spam-releases", pk)
    return redirect("call", request.business.slug, pk)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def release(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take the mark back; the toast sets it again."""
    toasts.undoable(request, released(caller(request, pk), by=request.member), "call-spam-marks", pk)
    return redirect("call", request.business.slug, pk)


def caller(request: MemberRequest, pk: UUID) -> Lead:
    """Return the person of a call. Who withheld his number is nobody who could be marked."""
    call = get_object_or_404(Call.objects.visible_to(request.member).select_related("lead"), pk=pk)
    if call.lead is None:
        raise NotFound
    lead: Lead = call.lead
    return lead
