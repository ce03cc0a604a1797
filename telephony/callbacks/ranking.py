"""The order in which people are called back, page by page: overdue first, then who tried most, then who is due first.

What is overdue changes while somebody reads, so a cursor carries the moment that its first page was made for. Each half
is read by an index of open debts: what is overdue by rank, and what is not yet due by its time, which is little.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from callcrm.errors import Invalid
from callcrm.lib.paging import Page
from telephony.models import Callback, CallbackQuerySet

ORDER = ("-misses", "due_at", "id")


@dataclass(frozen=True, slots=True)
class _Place:
    """The last row of a page, and the moment for which it was made."""

    at: datetime
    misses: int
    due_at: datetime
    pk: UUID

    @property
    def is_overdue(self) -> bool:
        return self.due_at <= self.at


def ranked(rows: CallbackQuerySet, *, cursor: str, size: int, at: datetime) -> Page[Callback]:
    """Return a page of open debts, the most pressing first. Raises Invalid for a cursor that is none."""
    place = _read(cursor) if cursor else None
    at = place.at if place else at
    found: list[Callback] = []
    if place is None or place.is_overdue:
        found += _after(rows.filter(due_at__lte=at), place)[: size + 1]
    if len(found) <= size:
        rest = _after(rows.filter(due_at__gt=at), place if place and not place.is_overdue else None)
        found += rest[: size + 1 - len(found)]
    more, found = len(found) > size, found[:size]
    return Page(found, newer="", older=_write(at, found[-1]) if more else "")


def _after(rows: CallbackQuerySet, place: _Place | None) -> CallbackQuerySet:
    ordered = rows.order_by(*ORDER)
    if place is None:
        return ordered
    same = {"misses": place.misses}
    beyond = Q(misses__lt=place.misses) | Q(**same, due_at__gt=place.due_at)
    beyond |= Q(**same, due_at=place.due_at, id__gt=place.pk)
    return ordered.filter(beyond, misses__lte=place.misses)


def _write(at: datetime, row: Callback) -> str:
    values = [at.isoformat(), row.misses, row.due_at.isoformat(), str(row.pk)]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str) -> _Place:
    try:
        padded = cursor[:300] + "=" * (-len(cursor[:300]) % 4)
        at, misses, due_at, pk = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place = _Place(datetime.fromisoformat(at), misses, datetime.fromisoformat(due_at), UUID(pk))
        if (
            type(misses) is not int
            or not 0 <= misses < 2**31
            or not (place.at.tzinfo and place.due_at.tzinfo)
        ):
            raise ValueError
        return place
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        raise Invalid(
            fields={"cursor": ["This page address is not valid. Start from the first page."]}
        ) from None
