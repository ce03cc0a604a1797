"""Changing many calls of the list at once, and taking it back. With scripts the list stays, else it comes anew."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from accounts.doors import MemberRequest, needs
from accounts.models import Member
from accounts.permissions import Permission
from callcrm.errors import Invalid
from callcrm.lib import times
from callcrm.lib.ids import uuid7
from telephony.bulk import changes, debts, forms, people
from telephony.bulk.forms import BulkForm
from telephony.callbacks import settling
from telephony.listing import telling
from telephony.models import BulkChange, Call, Reason

What = BulkChange.What
DEBTS = (What.CLOSE, What.ASSIGN)
NONE_CHOSEN = "Nothing was done: no call was chosen. Tick the boxes of some calls first."
NOTHING_OWED: dict[str, str] = {
    What.CLOSE: "No call back was owed for these calls.",
    What.ASSIGN: "Nothing to give: no call back is owed for these calls, or who was chosen has them already.",
}
# Why something is not put back, for whoever undoes the older of two changes of his own as well.
_WHY: dict[str, str] = {
    What.OUTCOME: "the outcome was changed again since.",
    What.TAG: "the tags were changed again since.",
    What.UNTAG: "the tags were changed again since.",
    What.CLOSE: "opened by somebody since, or the person was reached.",
    What.ASSIGN: "closed or given to somebody else since.",
    What.SPAM: "moved on by somebody since, or gone.",
}


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def change(request: MemberRequest) -> HttpResponse:
    """Change the calls that were chosen; the toast can undo it."""
    pks, (what, value) = chosen(request), forms.wish(request.POST)
    if not pks and "HX-Request" not in request.headers:
        return lead_back(request)
    asked = BulkForm(request.POST)
    if not asked.is_sound(by=request.member):
        return _refused(request, asked) if "HX-Request" in request.headers else _listed(request, asked, pks)
    words, key = forms.words(request.POST), request.POST.get("key", "")
    made = changes.change(pks, what, value, words, key=key, by=request.member)
    text = _said(made, len(pks), request.member) + _said_of_nobody(made, pks, request.member)
    if not made.can_be_undone:
        return _answer(request, text)
    until = times.clock(made.ends_at.astimezone(request.business.tz))
    answer = _answer(request, f"{text} Undo until {until}.", undo=_reversals(request, made))
    return telling.look_again(answer) if made.what == What.SPAM else answer


def _refused(request: MemberRequest, asked: BulkForm) -> HttpResponse:
    """Show the fields again, in their place, with what is wrong at the one that it is about."""
    around = {"bulk": form(request) | {"form": asked}}
    response = render(request, "telephony/_bulk_fields.html", around, status=422)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#bulk-fields", "outerHTML"
    return response


def _listed(request: MemberRequest, asked: BulkForm, pks: list[UUID]) -> HttpResponse:
    """Show the list as it was, with the same calls chosen and what is wrong at its field."""
    from telephony.pages import list_of  # the list imports this module

    request.GET = _back(request)  # type: ignore[assignment]  # a copy is a QueryDict too
    return list_of(request, chosen=pks, refused=asked)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def undo(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a change back."""
    made = get_object_or_404(BulkChange.objects.visible_to(request.member), pk=pk)
    undone = changes.undo(made, by=request.member)
    text = f"Undone for {undone.restored} {_things(made, undone.restored)}."
    text += _undone_too(made)
    if undone.left:
        text += f" {undone.left} {pluralize(undone.left, 'stays,stay')} as now: {_WHY[made.what]}"
    answer = _answer(request, text)
    return telling.look_again(answer) if made.what == What.SPAM else answer


def _undone_too(made: BulkChange) -> str:
    if made.what == What.SPAM and made.value not in ("", "0"):
        return " What was closed with it is open again, unless somebody was reached meanwhile."
    as_spam = made.what == What.CLOSE and made.value == Reason.SPAM
    return " Their people are no longer marked as spam." if as_spam else ""


def form(request: MemberRequest) -> dict[str, Any]:
    """Return what the form below the list shows."""
    return {
        "reasons": Reason.choices,
        "colleagues": settling.colleagues(request.member).order_by("created_at", "pk"),
        "form": BulkForm(),
        "key": uuid7(),
        "back": request.GET.urlencode(),
    }


def undoable(request: MemberRequest) -> dict[str, Any] | None:
    """Return what the list offers to undo, for who has left the page or let its message go."""
    made = changes.undoable(request.member) if request.member.can(Permission.EDIT_CUSTOMERS) else None
    if made is None:
        return None
    text = _said(made, len(made.before), request.member)
    left = int((made.ends_at - now()).total_seconds())
    return {"text": text, "address": _reversals(request, made), "until": made.ends_at, "left": left}


def _reversals(request: MemberRequest, made: BulkChange) -> str:
    return reverse("call-change-reversals", args=[request.business.slug, made.pk])


def chosen(request: MemberRequest) -> list[UUID]:
    """Return the ids of the boxes that were ticked. Raises Invalid for what is none."""
    try:
        return sorted({UUID(text) for text in request.POST.getlist("call")})
    except ValueError:
        raise Invalid(fields={"call": ["This is no id."]}) from None


def lead_back(request: MemberRequest, why: str = NONE_CHOSEN) -> HttpResponse:
    """Lead back to the list and say why nothing was done: a bare refusal would lead nowhere."""
    messages.error(request, why)
    return _list(request)


def _said(made: BulkChange, asked: int, by: Member) -> str:
    """Name what was done, to how many, and how many had no need of it."""
    count, value = len(made.before), made.value
    things = f"{count} {_things(made, count)}"
    if made.what in DEBTS:
        return _said_of_debts(made, things, by) if count else NOTHING_OWED[made.what]
    if made.what == What.SPAM:
        return f"{things} marked as spam.{_closed_too(made)}" if count else "Nobody was marked."
    others = f" {asked - count} {pluralize(asked - count, 'stays,stay')} as before." if asked > count else ""
    did = {
        What.OUTCOME: f"Outcome “{value}” set on {things}.",
        What.TAG: f"Tag “{value}” added to {things}.",
        What.UNTAG: f"Tag “{value}” removed from {things}.",
    }
    return did[What(made.what)] + others


def _said_of_debts(made: BulkChange, things: str, by: Member) -> str:
    if made.what == What.CLOSE:
        too = " Their people are marked as spam." if made.value == Reason.SPAM else ""
        return f"{things} closed: {Reason(made.value).label.lower()}.{too}"
    if made.value == debts.NOBODY:
        return f"{things} left to anybody."
    member = Member.objects.select_related("user").get(business_id=by.business_id, pk=made.value)
    away = member.pk != by.pk and not by.can(Permission.VIEW_ALL_COMMUNICATIONS)
    return f"{things} given to {member.name}." + (" You see them no longer." if away else "")


def _closed_too(made: BulkChange) -> str:
    count = int(made.value or 0)  # one that was made before it was counted says nothing
    return f" {count} callback{pluralize(count)} closed with it." if count else ""


def _said_of_nobody(made: BulkChange, pks: Collection[UUID], by: Member) -> str:
    """Say of which calls nobody could be marked, and how many people had no need of it."""
    if made.what != What.SPAM:
        return ""
    named = people.count(Call.objects.visible_to(by).filter(pk__in=pks))
    told = (
        (named.people - len(made.before), "was spam before", "were spam before"),
        (named.withheld, "call withheld its number", "calls withheld their number"),
        (named.nobodys, "call has no person", "calls have no person"),
    )
    return "".join(f" {count} {one if count == 1 else more}." for count, one, more in told if count > 0)


def _things(made: BulkChange, count: int) -> str:
    if made.what == What.SPAM:
        return pluralize(count, "person,people")
    return ("callback" if made.what in DEBTS else "call") + pluralize(count)


def _answer(request: MemberRequest, text: str, undo: str = "") -> HttpResponse:
    if "HX-Request" in request.headers:
        return telling.recount(toast(request, text, undo=undo))
    messages.success(request, text, extra_tags=undo)
    return _list(request)


def toast(request: MemberRequest, text: str, *, undo: str = "", link: str = "") -> HttpResponse:
    """Say what was done, for scripts: with a way back or to what was made, and a fresh key for the next wish."""
    said = {"text": text, "undo": undo, "link": link}
    around = {"bulk": form(request), "undoable": undoable(request), "swapped": True}
    return render(request, "telephony/_bulk_done.html", said | around)


def _back(request: MemberRequest) -> QueryDict:
    return QueryDict(request.POST.get("back", "")[:2000])


def _list(request: MemberRequest) -> HttpResponse:
    """Lead back to the list as it was, with its filters."""
    back = _back(request).urlencode()
    address = reverse("calls", args=[request.business.slug])
    return redirect(f"{address}?{back}" if back else address)
