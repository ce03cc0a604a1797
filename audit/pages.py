"""The history of a business, for whoever may see it. The one place of audit that knows members: it names actors."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.doors import MemberRequest, needs
from accounts.models import Member
from accounts.permissions import Permission
from audit.events import REGISTRY
from audit.models import Entry, EntryQuerySet
from callcrm.errors import Invalid
from callcrm.lib.paging import page
from callcrm.lib.ui import Filter

PAGE_SIZE = 50
PROVIDERS = [(f"provider:{name}", name.capitalize()) for name in ("twilio", "practice")]
WORDS = {"system": "callcrm", "anonymous": "Somebody unknown", "visit": "Platform support", "user": "A user"}


@require_safe
@needs(Permission.AUDIT)
def history(request: MemberRequest) -> HttpResponse:
    """What happened in the business, newest first."""
    found = _filtered(request, Entry.objects.of(request.business.pk))
    rows = page(found, cursor=request.GET.get("cursor", ""), size=PAGE_SIZE, at="at")
    name_actors(rows.rows)
    filtered = any(request.GET.get(name) for name in ("name", "actor", "subject"))
    context = {"page": rows, "filters": _filters(request), "filtered": filtered}
    return render(request, "audit/history.html", context)


def name_actors(entries: Iterable[Entry]) -> None:
    """Give each entry `who` and `role` for the page, for all of them in one query."""
    entries = list(entries)
    members = _members(entries)
    for entry in entries:
        kind, _, actor_id = entry.actor.partition(":")
        member = members.get(entry.actor)
        fallback = actor_id.capitalize() if kind == "provider" else WORDS.get(kind, kind)
        named: Any = entry  # the two attributes are for the template alone
        named.who = member.name if member else fallback
        named.role = member.get_role_display() if member else ""


def _members(entries: list[Entry]) -> dict[str, Member]:
    """Return the members behind the entries: who acted as a member, or as the user that a member of theirs is."""
    ids = {
        kind: {e.actor.partition(":")[2] for e in entries if e.actor.startswith(kind)}
        for kind in ("member:", "user:")
    }
    businesses = {entry.business_id for entry in entries}
    whose = Q(pk__in=ids["member:"]) | Q(user__in=ids["user:"])
    found = Member.objects.select_related("user").filter(whose, business__in=businesses)
    return {name: member for member in found for name in (member.audit_actor, member.user.audit_actor)}


def _ids(entries: list[Entry], kind: str) -> set[str]:
    return {entry.actor.partition(":")[2] for entry in entries if entry.actor.startswith(f"{kind}:")}


def _filtered(request: MemberRequest, entries: EntryQuerySet) -> EntryQuerySet:
    name, actor, subject = (request.GET.get(field, "") for field in ("name", "actor", "subject"))
    if name:
        entries = entries.filter(name=name) if name in REGISTRY else entries.none()
    if actor:
        entries = entries.filter(actor=actor[:64])
    if subject:
        entries = entries.filter(subject_id=_uuid(subject))
    return entries


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(fields={"subject": ["This is no id."]}) from None


def _filters(request: MemberRequest) -> list[Filter]:
    members = Member.objects.filter(business=request.business).select_related("user")
    who = [(member.audit_actor, member.name) for member in members]
    return [
        Filter("name", "What", [(name, name) for name in sorted(REGISTRY)]),
        Filter(
            "actor",
            "Who",
            [
                *who,
                ("system", "callcrm"),
                *PROVIDERS,
            ],
        ),
    ]
