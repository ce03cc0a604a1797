"""The pages of leads: the list, the search, and what members do to one. The lead's own page is `callcrm.pages.lead`,
because it shows calls as well, of which leads know nothing."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.doors import MemberRequest, needs
from accounts.models import Member
from accounts.permissions import Permission
from callcrm.errors import Invalid
from callcrm.lib import phones
from callcrm.lib.paging import Page, page
from callcrm.lib.ui_lists import Filter
from leads import drafts, editing, intake, search, search_box
from leads.forms import LeadForm, NewLeadForm, NoteForm, StatusForm
from leads.models import Lead, LeadQuerySet, Source

PAGE_SIZE = 50
FILTERS = ("status", "source", "assigned")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.VIEW_CUSTOMERS)
def leads(request: MemberRequest) -> HttpResponse:
    """The list, newest first, or what a search has found of it.

    A search is posted, because what is typed about a person has no place in a URL, and leads to a page with an address
    that says nothing of it: Back and the pages of hits work.
    """
    if request.method == "POST":
        return redirect(_list_url(request, search=search_box.keep(request)))
    visible = _filtered(request, Lead.objects.visible_to(request.member).for_list())
    box = search_box.of(request)
    if box.text:
        rows = _hits(request, box.text, visible)
    else:
        rows = page(visible, cursor="" if box.is_over else request.GET.get("cursor", ""), size=PAGE_SIZE)
    return render(request, "leads/leads.html", _context(request, rows) | {"box": box})


def _hits(request: MemberRequest, typed: str, visible: LeadQuerySet) -> Page[Lead]:
    cursor = request.GET.get("cursor", "")
    found = search.search(
        request.member,
        request.business,
        typed,
        after=_uuid(cursor, "cursor") if cursor else None,
        size=PAGE_SIZE,
        within=visible if _chosen(request) else None,
    )
    return Page(found.leads, newer="", older=str(found.next or ""))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.EDIT_CUSTOMERS)
def new(request: MemberRequest) -> HttpResponse:
    """Add a lead by hand."""
    form = NewLeadForm(request.POST or None, business=request.business)
    if form.is_valid():
        lead = form.try_to(lambda: editing.create(request.business, form.values(), by=request.member))
        if lead:
            messages.success(request, "The lead was added.")
            return redirect("lead", request.business.slug, lead.pk)
    context = {"form": form, "holder": _holder(request, form)}
    return render(request, "leads/new.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.EDIT_CUSTOMERS)
def edit(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Correct what is known of a person. What is there is not sent along: an empty field leaves it."""
    lead = _lead(request, pk)
    form = LeadForm(request.POST or None, business=request.business, lead=lead)
    if form.is_valid() and form.does(lambda: form.save(by=request.member)):
        messages.success(request, "Saved.")
        return redirect("lead", request.business.slug, pk)
    context = {"lead": lead, "form": form, "holder": _holder(request, form)}
    return render(request, "leads/edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def move(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say where the person stands and who looks after him."""
    lead = _lead(request, pk)
    form = StatusForm(request.POST, business=request.business)
    if not form.is_valid():
        raise Invalid(fields={name: [str(text) for text in texts] for name, texts in form.errors.items()})
    moved = editing.update(lead, form.values(), by=request.member)
    messages.success(request, f"Saved. {moved.aside}".strip())
    return back(request, pk)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def notes(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Write a note."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={name: [str(text) for text in texts] for name, texts in form.errors.items()})
    lead = _lead(request, pk)
    editing.add_note(lead, form.cleaned_data["body"], by=request.member)
    drafts.forget(lead, by=request.member)
    return back(request, pk)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def note_drafts(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep what is being written, for the page to have it again."""
    lead = get_object_or_404(Lead.objects.visible_to(request.member), pk=pk)
    drafts.keep(lead, request.POST.get("body", ""), by=request.member)
    return HttpResponse(status=204)


@require_POST
@needs(Permission.DELETE_CUSTOMERS)
def delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a person, once the word is typed."""
    if request.POST.get("confirm", "").strip().lower() != "delete":
        raise Invalid(fields={"confirm": ["Type delete to confirm. This cannot be undone."]})
    editing.delete(_lead(request, pk), by=request.member)
    messages.success(request, "The lead was deleted and its key destroyed.")
    return redirect("leads", request.business.slug)


def _holder(request: MemberRequest, form: NewLeadForm | LeadForm) -> Lead | None:
    """Return the other lead that has a number which was typed, when that is why the form was refused."""
    typed = (phones.normalise(text, request.business.region) for text in form.refused_numbers)
    callers = (intake.find(request.business.pk, number) for number in typed if number)
    others = [caller.lead.pk for caller in callers if caller]
    return Lead.objects.visible_to(request.member).filter(pk__in=others).first()


def back(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Return to the person, on the page that the form stood in."""
    if request.POST.get("view") == "desk":
        return redirect(f"{reverse('desk', args=[request.business.slug])}?lead={pk}")
    return redirect("lead", request.business.slug, pk)


def _lead(request: MemberRequest, pk: UUID) -> Lead:
    return get_object_or_404(Lead.objects.visible_to(request.member).for_list(), pk=pk)


def _context(request: MemberRequest, rows: Page[Lead]) -> dict[str, Any]:
    here = _list_url(request)
    return {"page": rows, "filters": _filters(request), "filtered": bool(_chosen(request)), "here": here}


def _chosen(request: MemberRequest) -> dict[str, str]:
    return {name: value for name in FILTERS if (value := request.GET.get(name, ""))}


def _list_url(request: MemberRequest, search: str = "") -> str:
    """Return the address of the list as it is narrowed now, from its first page."""
    query = _chosen(request) | ({"search": search} if search else {})
    return reverse("leads", args=[request.business.slug]) + (f"?{urlencode(query)}" if query else "")


def _filtered(request: MemberRequest, visible: LeadQuerySet) -> LeadQuerySet:
    chosen = _chosen(request)
    if "status" in chosen:
        visible = visible.filter(status=_status(chosen["status"]))
    if "source" in chosen:
        visible = visible.filter(source_id=_uuid(chosen["source"], "source"))
    if "assigned" in chosen:
        nobody = chosen["assigned"] == "none"
        visible = visible.filter(assigned_to_id=None if nobody else _uuid(chosen["assigned"], "assigned"))
    return visible


def _status(text: str) -> str:
    if text not in Lead.Status.values:
        raise Invalid(fields={"status": [f"Choose from {', '.join(Lead.Status.values)}."]})
    return text


def _uuid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(fields={field: ["This is no id."]}) from None


def _filters(request: MemberRequest) -> list[Filter]:
    sources = Source.objects.filter(business=request.business, is_archived=False).order_by("name")
    members = Member.objects.active().filter(business=request.business).select_related("user")
    return [
        Filter("status", "Status", list(Lead.Status.choices)),
        Filter("source", "Source", [(str(source.pk), source.name) for source in sources]),
        Filter("assigned", "Assigned to", [("none", "Nobody"), *((str(m.pk), m.name) for m in members)]),
    ]


def named_lead(request: MemberRequest) -> Lead | None:
    """Return the lead that `lead` in the address names; None where it names none. Raises Invalid for what is no id."""
    named = request.GET.get("lead", "")
    if not named:
        return None
    try:
        pk = UUID(named)
    except ValueError:
        raise Invalid(fields={"lead": ["This is no id."]}) from None
    return get_object_or_404(Lead.objects.visible_to(request.member).for_list(), pk=pk)
