"""A call opened below its row: what happened, what is left of it, and what staff say of it, without leaving the list.

Fragments of the call's page for scripts; without them its link leads to the page itself.
"""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from telephony import editing, pages
from telephony.callbacks import proofs
from telephony.forms import EditForm
from telephony.models import Call


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def panel(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One call, in short."""
    call = found(request, pk)
    recordings = call.recordings.prefetch_related("pauses", "notes__author__user")
    context = pages.happened(call, list(recordings)) | {"form": _form(call)} | acts(request, call)
    return render(request, "telephony/_call_panel.html", context)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def edit(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep what staff made of a call; the form as it is then."""
    call = found(request, pk)
    form = _form(call, request.POST)
    saved = form.is_valid() and form.does(lambda: editing.update_call(call, form.values(), by=request.member))
    if saved:
        call = found(request, pk)
        form = _form(call)
    context = {"call": call, "form": form, "saved": saved}
    return render(request, "telephony/_call_panel_form.html", context, status=200 if saved else 422)


def _form(call: Call, data: Any = None) -> EditForm:
    """Several may be open on one page, so their fields are named after their call."""
    return EditForm(data, call=call, auto_id=f"edit-{call.pk}-%s")


def acts(request: MemberRequest, call: Call) -> dict[str, Any]:
    """Return what can be done about a call where it is open: by its page's verbs, in `panel_acts.py`."""
    return {"call": call} | pages.debt(call, request.member)


def found(request: MemberRequest, pk: UUID) -> Call:
    """Return the call as a row shows it. Raises Http404 for one that the member may not know of."""
    call = get_object_or_404(Call.objects.visible_to(request.member).for_list(), pk=pk)
    proofs.show([call.debt], request.member)
    return call
