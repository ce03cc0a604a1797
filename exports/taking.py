"""Taking an export away, each time written down; and its end, after a day.

The key goes first, and with it by what the calls were found; then the file. A row that says no more than that there was
an export stays for a month.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.timezone import now

from accounts import keys
from accounts.doors import check
from accounts.models import Member
from accounts.permissions import Permission
from audit.recording import record
from callcrm.errors import Conflict, NotFound, Unavailable
from callcrm.lib import logs
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.chunks import Reader
from callcrm.lib.tenancy import business_scope, release_connection
from exports.events import ExportDownloaded, ExportEnded
from exports.models import ANOTHERS, KEPT, Export, ExportQuerySet
from recordings import failures, storage
from telephony import feed

REMEMBERED = timedelta(days=30)  # that it was asked for, in the list; the history knows it for longer
State = Export.State

_log = logs.get("callcrm.exports")


@transaction.atomic
def take(export: Export, *, by: Member) -> Reader:
    """Return what reads the file, and write down that it was taken.

    Raises Denied, Conflict for another's and for one that is not there, Unavailable while the storage is away.
    """
    check(by, Permission.EXPORT, writes=True)
    row = Export.objects.visible_to(by).filter(pk=export.pk).first()
    if row is None:
        raise NotFound
    if row.made_by_id != by.pk:
        raise Conflict(ANOTHERS)
    if not row.can_be_taken:
        raise Conflict("This export is not there, or its day is over. Ask for a new one.")
    record(ExportDownloaded(export_id=row.pk), by=by, business_id=row.business_id)
    try:
        return _open(row)
    except failures.EXPECTED as failure:
        _log.warning("an export cannot be opened", export_id=str(row.pk), reason=failures.code_of(failure))
        raise Unavailable("The storage does not answer. Try again in a moment, or export again.") from None


def end_all(business_id: UUID) -> None:
    """End what is over, and forget what nobody looks for any more. Needs no scope. Safe twice."""
    with business_scope(business_id):
        due = Export.objects.filter(business_id=business_id, state=State.READY, ends_at__lte=now())
        for row in due.select_for_update():
            _end(row)
        # What failed can be written after all for as long as what was written would be there.
        failed = Export.objects.filter(business_id=business_id, state=State.FAILED)
        failed.filter(created_at__lt=now() - KEPT).update(state=State.OVER)
        _empty(business_id)
        old = Export.objects.filter(business_id=business_id, state=State.OVER, stored_as="")
        old.filter(created_at__lt=now() - REMEMBERED).delete()
        left = list(_left(business_id))
    release_connection()
    for row in left:
        _remove(row)


def _open(row: Export) -> Reader:
    place, name = storage.kept_in(), row.stored_as
    wrapping = keys.data_key_of(row.business_id, row.key_version or 0)
    key = envelope.unwrap(wrapping, bytes(row.key or b""), context=row.context)
    return Reader(
        lambda start, end: place.read_range(name, start, end),
        size=row.size or 0,
        key=key,
        context=row.context,
    )


def _end(row: Export) -> None:
    """Without its key nothing opens the file any more, wherever copies of it are."""
    row.state, row.key = State.OVER, None
    row.save(update_fields=["state", "key"])
    record(ExportEnded(export_id=row.pk), by=None, business_id=row.business_id)
    feed.tell(row.business_id, "export.changed", row.pk, row.state)


def _empty(business_id: UUID) -> None:
    """Filters hold words of staff and may name a person, who may be deleted before the row is."""
    over = Export.objects.filter(business_id=business_id, state=State.OVER)
    for row in over.exclude(filters={}, calls=[], people=[]):
        row.had_filters, row.had_calls, row.had_people = row.filtered, row.chosen, row.searched
        row.filters, row.calls, row.people = {}, [], []
        row.save(update_fields=["filters", "calls", "people", "had_filters", "had_calls", "had_people"])


def _left(business_id: UUID) -> ExportQuerySet:
    return Export.objects.filter(business_id=business_id, state=State.OVER).exclude(stored_as="")


def _remove(row: Export) -> None:
    """What the storage refuses now is tried again in an hour."""
    try:
        for name in row.names:
            storage.kept_in().delete(name)
    except storage.StorageError as failure:
        _log.warning("the file of an export is not removed", export_id=str(row.pk), reason=failure.code)
        return
    with business_scope(row.business_id):
        _left(row.business_id).filter(pk=row.pk, stored_as=row.stored_as).update(stored_as="", left=[])
