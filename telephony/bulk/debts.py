"""What is owed for many calls at once: closed with a reason, given to a colleague, put back. `changes.py` keeps count.

A member changes what he sees. Taking his own change back needs no sight of it: a debt that he has given to somebody
else may be out of his sight since. Locks: leads by id, then their debts by id.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.models import Member
from audit.recording import record_all
from callcrm.errors import NotFound
from telephony import feed
from telephony.callbacks import ledger, settling
from telephony.events import CallbackAssigned
from telephony.models import Callback, CallbackMiss

NOBODY = "nobody"


def close(named: Any, reason: str, words: str, by: Member) -> dict[UUID, Any]:
    """Close what is owed for these calls. Returns when, by debt."""
    found = _owed(named, by)
    at = settling.close_all(found, reason, words, by=by)
    return {row.pk: at.isoformat() for row in found}


def reopen(before: dict[str, str], reason: str, by: Member) -> int:
    """Open again what this closed, where nobody has opened it since. What happened meanwhile counts."""
    closings = {UUID(pk): datetime.fromisoformat(at) for pk, at in before.items()}
    visible = Callback.objects.visible_to(by).filter(closed_by=by, reason=reason)
    return settling.reopen_all(visible, closings, by=by)


def assign(named: Any, to: str, by: Member) -> dict[UUID, Any]:
    """Say who calls back for these calls. Returns who was to do so before, by debt."""
    member = colleague(to, by)
    found = [row for row in _owed(named, by) if row.assigned_to_id != (member.pk if member else None)]
    before = {row.pk: str(row.assigned_to_id or NOBODY) for row in found}
    for row in found:
        row.assigned_to = member
    _save(found, by)
    return before


def put_back(before: dict[str, str], to: str, by: Member) -> int:
    """Give each debt back to who had it, unless it is closed, somebody else's by now, or he has left since."""
    people = Callback.objects.filter(business_id=by.business_id, pk__in=list(before)).values("lead_id")
    ledger.lock_all(by.business_id, people)
    given = None if to == NOBODY else UUID(to)
    mine = Callback.objects.open().filter(
        business_id=by.business_id, pk__in=list(before), assigned_to_id=given
    )
    active = {str(member.pk): member for member in settling.colleagues(by)} | {NOBODY: None}
    rows = [row for row in _locked(mine) if before[str(row.pk)] in active]
    for row in rows:
        row.assigned_to = active[before[str(row.pk)]]
    _save(rows, by)
    return len(rows)


def colleague(to: str, by: Member) -> Member | None:
    """Return whom an id names; None stands for anybody. Raises Invalid for a stranger and for nonsense."""
    if to == NOBODY:
        return None
    return settling.colleague(to, by=by)


def _owed(named: Any, by: Member) -> list[Callback]:
    """Return what is owed for these calls, locked. Raises NotFound where none of them is visible."""
    owed = Callback.objects.visible_to(by).open().filter(attempts__call__in=named)
    people = list(owed.values_list("lead_id", flat=True).distinct())
    if not people and not named.exists():
        raise NotFound
    ledger.lock_all(by.business_id, people)
    still = Exists(CallbackMiss.objects.filter(callback_id=OuterRef("pk"), call__in=named))
    rows = Callback.objects.visible_to(by).open().filter(still, lead__in=people)
    return _locked(rows.select_related("lead"))


def _locked(rows: Any) -> list[Callback]:
    return list(rows.select_for_update(of=("self",)).order_by("pk"))


def _save(rows: list[Callback], by: Member) -> None:
    if not rows:
        return
    Callback.objects.bulk_update(rows, ["assigned_to"])
    said = (
        CallbackAssigned(callback_id=row.pk, lead_id=row.lead_id, member_id=row.assigned_to_id)
        for row in rows
    )
    record_all(said, by=by, business_id=by.business_id)
    feed.tell_all(by.business_id, "callback.changed", {row.pk: row.state for row in rows})
