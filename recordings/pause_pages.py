"""Pausing what is recorded of a call that goes on. Its buttons: in the strip of live calls, on the call's page."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from recordings import pauses
from recordings.models import RecordingPause
from telephony.models import Call


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def pause(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let nothing more be recorded of a call."""
    return _done(request, pk, pauses.pause)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def resume(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let the call be recorded again."""
    return _done(request, pk, pauses.resume)


def _done(request: MemberRequest, pk: UUID, act: Callable[..., RecordingPause]) -> HttpResponse:
    """With scripts the feed changes the page, which stays where it is; without them its call says how it is."""
    call = get_object_or_404(Call.objects.visible_to(request.member), pk=pk)
    act(call, by=request.member)
    if "HX-Request" in request.headers:
        return HttpResponse(status=204)
    return redirect("call", request.business.slug, call.pk)
