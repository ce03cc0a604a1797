"""Who stands behind the entries of the history, as people know him. The one place of audit that knows members."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from accounts.models import Member
from audit.models import Entry

WORDS = {"system": "callcrm", "anonymous": "Somebody unknown", "visit": "Platform support", "user": "A user"}


def name_actors(entries: Iterable[Entry]) -> None:
    """Give each entry `who` and `role` for the page, for all of them in one query."""
    entries = list(entries)
    members = _members(entries)
    for entry in entries:
        kind, _, actor_id = entry.actor.partition(":")
        member = members.get(entry.actor)
        fallback = actor_id.capitalize() if kind == "provider" else WORDS.get(kind, kind)
        named: Any = entry  # the two attributes are for who shows or says it
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
