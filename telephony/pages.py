"""The pages of calls, numbers and texts. Every list is drawn from `visible_to`, every act is a verb elsewhere."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.doors import Admitted, MemberRequest, needs
from accounts.permissions import Permission
from audit.actors import name_actors
from audit.models import Entry
from callcrm.lib import times
from callcrm.lib.paging import Page, page
from leads import search_box
from leads.models import Source
from telephony import editing, figures, moments, passports, practice, provider_events
from telephony.bulk import pages as bulk_pages
from telephony.bulk.forms import BulkForm
from telephony.callbacks import proofs
from telephony.forms import EditForm, NumberForm
from telephony.listing import chips, columns, dates, filters, listed, saved_views, suggestions
from telephony.models import Call, CallProblem, CallQuerySet, Message, Reason, TrackingNumber
from telephony.problems import reports
from telephony.providers.practice.scenarios import SCENARIOS

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.VIEW_CUSTOMERS)
def calls(request: MemberRequest) -> HttpResponse:
    """The list of calls, newest first, under the strip of what goes on right now; a search is posted to it."""
    if request.method == "POST":
        return redirect(listed.address(request, search=search_box.keep(request)))
    return list_of(request)


def list_of(
    request: MemberRequest, *, chosen: Collection[UUID] = (), refused: BulkForm | None = None
) -> HttpResponse:
    """Draw the list that the query names; what was refused to be done with chosen calls stands at its field."""
    wrong = filters.problems(request.GET.dict(), request.business)
    if wrong:
        return _not_understood(request, wrong)
    searched = listed.searched(request)
    found = for_rows(listed.matching(request, request.GET.dict(), searched))
    cursor = request.GET.get("cursor", "")
    rows = page(found, cursor=cursor, size=PAGE_SIZE, at="started_at", order=filters.ORDER)
    proofs.show((call.debt for call in rows.rows), request.member)
    context = _around(request) | {"page": rows, "searched": searched, "box": searched.box}
    context["counts_come"] = not searched.box.is_over
    if refused:
        away = {*chosen}.difference(call.pk for call in rows.rows)
        context |= {"chosen": chosen, "chosen_away": away, "bulk": context["bulk"] | {"form": refused}}
    return render(request, "telephony/calls.html", context, status=422 if refused else 200)


def _not_understood(request: MemberRequest, wrong: dict[str, list[str]]) -> HttpResponse:
    """Say which filters are not understood. All around them stands, and leads on, as if they had not been asked for."""
    said = {name: texts[0] for name, texts in wrong.items() if name in dates.RANGE}
    typed = chips.typed_dates(request.GET.dict(), problems=said) if said else None
    rest = _without(request.GET, {*wrong, *(dates.RANGE if said else ())})
    request.GET = rest  # type: ignore[assignment]  # a copy is a QueryDict too
    searched = listed.searched(request)
    context = _around(request) | {"page": Page([], "", ""), "searched": searched, "box": searched.box}
    context |= {"wrong": list(dict.fromkeys(chips.LABELS[name] for name in wrong)), "wrong_dates": typed}
    return render(request, "telephony/calls.html", context, status=400)


def _without(query: QueryDict, names: Collection[str]) -> QueryDict:
    """Return the query that every link of the page is then made of."""
    rest = query.copy()
    for name in names:
        rest.pop(name, None)
    return rest


def _around(request: MemberRequest) -> dict[str, Any]:
    """Return what stands around the rows."""
    visible = Call.objects.visible_to(request.member)
    words = suggestions.words(request.business.pk)
    offered = chips.chips(request, words)
    return {
        "live": going_on(visible),
        "day_ends": times.left_of_day(request.business.tz),
        "today": figures.of_today(visible, request.business.tz),
        "tabs": chips.tabs(request),
        "filters": offered,
        "put_away": chips.put_away(request.GET),
        "narrowing": chips.narrowing(request.GET, offered),
        "here": listed.address(request, search=""),
        "unfiltered": listed.address(request, **dict.fromkeys(filters.NAMES, "")),
        "savable": saved_views.savable(request.GET.dict()),
        "kept": listed.KEPT,
        "columns": columns.of(request.member),
        "bulk": bulk_pages.form(request),
        "undoable": bulk_pages.undoable(request),
        "known_words": words,
        "practice": SCENARIOS if practice.offered(request.member) else {},
    }


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def live(request: MemberRequest) -> HttpResponse:
    """The strip alone, for when the feed says that something has changed."""
    context = {
        "live": going_on(Call.objects.visible_to(request.member)),
        "on_desk": request.GET.get("on") == "desk",
    }
    return render(request, "telephony/_live.html", context)


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def call(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One call: who, through which number, what happened when, and what became of it."""
    found = _call(request, pk)
    return render(request, "telephony/call.html", _about(request, found, EditForm(call=found)))


@require_safe
@needs(Permission.AUDIT)
def call_deliveries(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What the provider delivered of a call."""
    found = _call(request, pk)
    events, is_cut = provider_events.of_call(found, request.member)
    context = {"call": found, "events": events, "is_cut": is_cut}
    return render(request, "telephony/deliveries.html", context)


@require_POST
@needs(Permission.EDIT_CUSTOMERS)
def edit_call(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep what staff made of a call."""
    found = _call(request, pk)
    form = EditForm(request.POST, call=found)
    if not (
        form.is_valid() and form.does(lambda: editing.update_call(found, form.values(), by=request.member))
    ):
        return render(request, "telephony/call.html", _about(request, found, form), status=422)
    messages.success(request, "Saved.")
    if request.POST.get("view") == "desk" and found.lead_id:
        return redirect(f"{reverse('desk', args=[request.business.slug])}?lead={found.lead_id}")
    return redirect("call", request.business.slug, found.pk)


@require_POST
@needs(Permission.NUMBERS)
def start_practice(request: MemberRequest) -> HttpResponse:
    """Let a practice caller ring; he comes over HTTP, signed, like any other."""
    practice.start(request.business, request.POST.get("scenario", "answered"), by=request.member)
    messages.success(request, "A practice call is on its way. Watch the strip above the list.")
    return redirect("calls", request.business.slug)


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def message_list(request: MemberRequest) -> HttpResponse:
    """The texts, newest first."""
    visible = Message.objects.visible_to(request.member).select_related("lead", "phone__lead", "number")
    rows = page(visible, cursor=request.GET.get("cursor", ""), size=PAGE_SIZE, at="created_at")
    return render(request, "telephony/messages.html", {"page": rows})


@require_safe
@needs(Permission.NUMBERS)
def number_list(request: MemberRequest) -> HttpResponse:
    """The business's numbers and where its people come from."""
    mine = TrackingNumber.objects.filter(business=request.business).select_related("source", "account")
    sources = Source.objects.filter(business=request.business).order_by("is_archived", "name")
    context = {"numbers": mine, "sources": sources, "form": NumberForm(business=request.business)}
    return render(request, "telephony/numbers.html", context)


@require_POST
@needs(Permission.NUMBERS)
def add_number(request: MemberRequest) -> HttpResponse:
    """Add a number and say what advertisement carries it."""
    form = NumberForm(request.POST, business=request.business)
    if form.is_valid() and form.does(lambda: form.add(by=request.member)):
        messages.success(request, "The number was added.")
        return redirect("numbers", request.business.slug)
    mine = TrackingNumber.objects.filter(business=request.business).select_related("source", "account")
    sources = Source.objects.filter(business=request.business).order_by("is_archived", "name")
    context = {"numbers": mine, "sources": sources, "form": form}
    return render(request, "telephony/numbers.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.NUMBERS)
def number(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One number: what it rings, what is said first, and whether it records."""
    mine = TrackingNumber.objects.filter(business=request.business).select_related(
        "source", "account", "business"
    )
    found = get_object_or_404(mine, pk=pk)
    form = NumberForm(request.POST or None, business=request.business, number=found)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.does(lambda: form.change(found, by=request.member))
    ):
        messages.success(request, "The number was saved.")
        return redirect("number", request.business.slug, found.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "telephony/number.html", {"number": found, "form": form}, status=status)


def _about(request: MemberRequest, call: Call, form: EditForm) -> dict[str, Any]:
    recordings = call.recordings.with_rules().select_related("held_by__user")
    recordings = recordings.prefetch_related("pauses", "notes__author__user")
    words = suggestions.words(call.business_id)
    about = happened(call, list(recordings)) | debt(call, request.member)
    return about | {"form": form, "known_words": words}


def debt(call: Call, member: Admitted) -> dict[str, Any]:
    """Return what is owed for a call, where the member may know of it, and why he may close it."""
    owed = call.debt if call.debt and call.debt.is_shown_to(member) else None
    return {"callback": owed, "reasons": Reason.choices}


def happened(call: Call, recordings: list[Any]) -> dict[str, Any]:
    """Return what is told of a call, on its page and in its panel."""
    legs, placement = list(call.legs.select_related("member__user")), call.placement
    reported, problems_are_cut = reports.of_call(call)
    _name_deleters(call, recordings)
    return {
        "call": call,
        "recordings": recordings,
        "moments": moments.of_call(call, legs, placement, recordings),
        "passport": passports.of_call(call, recordings),
        "notice_at": moments.notice_at(call, legs),
        "legs": legs,
        "placement": placement,
        "problems": reported,
        "problems_are_cut": problems_are_cut,
        "resolutions": CallProblem.Resolution.choices,
    }


def _name_deleters(call: Call, recordings: list[Any]) -> None:
    """Give each recording that a person has deleted `deleted_who` for the page; the history alone knows it."""
    gone = {one.pk: one for one in recordings if one.deleted_by not in ("", "retention")}
    about = Entry.objects.about(call.business_id, *gone).filter(name="recording.deleted") if gone else ()
    entries: list[Any] = list(about)
    name_actors(entries)
    for entry in entries:
        gone[entry.subject_id].deleted_who = entry.who


def _call(request: MemberRequest, pk: UUID) -> Call:
    found = get_object_or_404(Call.objects.visible_to(request.member).for_list(), pk=pk)
    proofs.show([found.debt], request.member)
    return found


def going_on(visible: CallQuerySet) -> list[Call]:
    """Return the calls of the strip."""
    return list(visible.live().for_list().prefetch_related("legs", "placements", "recordings__pauses")[:20])


def for_rows(calls: CallQuerySet) -> CallQuerySet:
    """Bring what a row of the list shows."""
    return calls.for_list().prefetch_related("legs", "recordings__pauses")
