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
        "colleagues": settling.colleagues(request.member).order_by("created_at", "pk"),
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
    """Take one on, let it go, or give it to a colleague. The toast gives it back to whose it was."""

    def do(debt: Callback) -> tuple[str, str]:
        to = before(debt, request)
        undo = _undo(request, "callback-assignments", pk, to=to) if to else ""
        return assigned(debt, request), undo

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


def before(callback: Callback, request: MemberRequest) -> str:
    """Return to whom "Undo" would give it back; nothing where a button beside the row does as much, or it is "Undo"."""
    to, had = wished(request), callback.assigned_to_id
    if _is_undo(request) or to == "nobody" or (to == "me" and had in (None, request.member.pk)):
        return ""
    return "me" if had == request.member.pk else str(had or "nobody")


def assigned(callback: Callback, request: MemberRequest) -> str:
    """Let `me` call back, or `nobody`, or a colleague by id, as the form or "Undo" says; and say so.

    Raises Invalid for others, Conflict when it is closed, or given back and somebody else's by now.
    """
    to, by = wished(request), request.member
    member = by if to == "me" else None if to == "nobody" else settling.colleague(to, by=by)
    give = settling.hand_back if member is None or _is_undo(request) else settling.assign
    give(callback, member, by=by)
    if member is None:
        return "Anybody may take it now."
    return "You took this callback." if member == by else f"{member.name} calls back."


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
    found = _found(request, pk)
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


def _found(request: MemberRequest, pk: UUID) -> Callback | None:
    """Return the callback, where he may know of it, or takes back that he has given it away."""
    found = Callback.objects.visible_to(request.member).filter(pk=pk).first()
    if found or not _is_undo(request):
        return found
    away = Callback.objects.filter(business=request.business, pk=pk).first()
    return away if away and settling.was_given_by(away, request.member) else None


def _is_undo(request: MemberRequest) -> bool:
    return "to" in request.GET and "to" not in request.POST


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
