"""What is done about a call in what is open below its row: the acts of its page and of Callbacks, by the same verbs.

An answer is the acts as they are by then and a message, and names the rows of the list that say it too. What is refused
stands where it was pressed; from a message, where the row may be closed by now, it is a message as well.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.errors import Conflict
from callcrm.lib.forms import RefusableForm
from leads.spam_pages import marked, released
from telephony import spam_pages
from telephony.callbacks import pages as callback_pages
from telephony.listing import panel_pages, telling
from telephony.models import Callback

NO_DEBT = "No call back is owed for this call, or a colleague calls back."


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def assign(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take on what is owed for this call, or let it go; the toast gives it back to whose it was."""
    debt = _debt(request, pk)
    act = _Act(request, pk, "assign", debt)
    if to := callback_pages.before(debt, request):
        act.undo = reverse("call-panel-assignments", args=[request.business.slug, pk]) + f"?to={to}"
    return act.answer(lambda: callback_pages.assigned(debt, request))


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def close(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Close it with a reason; the toast can undo it."""
    debt = _debt(request, pk)
    act = _Act(request, pk, "close", debt, undo="call-panel-reopenings")
    return act.answer(lambda: callback_pages.closed(debt, request))


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def reopen(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Undo a closing."""
    debt = _debt(request, pk)
    act = _Act(request, pk, "reopen", debt)
    return act.answer(lambda: callback_pages.reopened(debt, by=request.member))


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def mark(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Mark who called as spam; the toast takes it back."""
    caller = spam_pages.caller(request, pk)
    act = _Act(request, pk, "spam", undo="call-panel-spam-releases")
    return act.answer(lambda: marked(caller, by=request.member))


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def release(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take the mark back; the toast sets it again."""
    caller = spam_pages.caller(request, pk)
    act = _Act(request, pk, "spam", undo="call-panel-spam-marks")
    return act.answer(lambda: released(caller, by=request.member))


class _Act:
    """One press: what it is about, and what could take it back."""

    def __init__(
        self, request: MemberRequest, pk: UUID, did: str, debt: Callback | None = None, *, undo: str = ""
    ) -> None:
        self.request, self.pk, self.did, self.debt = request, pk, did, debt
        self.undo = reverse(undo, args=[request.business.slug, pk]) if undo else ""

    def answer(self, do: Callable[[], str]) -> HttpResponse:
        """Do it and say so, in the words that it returns; or say why not."""
        form = RefusableForm(self.request.POST)
        form.is_valid()  # it has no fields; what the verb refuses is its error
        done = do() if self.request.POST.get("from") == "toast" else form.try_to(do)
        if form.errors:
            return self._acted(status=422, refused=form.non_field_errors()[0])
        return self._acted(said=done, undo=self.undo)

    def _acted(self, status: int = 200, **words: Any) -> HttpResponse:
        context = panel_pages.acts(self.request, panel_pages.found(self.request, self.pk))
        context |= {"did": "" if words.get("refused") else self.did} | words
        answer = render(self.request, "telephony/_call_panel_acted.html", context, status=status)
        if self.debt is None:
            return telling.look_again(answer)  # a person may have called in any of them
        return telling.look_again(answer, "callback", self.debt.pk)


def _debt(request: MemberRequest, pk: UUID) -> Callback:
    """Return what is or was owed for a call. Raises Conflict where there is nothing, or nothing that he may know of."""
    call = panel_pages.found(request, pk)
    debt = Callback.objects.visible_to(request.member).filter(attempts__call=call).first()
    if debt is None:
        raise Conflict(NO_DEBT)
    return debt
