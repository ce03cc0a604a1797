"""How a member looks at calls: the page of saved views, with a form for each that he may change, and the columns.

Saving a view and choosing columns come from menus of the list, and lead back to it as it was.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.lib.forms import RefusableForm
from telephony.listing import columns, listed, saved_views
from telephony.models import CallView


class ViewForm(RefusableForm):
    """How a view is called, and who sees it."""

    name = forms.CharField(max_length=saved_views.LONGEST_NAME)
    shared = forms.BooleanField(required=False, label="Everybody in the business sees it")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.VIEW_CUSTOMERS)
def views(request: MemberRequest) -> HttpResponse:
    """Show the views; save the filters that come with a form under a name."""
    if request.method != "POST":
        return _page(request)
    given = {name: request.POST[name] for name in saved_views.SAVABLE if request.POST.get(name)}
    form = ViewForm(request.POST)
    made = form.try_to(lambda: _save(form, given, request)) if form.is_valid() else None
    if made is None:
        return _page(request, form=form, given=given, status=422)
    messages.success(request, "Saved.")
    return redirect(_list(request, made.filters))


@require_POST
@needs(Permission.VIEW_CUSTOMERS)
def edit_view(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Rename it, share it or take it back."""
    found, form = _view(request, pk), ViewForm(request.POST)
    if not (form.is_valid() and form.does(lambda: _change(form, found, request))):
        return _page(request, wrong=(found.pk, form), status=422)
    messages.success(request, "Saved.")
    return redirect("call-views", request.business.slug)


@require_POST
@needs(Permission.VIEW_CUSTOMERS)
def remove_view(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete it; the calls it shows stay as they are."""
    saved_views.remove(_view(request, pk), by=request.member)
    messages.success(request, "The view is deleted.")
    return redirect("call-views", request.business.slug)


@require_POST
@needs(Permission.VIEW_CUSTOMERS)
def choose_columns(request: MemberRequest) -> HttpResponse:
    """Show these columns in this order from now on, to him. A press on an arrow moves one as well."""
    order = request.POST.getlist("order")
    for arrow, places in (("earlier", -1), ("later", 1)):
        order = columns.moved(order, request.POST.get(arrow, ""), places)
    columns.choose(request.POST.getlist("column"), order, by=request.member)
    return _back(request)


@require_POST
@needs(Permission.VIEW_CUSTOMERS)
def reset_columns(request: MemberRequest) -> HttpResponse:
    """Show the columns as they come, to him."""
    columns.reset(by=request.member)
    return _back(request)


def _back(request: MemberRequest) -> HttpResponse:
    """Lead back to the list as it was."""
    kept = {name: request.POST[name] for name in listed.KEPT if request.POST.get(name)}
    return redirect(_list(request, kept))


def _list(request: MemberRequest, params: dict[str, str]) -> str:
    return f"{reverse('calls', args=[request.business.slug])}?{urlencode(params)}"


def _save(form: ViewForm, given: dict[str, str], request: MemberRequest) -> CallView:
    values = form.cleaned_data
    return saved_views.save(values["name"], given, shared=values["shared"], by=request.member)


def _change(form: ViewForm, view: CallView, request: MemberRequest) -> CallView:
    values = form.cleaned_data
    return saved_views.change(view, values["name"], shared=values["shared"], by=request.member)


def _view(request: MemberRequest, pk: UUID) -> CallView:
    return get_object_or_404(CallView.objects.visible_to(request.member), pk=pk)


def _page(
    request: MemberRequest,
    *,
    form: ViewForm | None = None,
    given: dict[str, str] | None = None,
    wrong: tuple[UUID, ViewForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = CallView.objects.visible_to(request.member).for_list()
    rows = [_row(request, view, wrong) for view in shown]
    context = {"views": rows, "form": form, "given": given or {}}
    return render(request, "telephony/call_views.html", context, status=status)


def _row(request: MemberRequest, view: CallView, wrong: tuple[UUID, ViewForm] | None) -> dict[str, Any]:
    understood = saved_views.understood(view, request.business)
    form = wrong[1] if wrong and wrong[0] == view.pk else None
    return {
        "view": view,
        "url": _list(request, understood),
        "is_whole": understood == view.filters,
        "form": form
        or ViewForm(initial={"name": view.name, "shared": view.is_shared}, auto_id=f"{view.pk}_%s"),
        "mine": view.member_id == request.member.pk,
        "may_change": view.may_be_changed_by(request.member) and not request.member.read_only,
    }
