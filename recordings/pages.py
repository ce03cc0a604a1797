"""What people do with recordings. They are shown on the page of their call."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from recordings import retries
from recordings.models import Recording


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def retry(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask for a recording again."""
    recording = get_object_or_404(Recording.objects.visible_to(request.member), pk=pk)
    retries.retry(recording, by=request.member)
    if "HX-Request" in request.headers:
        return HttpResponse(status=204)  # the feed changes the page, which stays where it is
    messages.success(request, "The recording is asked for again.")
    return redirect("call", request.business.slug, recording.call_id)
