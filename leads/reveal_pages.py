"""The pages on which somebody looks: a reason is asked, then the value is shown for half a minute.

They work as pages of their own and as fragments in the place of the eye. Whose notes, calls and texts can be asked for
is decided by the views, from `visible_to`; what is returned and written down by `leads.reveals`.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from leads import reveals
from leads.models import Lead, Note


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.REVEAL)
def reveal(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What is sealed in a person: name, numbers, e-mail, notes."""
    lead = get_object_or_404(Lead.objects.visible_to(request.member).for_list(), pk=pk)
    fields = (request.POST if request.method == "POST" else request.GET).getlist("fields")
    back = reverse("lead", args=[request.business.slug, pk])
    return answer(
        request, lambda why: reveals.reveal(lead, fields, why, by=request.member), back=back, fields=fields
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.REVEAL)
def reveal_note(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One note about a person, as it was written."""
    mine = Note.objects.filter(lead__in=Lead.objects.visible_to(request.member)).select_related("lead")
    note = get_object_or_404(mine, pk=pk)
    back = reverse("lead", args=[request.business.slug, note.lead_id])
    return answer(request, lambda why: reveals.reveal_note(note, why, by=request.member), back=back)


def answer(
    request: MemberRequest,
    look: Callable[[str], reveals.Revealed],
    *,
    back: str,
    fields: list[str] | None = None,
) -> HttpResponse:
    """Ask for the reason, or look with the one that was given. `back` is where a page of its own returns to."""
    context: dict[str, Any] = {"back": back, "fields": fields or [], "reasons": reveals.Reason.choices}
    if request.method == "POST":
        shown = look(request.POST.get("reason", ""))
        context |= {"revealed": shown, "seconds": int(reveals.SHOWN_FOR.total_seconds())}
    return render(request, _template(request), context)


def _template(request: MemberRequest) -> str:
    if "HX-Request" not in request.headers:
        return "leads/reveal.html"
    return "leads/_revealed.html" if request.method == "POST" else "leads/_reveal_form.html"
