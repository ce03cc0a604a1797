"""The pages on which the note of a call and a text are read whole. How it is asked and shown: `leads.reveal_pages`."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from leads import reveal_pages
from telephony import reveals
from telephony.models import Call, Message


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.REVEAL)
def reveal_note(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The note of a call, whole."""
    call = get_object_or_404(Call.objects.visible_to(request.member).select_related("lead"), pk=pk)
    back = reverse("call", args=[request.business.slug, pk])
    return reveal_pages.answer(
        request, lambda why: reveals.reveal_note(call, why, by=request.member), back=back
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.REVEAL)
def reveal_body(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One text, whole."""
    message = get_object_or_404(Message.objects.visible_to(request.member).select_related("lead"), pk=pk)
    back = reverse("messages", args=[request.business.slug])
    return reveal_pages.answer(
        request, lambda why: reveals.reveal_body(message, why, by=request.member), back=back
    )
