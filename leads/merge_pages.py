"""Merging two cards of one person: find the other one, see what would become of both, and confirm.

What is typed to find somebody goes by POST and stands in no address, as in the list (`leads.pages.leads`). The card in
the address is the one that stays; the preview leads to the same merge the other way round.
"""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.errors import Invalid
from callcrm.lib import ui
from leads import merging, search, search_box
from leads.models import Lead

MOST_SHOWN = 20
LABELS = {
    "name": "Name",
    "email": "E-mail",
    "status": "Status",
    "assigned_to": "Assigned to",
    "source": "Source",
    "value": "Expected value",
}


@dataclass(frozen=True, slots=True)
class Single:
    """A field of which one value stays: what either card shows for it, and whether there is a choice."""

    field: str
    label: str
    kept: str
    gone: str
    stays: str

    @property
    def asks(self) -> bool:
        return bool(self.kept and self.gone) and (self.kept != self.gone or self.kind != "")

    @property
    def kind(self) -> str:
        """What is masked; two masks may look alike."""
        return self.field if self.field in ("name", "email") else ""


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.EDIT_CUSTOMERS)
def merges(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Find the other card; with `with`, preview the merge; posted, do it."""
    if request.method == "POST":
        return _merge(request, pk)
    kept = _lead(request, pk)
    other = request.GET.get("with", "")
    return _preview(request, kept, _lead(request, _uuid(other))) if other else _finder(request, kept)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def merge_searches(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep what was typed and lead to the hits, by an address that says nothing of it."""
    here = reverse("lead-merges", args=[request.business.slug, _lead(request, pk).pk])
    found = search_box.keep(request)
    return redirect(f"{here}?search={found}" if found else here)


def _finder(request: MemberRequest, kept: Lead) -> HttpResponse:
    box, hits = search_box.of(request), []
    if box.text:
        others = Lead.objects.visible_to(request.member).exclude(pk=kept.pk)
        hits = search.search(request.member, request.business, box.text, size=MOST_SHOWN, within=others).leads
    here = reverse("lead-merge-searches", args=[request.business.slug, kept.pk])
    context = {"lead": kept, "hits": hits, "box": box, "here": here}
    return render(request, "leads/merge_search.html", context)


def _preview(request: MemberRequest, kept: Lead, gone: Lead) -> HttpResponse:
    if kept.pk == gone.pk:
        raise Invalid(fields={"with": ["Choose another lead: this is the same one."]})
    context = {
        "lead": kept,
        "other": gone,
        "singles": [_single(kept, gone, field) for field in merging.FIELDS],
        "counts": merging.counts(gone, request.member),
        "sees_all": request.member.can(Permission.VIEW_ALL_COMMUNICATIONS),
        "problems": merging.obstacles(kept, gone),
    }
    return render(request, "leads/merge.html", context)


def _merge(request: MemberRequest, pk: UUID) -> HttpResponse:
    kept, gone_id = _lead(request, pk), _uuid(request.POST.get("with", ""))
    done = merging.kept_of(request.business.pk, gone_id)
    if done is None or done.kept_id != pk:  # else the button was pressed twice
        choices = {field: request.POST[field] for field in merging.FIELDS if field in request.POST}
        merged = merging.merge(kept, _lead(request, gone_id), choices, by=request.member)
        messages.success(request, f"Merged. {merged.aside}".strip())
    return redirect("lead", request.business.slug, pk)


def _single(kept: Lead, gone: Lead, field: str) -> Single:
    side = merging.stays(kept, gone, {}, field)
    return Single(field, LABELS[field], _shown(kept, field), _shown(gone, field), side)


def _shown(lead: Lead, field: str) -> str:
    value = getattr(lead, field)
    match field:
        case "name" | "email":
            return value.masked if value is not None else ""
        case "status":
            return str(lead.get_status_display())
        case "value":
            return ui.money(value)
    return str(value or "")


def _lead(request: MemberRequest, pk: UUID) -> Lead:
    return get_object_or_404(Lead.objects.visible_to(request.member).for_list(), pk=pk)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(fields={"with": ["This is no id."]}) from None
