"""Asking for an export. Its row keeps by what the calls are found, until its file is gone (`exports.taking`).

That is the filters of the list, which are words of staff and ids, also a person's; and of a search the ids of whom it
had found at the press, as the list has them; or the ids of the calls that were chosen. What was typed is not kept.

Two presses of one button are one export. Days become a time, and nothing that begins later is written: which calls are
in the file does not depend on when a worker comes to it.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.dateparse import parse_datetime

from accounts import idempotency, limits
from accounts.doors import check
from accounts.models import Member
from accounts.permissions import Permission
from audit.recording import record
from callcrm.errors import Conflict, Invalid, NotFound
from exports.events import ExportAsked
from exports.models import ANOTHERS, Export
from telephony import feed
from telephony.bulk import changes
from telephony.listing import dates, filters
from telephony.models import Call, CallQuerySet

State = Export.State
FOUND_NOBODY = "Nothing was exported: the search is over, or it finds nobody. Search again, then export."


def ask(
    given: Mapping[str, str],
    pks: Collection[UUID] | None = None,
    *,
    key: str,
    by: Member,
    people: Collection[UUID] = (),
) -> Export:
    """Ask once for this key: for the calls that these filters let through, or for those that were chosen.

    Of a search, `people` are whom it finds. Raises Denied, Invalid for a filter that is nonsense and for a search that
    finds nobody, NotFound when none of the chosen is visible, TooMany.
    """
    check(by, Permission.EXPORT, writes=True)
    chosen = sorted(map(str, changes.counted(pks))) if pks is not None else []
    wish = {"calls": chosen, "filters": {} if chosen else dict(given)}
    key = _named(idempotency.read(key))
    found = [] if chosen else sorted(map(str, people))
    made = idempotency.once(by, key, wish, lambda: _make(wish["filters"], chosen, found, by).pk)
    return Export.objects.get(business_id=by.business_id, pk=made)


def was_asked(key: str, *, by: Member) -> bool:
    """Say whether this key has made an export: of it the second press is told, whatever became of the search."""
    return idempotency.has_made(by, _named(key))


@transaction.atomic
def again(export: Export, *, by: Member) -> Export:
    """Let one that failed be written after all. Raises Conflict for any other."""
    check(by, Permission.EXPORT, writes=True)
    row = Export.objects.visible_to(by).select_for_update().filter(pk=export.pk).first()
    if row is None:
        raise NotFound
    if row.made_by_id != by.pk:
        raise Conflict(ANOTHERS)
    if row.is_on_its_way:
        return row
    if row.state != State.FAILED:
        raise Conflict("It was written. Ask for a new export.")
    limits.hit(limits.EXPORTS, str(by.pk))
    row.state, row.failure, row.attempts, row.claimed_until = State.WAITING, "", 0, None
    row.save(update_fields=["state", "failure", "attempts", "claimed_until"])
    _begin(row, by)
    return row


def calls_of(export: Export) -> CallQuerySet:
    """Return what is to be written, as its member may see it now. Raises Invalid for what is no longer understood."""
    visible = Call.objects.visible_to(export.made_by).for_list()
    if export.calls:
        visible = visible.filter(pk__in=export.calls)
    if export.people:
        visible = visible.filter(lead_id__in=export.people)
    found = filters.by(visible, export.filters, member=export.made_by)
    return filters.before(found, export.created_at)


def _named(key: str) -> str:
    return f"export-{key}"[:80]


def _make(given: Any, chosen: list[str], people: list[str], by: Member) -> Export:
    if chosen and not Call.objects.visible_to(by).filter(pk__in=chosen).exists():
        raise NotFound
    if given.get("search") and not people:
        raise Invalid(FOUND_NOBODY)  # all calls would be another list than the one that was asked for
    wanted = _understood(given, by)
    limits.hit(limits.EXPORTS, str(by.pk))
    row = Export.objects.create(
        business_id=by.business_id, made_by=by, filters=wanted, calls=chosen, people=people
    )
    _begin(row, by)
    return row


def _understood(given: Mapping[str, str], by: Member) -> dict[str, str]:
    """Return the filters among what an address says. Raises Invalid as the list does."""
    wanted = {name: value for name, value in given.items() if name in filters.NAMES and value}
    filters.conditions(wanted)
    begin, end = dates.span(wanted, by.business.tz)
    since, until = (parse_datetime(wanted.get(name, "")) for name in ("since", "until"))
    times = {"since": max(filter(None, (begin, since)), default=None),
             "until": min(filter(None, (end, until)), default=None)}  # fmt: skip
    kept = {name: value for name, value in wanted.items() if name not in dates.NAMES}
    return kept | {name: at.isoformat() for name, at in times.items() if at}


def _begin(row: Export, by: Member) -> None:
    from exports.tasks import write_export  # tasks import what imports this module

    names = sorted([*row.filters, *(["search"] if row.people else [])])
    asked = ExportAsked(export_id=row.pk, chosen=len(row.calls), filters=names)
    record(asked, by=by, business_id=row.business_id)
    feed.tell(row.business_id, "export.changed", row.pk, row.state)
    write_export.defer(business_id=str(row.business_id), export_id=str(row.pk))
