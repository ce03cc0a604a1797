"""Changing many calls of the list at once, and taking it back. With scripts the list stays, else it comes anew."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.errors import Invalid
from callcrm.lib.ids import uuid7
from telephony import bulk
from telephony.models import BulkChange, Reason

What = BulkChange.What


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def change(request: MemberRequest) -> HttpResponse:
    """Change the calls that were chosen; the toast can undo it."""
    pks, (what, value) = _chosen(request), _wish(request.POST)
    made = bulk.change(pks, what, value, key=request.POST.get("key", ""), by=request.member)
    address = reverse("call-change-reversals", args=[request.business.slug, made.pk])
    return _answer(request, _said(made, len(pks)), undo=address if made.can_be_undone else "")


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def undo(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a change back."""
    made = get_object_or_404(BulkChange.objects.visible_to(request.member), pk=pk)
    undone = bulk.undo(made, by=request.member)
    text = f"{undone.restored} {_things(made, undone.restored)} as before."
    if undone.left:
        text += f" {undone.left} changed meanwhile and {pluralize(undone.left, 'stays,stay')} so."
    return _answer(request, text)


def form(request: MemberRequest) -> dict[str, Any]:
    """Return what the form below the list shows."""
    return {"reasons": Reason.choices, "key": uuid7(), "back": request.GET.urlencode()}


def _chosen(request: MemberRequest) -> list[UUID]:
    try:
        chosen = {UUID(text) for text in request.POST.getlist("call")}
    except ValueError:
        raise Invalid(fields={"call": ["This is no id."]}) from None
    return sorted(chosen)


def _wish(sent: QueryDict) -> tuple[str, str]:
    """Return what is to be done. Who presses Enter in a field means that field, if no other one is filled."""
    outcome, tag = sent.get("outcome", "").strip(), sent.get("tag", "").strip()
    what = sent.get("what", "")
    if not what and bool(outcome) != bool(tag):
        what = What.OUTCOME if outcome else What.TAG
    values = {What.OUTCOME: outcome, What.TAG: tag, What.UNTAG: tag, What.CLOSE: sent.get("reason", "")}
    return what, {str(name): value for name, value in values.items()}.get(what, "")


def _said(made: BulkChange, asked: int) -> str:
    count = len(made.before)
    if made.what == What.CLOSE:
        return (
            f"{count} {_things(made, count)} closed." if count else "No call back was owed for these calls."
        )
    did = {What.TAG: "tagged", What.UNTAG: "untagged"}.get(made.what, "changed")  # type: ignore[call-overload]
    others = f" {asked - count} stay as they are." if asked > count else ""
    return f"{count} {_things(made, count)} {did}.{others}"


def _things(made: BulkChange, count: int) -> str:
    return ("callback" if made.what == What.CLOSE else "call") + pluralize(count)


def _answer(request: MemberRequest, text: str, undo: str = "") -> HttpResponse:
    if "HX-Request" in request.headers:
        context = {"text": text, "undo": undo, "bulk": form(request)}
        return render(request, "telephony/_bulk_done.html", context)
    messages.success(request, text, extra_tags=undo)
    back = QueryDict(request.POST.get("back", "")[:2000]).urlencode()
    address = reverse("calls", args=[request.business.slug])
    return redirect(f"{address}?{back}" if back else address)
