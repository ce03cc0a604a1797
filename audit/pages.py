"""The history of a business, for whoever may see it."""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.views.decorators.http import require_safe

from accounts.doors import MemberRequest, needs
from accounts.models import Member
from accounts.permissions import Permission
from audit.actors import WORDS, name_actors
from audit.events import REGISTRY
from audit.models import Entry, EntryQuerySet
from callcrm.errors import Invalid
from callcrm.lib import times
from callcrm.lib.paging import page
from callcrm.lib.ui_lists import Filter

PAGE_SIZE = 50
PROVIDERS = [(f"provider:{name}", name.capitalize()) for name in ("twilio", "practice")]
DAYS = {"1": "Today", "7": "Last 7 days", "30": "Last 30 days"}
GROUPS = {  # what stands before the dot of an event's name, by what it is about
    "Leads": ("lead",),
    "Calls and texts": ("call", "callback", "message", "recording", "practice", "export"),
    "Setting up": (
        "number",
        "flow",
        "hours",
        "provider",
        "source",
        "business",
        "retention",
        "view",
        "columns",
    ),
    "People and access": ("member", "user", "auth", "access", "platform", "telephone"),
}
RECORDS = {"call_id": "call", "lead_id": "lead", "number_id": "number"}  # what has a page of its own
# Where what was changed lives, by what stands before the dot of an event's name: the page, and how a link calls it.
PLACES = {
    "business": ("settings", "settings"),
    "flow": ("flow", "call flow"),
    "hours": ("hours", "opening hours"),
    "retention": ("retention", "retention rules"),
    "member": ("team", "team"),
    "provider": ("integrations", "integrations"),
}


@require_safe
@needs(Permission.AUDIT)
def history(request: MemberRequest) -> HttpResponse:
    """What happened in the business, newest first."""
    found = _filtered(request, Entry.objects.of(request.business.pk))
    rows = page(found, cursor=request.GET.get("cursor", ""), size=PAGE_SIZE, at="at")
    name_actors(rows.rows)
    _link_records(request, rows.rows)
    filtered = any(request.GET.get(name) for name in ("name", "actor", "subject", "days"))
    context = {"page": rows, "filters": _filters(request), "filtered": filtered}
    return render(request, "audit/history.html", context)


def _link_records(request: MemberRequest, entries: Iterable[Entry]) -> None:
    """Give each entry `record`, `place`, `url`, `is_subject` for the page: what it is about, if that can be opened."""
    for entry in entries:
        field = next((field for field in RECORDS if entry.data.get(field)), "")
        record = RECORDS.get(field, "")
        page, place = PLACES.get(entry.name.partition(".")[0], (record, record))
        named: Any = entry
        named.record, named.place, named.url, named.is_subject = record, place, "", False
        version = entry.data.get("version") if page == "flow" else None
        if version:
            page, named.place = "flow-version", f"version {version}"
        if page and entry.name != "lead.deleted":
            named.url = _address(request, page, entry.data.get(field), version)
            named.is_subject = bool(field) and str(entry.subject_id) == entry.data[field]


def _address(request: MemberRequest, page: str, *ids: Any) -> str:
    """Return where a page is; nothing to whom its door would refuse."""
    url = reverse(page, args=[request.business.slug, *filter(None, ids)])
    door: Any = resolve(url).func  # it says which right it asks for (`accounts.doors.needs`)
    return url if request.member.can(door.needs) else ""


def _ids(entries: list[Entry], kind: str) -> set[str]:
    return {entry.actor.partition(":")[2] for entry in entries if entry.actor.startswith(f"{kind}:")}


def _filtered(request: MemberRequest, entries: EntryQuerySet) -> EntryQuerySet:
    name, actor, subject, days = (
        request.GET.get(field, "") for field in ("name", "actor", "subject", "days")
    )
    if name:
        entries = entries.filter(name=name) if name in REGISTRY else entries.none()
    if actor:
        of_visits = actor == "visit"  # each visit is an actor of its own
        entries = entries.filter(**({"actor__startswith": "visit:"} if of_visits else {"actor": actor[:64]}))
    if subject:
        entries = entries.filter(subject_id=_uuid(subject))
    if days:
        entries = entries.filter(at__gte=_since(request, days))
    return entries


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(fields={"subject": ["This is no id."]}) from None


def _since(request: MemberRequest, days: str) -> datetime:
    if days not in DAYS:
        raise Invalid(fields={"days": [f"Choose from {', '.join(DAYS)}."]})
    return times.midnight(request.business.tz, int(days) - 1)


def _filters(request: MemberRequest) -> list[Filter]:
    members = Member.objects.filter(business=request.business).select_related("user")
    who = [(member.audit_actor, member.name) for member in members]
    who += [("visit", WORDS["visit"]), ("system", WORDS["system"]), *PROVIDERS]
    return [
        Filter("days", "Date", list(DAYS.items()), icon="calendar"),
        _kinds(),
        Filter("actor", "Who", who),
    ]


def _kinds() -> Filter:
    """Return the kinds of events in their groups, by the words for them; a new one shows up by itself."""
    group_of = {family: group for group, families in GROUPS.items() for family in families}
    groups: dict[str, list[tuple[str, str]]] = {group: [] for group in (*GROUPS, "Other")}
    for name, event in sorted(REGISTRY.items(), key=lambda item: item[1].label):
        groups[group_of.get(name.partition(".")[0], "Other")].append((name, event.label))
    headings = {kinds[0][0]: group for group, kinds in groups.items() if kinds}
    return Filter("name", "What", list(chain.from_iterable(groups.values())), headings=headings)
