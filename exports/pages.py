"""The page of one's exports, the buttons that ask for one, and the door to its file."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.lib.paging import page
from exports import asking, taking
from exports.models import Export
from exports.writing import MOST_ROWS
from telephony.bulk import pages as bulk_pages
from telephony.listing import listed

PAGE_SIZE = 25
ASKED = "The export is being written. You can leave this page meanwhile."
BEFORE = "This was asked for before: it is in the list of your exports."


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.EXPORT)
def exports(request: MemberRequest) -> HttpResponse:
    """One's exports. A POST asks for another: of the list that `back` is the address of, or of the calls chosen."""
    if request.method == "POST":
        return _ask(request)
    mine = Export.objects.visible_to(request.member).filter(made_by_id=request.member.pk)
    rows = page(mine, cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    return render(request, "exports/exports.html", {"page": rows, "most": f"{MOST_ROWS:,}"})


@require_POST
@needs(Permission.EXPORT)
def again(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let one that failed be written after all."""
    asking.again(_export(request, pk), by=request.member)
    messages.success(request, ASKED)
    return redirect("exports", request.business.slug)


@require_POST
@needs(Permission.EXPORT)
def download(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """The file. Each time it is taken is in the history."""
    export = _export(request, pk)
    reader = taking.take(export, by=request.member)
    response = StreamingHttpResponse(reader.blocks(), content_type="text/csv; charset=utf-8")
    day = export.created_at.astimezone(request.business.tz).date().isoformat()
    response.headers["Content-Length"] = str(reader.size)
    response.headers["Content-Disposition"] = f'attachment; filename="calls-{day}.csv"'
    return response


def _ask(request: MemberRequest) -> HttpResponse:
    pks = bulk_pages.chosen(request) if "chosen" in request.POST else None
    if pks == [] and "HX-Request" not in request.headers:
        return bulk_pages.lead_back(request)
    given = QueryDict(request.POST.get("back", "")[:2000]).dict()
    people = None if pks is not None else listed.searched(request, given.get("search", "")).people
    key = request.POST.get("key", "")
    if people == [] and not asking.was_asked(key, by=request.member):
        return bulk_pages.lead_back(request, asking.FOUND_NOBODY)
    export = asking.ask(given, pks, key=key, by=request.member, people=people or ())
    text = ASKED if export.is_on_its_way else BEFORE
    if "HX-Request" in request.headers:
        return bulk_pages.toast(request, text, link=reverse("exports", args=[request.business.slug]))
    messages.success(request, text)
    return redirect("exports", request.business.slug)


def _export(request: MemberRequest, pk: UUID) -> Export:
    return get_object_or_404(Export.objects.visible_to(request.member), pk=pk)
