"""Marking the people of many calls as spam, and putting them back. `changes.py` keeps count. Locks: leads by id.

A call whose caller withheld his number has nobody who could be marked; neither has one of the business's own number.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from accounts.models import Member
from callcrm.errors import NotFound
from leads import spam
from leads.models import Lead
from telephony import feed
from telephony.models import Callback, Reason


@dataclass(frozen=True, slots=True)
class Named:
    """Whom calls name: so many people, and so many calls that name nobody."""

    people: int
    withheld: int
    nobodys: int


def mark(named: Any, by: Member) -> dict[UUID, Any]:
    """Mark whoever is at the other end of these calls. Returns where each stood before, by his id."""
    people = set(named.exclude(lead=None).values_list("lead_id", flat=True))
    if not people and not named.exists():
        raise NotFound
    before = spam.mark_all(people, by=by)
    feed.tell_all(by.business_id, "lead.changed", dict.fromkeys(before, Lead.Status.SPAM.value))
    return dict(before)


def closed(marked: Collection[UUID], since: datetime, by: Member) -> int:
    """Return how many callbacks were closed because these were marked (`callbacks/spam.py`)."""
    with_it = {"closed_by": by, "reason": Reason.SPAM, "closed_at__gte": since}
    return Callback.objects.filter(business_id=by.business_id, lead__in=list(marked), **with_it).count()


def put_back(before: Mapping[str, str], by: Member) -> int:
    """Put back who is still spam."""
    restored = spam.put_back({UUID(pk): status for pk, status in before.items()}, by=by)
    feed.tell_all(by.business_id, "lead.changed", restored)
    return len(restored)


def count(named: Any) -> Named:
    """Count whom they name, in one query."""
    nobody = Q(lead=None)
    people, withheld, others = named.aggregate(
        a=Count("lead", distinct=True),
        b=Count("pk", filter=nobody & Q(withheld=True)),
        c=Count("pk", filter=nobody & Q(withheld=False)),
    ).values()
    return Named(people, withheld, others)
