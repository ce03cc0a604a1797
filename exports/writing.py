"""An export is written: claim and commit, read and seal and store batch by batch, settle and commit.

One batch is in memory, in a transaction of its own, which also says how far it is and keeps the claim alive. Nothing of
it touches a disk unsealed, and nothing is served until the row says that it is whole. A worker may be killed anywhere:
its claim runs out, the sweep asks again, and the next attempt removes what the last one left and begins anew.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import keys
from accounts.models import Business, Member
from accounts.permissions import Permission
from audit.recording import record
from callcrm.errors import Invalid
from callcrm.lib import logs
from callcrm.lib.crypto import chunks, envelope
from callcrm.lib.paging import page
from callcrm.lib.tenancy import business_scope, release_connection, system_scope
from exports import asking, lines
from exports.events import ExportFailed, ExportWritten
from exports.models import KEPT, NO_RIGHT, Export
from recordings import failures, storage
from telephony import feed
from telephony.listing import filters

MOST_ROWS = 100_000
BATCH = 500
TOLD_EVERY = 2_000  # rows: pages that are open ask again for each frame
MOST_ATTEMPTS = 3
LEASE = timedelta(minutes=1)  # longer than a batch takes
MOST_SWEPT = 100
State = Export.State

_log = logs.get("callcrm.exports")


class Overtaken(Exception):
    """Somebody else writes it by now, or it is gone. What was written does not count."""


class NoRight(Exception):
    """Who asked for it may not export any more."""


@dataclass(slots=True)
class _Claim:
    """The right to write an export, and what is known of the file so far."""

    business_id: UUID
    export_id: UUID
    name: str
    left: list[str]
    context: tuple[str, ...]
    key: bytes = field(default_factory=lambda: secrets.token_bytes(envelope.KEY_BYTES), repr=False)
    size: int = 0

    def row(self) -> Export:
        """Return the row, locked. Raises Overtaken. It is known by its name, for attempts can be counted anew."""
        mine = Export.objects.filter(pk=self.export_id, stored_as=self.name, state=State.WRITING)
        row = mine.select_for_update().first()
        if row is None:
            raise Overtaken
        return row


def carry_out(business_id: UUID, export_id: UUID) -> None:
    """Write one export, if nobody does. Needs no scope; raises nothing that a storage can cause."""
    claim = _claim(business_id, export_id)
    if claim is None:
        return
    try:
        _write(claim)
    except Overtaken:
        _log.info("an export was written by somebody else", export_id=str(export_id))
    except (*failures.EXPECTED, NoRight, Invalid) as failure:
        _settle_failed(claim, failure)
    except Exception as failure:  # a fault of ours leaves its reason in the row like any other
        _log.exception("an export could not be written", export_id=str(export_id))
        _settle_failed(claim, failure)


def sweep() -> None:
    """Ask again for what has lost its worker or its job."""
    from exports.tasks import write_export  # tasks import this module

    free = Q(claimed_until=None, created_at__lt=now() - LEASE) | Q(claimed_until__lt=now())
    with system_scope("exports of all businesses that wait", Business.objects.values_list("pk", flat=True)):
        lost = Export.objects.filter(free, state__in=Export.TO_WRITE).exclude(pk__in=_in_the_queue())
        for business_id, pk in lost.order_by("created_at").values_list("business_id", "pk")[:MOST_SWEPT]:
            write_export.defer(business_id=str(business_id), export_id=str(pk))


def _in_the_queue() -> list[str]:
    """While other jobs go first, what waits is not given one job more every minute."""
    waiting = ProcrastinateJob.objects.filter(task_name="exports.tasks.write_export", status="todo")
    return list(waiting.values_list("args__export_id", flat=True))


def _claim(business_id: UUID, export_id: UUID) -> _Claim | None:
    """Say where the file will be before anything is there: what is left after a kill can then be found.

    A name of before stays in the row to the very end: whoever was overtaken may yet put his file there.
    """
    with business_scope(business_id):
        free = Q(claimed_until=None) | Q(claimed_until__lt=now())
        waiting = Export.objects.filter(free, pk=export_id, state__in=Export.TO_WRITE)
        row = waiting.select_for_update().first()
        if row is None:
            return None
        if row.attempts >= MOST_ATTEMPTS:
            _fail(row, failures.FAULT)
            return None
        row.left, row.stored_as = row.names, storage.new_name()
        row.state, row.attempts, row.claimed_until = State.WRITING, row.attempts + 1, now() + LEASE
        row.written, row.total, row.is_cut = 0, None, False
        row.save()
        _tell(row)
        return _Claim(business_id, export_id, row.stored_as, row.left, row.context)


def _write(claim: _Claim) -> None:
    release_connection()
    place = storage.kept_in()
    for name in claim.left:
        place.delete(name)
    place.put(claim.name, chunks.seal(_blocks(claim), key=claim.key, context=claim.context))
    try:
        _settle(claim)
    except BaseException:
        place.delete(claim.name)
        raise


def _blocks(claim: _Claim) -> Iterator[bytes]:
    """Yield the file, a batch at a time."""
    cursor, more, block = "", True, lines.head()
    _count(claim)
    while True:
        claim.size += len(block)
        yield block
        if not more:
            return
        block, cursor = _batch(claim, cursor)
        more = bool(cursor)


def _count(claim: _Claim) -> None:
    """Not a row more than a file may have is counted."""
    with business_scope(claim.business_id):
        row = _allowed(claim)
        found = asking.calls_of(row).order_by()[: MOST_ROWS + 1].count()
        row.total, row.is_cut = min(found, MOST_ROWS), found > MOST_ROWS
        row.save(update_fields=["total", "is_cut"])


def _batch(claim: _Claim, cursor: str) -> tuple[bytes, str]:
    """Return the lines of the next calls, and where those after them begin: nowhere when that is all."""
    with business_scope(claim.business_id):
        row = _allowed(claim)
        size = min(BATCH, MOST_ROWS - row.written)
        found = page(asking.calls_of(row), cursor=cursor, size=size, at="started_at", order=filters.ORDER)
        block = lines.of(found.rows, row.business.tz)
        told, row.written = row.written // TOLD_EVERY, row.written + len(found.rows)
        row.claimed_until = now() + LEASE
        row.save(update_fields=["written", "claimed_until"])
        if row.written // TOLD_EVERY != told:
            _tell(row)
        return block, found.older if row.written < MOST_ROWS else ""


def _allowed(claim: _Claim) -> Export:
    """Return the row with its member as he is now. Raises NoRight once he may no longer export."""
    row = claim.row()
    active = Member.objects.active().filter(business_id=row.business_id, pk=row.made_by_id)
    member = active.select_related("user", "business").first()
    if member is None or not member.can(Permission.EXPORT):
        raise NoRight
    row.made_by, row.business = member, member.business
    return row


def _settle(claim: _Claim) -> None:
    with business_scope(claim.business_id):
        row = claim.row()
        wrapping = keys.data_key(row.business_id)
        row.key = envelope.wrap(wrapping.secret, claim.key, context=claim.context)
        row.key_version, row.size = wrapping.version, claim.size
        row.state, row.failure, row.claimed_until = State.READY, "", None
        row.total, row.ends_at = row.written, now() + KEPT
        row.save()
        _tell(row)
        written = ExportWritten(export_id=row.pk, rows=row.written)
        record(written, by=None, business_id=row.business_id)


def _settle_failed(claim: _Claim, failure: Exception) -> None:
    """Keep the reason. What is left of the file is removed by the next attempt, or when it is over."""
    code = NO_RIGHT if isinstance(failure, NoRight) else failures.code_of(failure)
    try:
        with business_scope(claim.business_id):
            _fail(claim.row(), code)
    except Overtaken:
        return


def _fail(row: Export, code: str) -> None:
    row.state, row.failure, row.claimed_until = State.FAILED, code, None
    row.save(update_fields=["state", "failure", "claimed_until"])
    record(ExportFailed(export_id=row.pk, why=code), by=None, business_id=row.business_id)
    _tell(row)


def _tell(row: Export) -> None:
    feed.tell(row.business_id, "export.changed", row.pk, row.state)
