"""The pages of callbacks: who is owed one, in the order to call them back, and what members do about it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from accounts.doors import MemberRequest, needs
from accounts.models import Member
from accounts.permissions import Permission
from callcrm.errors import Conflict, Invalid, NotFound
from callcrm.lib import times
from callcrm.lib.paging import Page, page
from leads.spam_pages import RELEASED
from telephony import figures
from telephony.callbacks import attempts, proofs, settling
from telephony.callbacks import figures as callback_figures
from telephony.callbacks.ranking import ranked
from telephony.models import Call, Callback, Reason

PAGE_SIZE = 25
VIEWS = ("", "mine", "closed")
# One word for both: whoever may not know of it learns no more than that.
GONE = "Nothing was changed: a colleague calls back by now, or the callback is gone."


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def callback_list(request: MemberRequest) -> HttpResponse:
    """Who is owed a call back, the most pressing first; or what was closed, the latest first."""
    visible, found = Callback.objects.visible_to(request.member), _page(request)
    if request.GET.get("cursor") and not found.rows:  # all that stood on this page is done
        return redirect(_address(request, view=request.GET.get("view", "")))
    month = times.midnight(request.business.tz, figures.DAYS_SHOWN - 1)
    context = {
        "page": found,
        "view": request.GET.get("view", ""),
        "in_place": True,  # what is done changes the rows, and the page stays
        "oldest": callback_figures.oldest(visible),
        "recovery": callback_figures.recovery(visible, Call.objects.visible_to(request.member), month),
        "reasons": Reason.choices,
    }
    return render(request, "telephony/callbacks.html", context)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def close(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Close one with a reason; the toast can undo it."""
    undo = _undo(request, "callback-reopenings", pk)
    return _answer(request, pk, lambda debt: (closed(debt, request), undo))


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def reopen(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Undo a closing."""
    return _answer(request, pk, lambda debt: (reopened(debt, by=request.member), ""), stays=True)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def assign(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take one on, or let it go. The toast gives a colleague back what one has taken from him."""

    def do(debt: Callback) -> tuple[str, str]:
        to = wished(request)
        colleague = taken_from(debt, to, by=request.member)
        undo = _undo(request, "callback-assignments", pk, to=colleague) if colleague else ""
        return assigned(debt, to, by=request.member), undo

    return _answer(request, pk, do, stays=True)


def closed(callback: Callback, request: MemberRequest) -> str:
    """Close one as a form says, and say what came of it. Raises what `settling.close` raises."""
    reason = request.POST.get("reason", "")
    settling.close(callback, reason, request.POST.get("words", ""), by=request.member)
    as_spam = reason == Reason.SPAM
    return (
        "The callback is closed, and the person is marked as spam." if as_spam else "The callback is closed."
    )


def reopened(callback: Callback, *, by: Member) -> str:
    """Undo a closing and say what came of it. Raises what `settling.reopen` raises."""
    found = settling.reopen(callback, by=by)
    is_open = "The callback is open again."
    said = is_open if found.is_open else "The person was reached meanwhile: it stays closed."
    return f"{said} {RELEASED}" if callback.reason == Reason.SPAM else said


def wished(request: MemberRequest) -> str:
    """Return who is to call back: what a button says, or the address of "Undo"."""
    return request.POST.get("to") or request.GET.get("to", "me")


def taken_from(callback: Callback, to: str, *, by: Member) -> str:
    """Return the id of the colleague from whom `me` would take it; nothing where it is nobody's."""
    other = callback.assigned_to_id if to == "me" and callback.assigned_to_id != by.pk else None
    return str(other or "")


def assigned(callback: Callback, to: str, *, by: Member) -> str:
    """Let `me` take one on, or `nobody`, or a colleague who had it, by id; and say so.

    Raises Invalid for others, Conflict when it is closed or somebody else's by now.
    """
    if to == "me":
        settling.assign(callback, by, by=by)
        return "You took this callback."
    if to == "nobody":
        settling.hand_back(callback, None, by=by)
        return "Anybody may take it now."
    colleague = settling.colleague(to, by=by)
    settling.hand_back(callback, colleague, by=by)
    return f"{colleague.name} calls back."


def _page(request: MemberRequest) -> Page[Callback]:
    view, cursor = request.GET.get("view", ""), request.GET.get("cursor", "")
    if view not in VIEWS:
        raise Invalid(fields={"view": ["Choose from mine, closed."]})
    rows: Any = Callback.objects.visible_to(request.member).for_list()
    if view == "closed":
        found = page(rows.closed(), cursor=cursor, size=PAGE_SIZE, at="closed_at")
        proofs.show(found.rows, request.member)
        return found
    rows = rows.filter(assigned_to_id=request.member.pk) if view == "mine" else rows
    found = ranked(rows.open(), cursor=cursor, size=PAGE_SIZE, at=now())
    attempts.show(found.rows)
    return found


def _answer(
    request: MemberRequest, pk: UUID, do: Callable[[Callback], tuple[str, str]], *, stays: bool = False
) -> HttpResponse:
    """Do it and say so where the button stood; who comes too late is told there. `stays`: at the desk, the person."""
    found = Callback.objects.visible_to(request.member).filter(pk=pk).first()
    try:
        if found is None:
            raise Conflict(GONE) if _is_pressed(request) else NotFound
        with transaction.atomic():
            said, undo = do(found)
    except Conflict as late:
        messages.error(request, late.message)
        return _back(request, found)
    messages.success(request, said, extra_tags=undo)
    return _back(request, found if stays else None)


def _is_pressed(request: MemberRequest) -> bool:
    return "view" in request.POST or bool(_stood(request))


def _back(request: MemberRequest, kept: Callback | None = None) -> HttpResponse:
    """Return to the view that the button stood in; at the desk, to the person who is still owed, or to the next."""
    view, called = request.POST.get("view", ""), _stood(request).get("call")
    if called:
        return redirect("call", request.business.slug, called)
    if view == "desk":
        desk = reverse("desk", args=[request.business.slug])
        return redirect(f"{desk}?lead={kept.lead_id}" if kept else desk)
    cursor = request.POST.get("cursor", "")
    return redirect(_address(request, view=view if view in VIEWS else "", cursor=cursor))


def _address(request: MemberRequest, **named: str) -> str:
    query = urlencode({name: value for name, value in named.items() if value})
    return reverse("callbacks", args=[request.business.slug]) + (f"?{query}" if query else "")


def _undo(request: MemberRequest, name: str, pk: UUID, **wish: str) -> str:
    query = urlencode(wish | _stood(request))
    return reverse(name, args=[request.business.slug, pk]) + (f"?{query}" if query else "")


def _stood(request: MemberRequest) -> dict[str, str]:
    """Return on the page of which call the button stood, if it did; for the address of "Undo" as well."""
    given = request.POST.get("call") or request.GET.get("call", "")
    try:
        return {"call": str(UUID(given))}
    except ValueError:
        return {}
