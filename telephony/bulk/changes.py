"""What staff say of many calls at once, and taking it back.

A change takes a fixed number of queries, however many calls it names, and each call's history has it: one entry each,
as if it had been said of that call alone. Calls that a member may not see are as if they were not named. Undoing puts
back what a call said before, unless somebody has said something else since. Locks: calls by id; what is owed for them
is changed in `debts.py`, and their people in `people.py`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.timezone import now

from accounts import idempotency
from accounts.doors import Admitted
from accounts.models import Member
from audit.recording import record_all
from callcrm.errors import Conflict, Invalid, NotFound
from telephony import editing, feed
from telephony.bulk import debts, people
from telephony.callbacks import settling
from telephony.events import CallChanged
from telephony.models import UNDOABLE, BulkChange, Call, Reason

MOST = 200
UNSAID = "Fill in one field, and press the button beside it."
MISSING: dict[str, str] = {
    "outcome": "Write the outcome first.",
    "tag": "Write the tag first.",
    "reason": "Choose why no call back is needed.",
}
ONE_TAG = "One tag at a time: a comma can stand in none."
What = BulkChange.What


@dataclass(frozen=True, slots=True)
class Undone:
    """How many are as they were, and how many stay, because they were changed meanwhile."""

    restored: int
    left: int


def change(
    pks: Collection[UUID], what: str, value: str, words: str = "", *, key: str, by: Member
) -> BulkChange:
    """Do it once for this key; `words` say why, where no other reason fits.

    Raises Invalid for what cannot be done, NotFound when none of the calls is visible.
    """
    counted(pks)
    value = cleaned(what, value, by, words)
    wish = {"what": what, "value": value, "calls": sorted(map(str, pks))} | (
        {"words": words} if words else {}
    )
    key = f"bulk-{idempotency.read(key)}"[:80]
    made = idempotency.once(by, key, wish, lambda: _make(pks, what, value, words, by))
    row = BulkChange.objects.visible_to(by).filter(pk=made).first()
    if row is None:
        raise Conflict("This was done before, and can no longer be undone.")
    return row


def counted(pks: Collection[UUID]) -> Collection[UUID]:
    """Return them, if they are as many as may be changed or exported at once. Raises Invalid."""
    if len(pks) > MOST or not pks:
        text = f"Choose from 1 to {MOST} calls."
        raise Invalid(text, fields={"call": [text]})
    return pks


@transaction.atomic
def undo(bulk: BulkChange, *, by: Member) -> Undone:
    """Put back what was, where nobody has changed it since. Raises Conflict: another's, too late, undone already."""
    row = BulkChange.objects.visible_to(by).select_for_update().filter(pk=bulk.pk).first()
    if row is None:
        raise NotFound
    if row.made_by_id != by.pk:
        raise Conflict("Only who has made a change can undo it.")
    if row.undone_at:
        raise Conflict("This is undone already.")
    if not row.can_be_undone:
        raise Conflict(f"This can be undone for {UNDOABLE.seconds // 60} minutes, and they are over.")
    restored = _put_back(row, by)
    row.undone_at = now()
    row.save(update_fields=["undone_at"])
    return Undone(restored, len(row.before) - restored)


def undoable(by: Admitted) -> BulkChange | None:
    """Return the newest change that he can undo."""
    mine = BulkChange.objects.visible_to(by).filter(made_by_id=by.pk, undone_at=None)
    return mine.filter(made_at__gt=now() - UNDOABLE).exclude(before={}).order_by("-made_at").first()


def trim(business_id: UUID) -> None:
    """Forget what can no longer be undone. Runs in the scope of the business."""
    BulkChange.objects.filter(business_id=business_id, made_at__lt=now() - 2 * UNDOABLE).delete()


def cleaned(what: str, value: str, by: Member, words: str = "") -> str:
    """Return the value as it is kept. Raises Invalid naming what is wrong."""
    value = value.strip()
    if what == What.SPAM:
        return ""
    if what == What.CLOSE and value in Reason.values:
        settling.cleaned(value, words)
        return value
    if what in (What.TAG, What.UNTAG) and "," in value:
        raise Invalid(ONE_TAG, fields={"tag": [ONE_TAG]})
    if what in (What.TAG, What.UNTAG) and value:
        return editing.clean_tags([value])[0]
    if what == What.ASSIGN:
        member = debts.colleague(value, by)
        return str(member.pk) if member else debts.NOBODY
    if what == What.OUTCOME and value:
        return str(editing.cleaned({"disposition": value})["disposition"])
    field = _FIELDS.get(what, "what")
    unsaid = MISSING.get(field, UNSAID)
    raise Invalid(unsaid, fields={field: [unsaid]})


_FIELDS: dict[str, str] = {What.OUTCOME: "outcome", What.TAG: "tag", What.UNTAG: "tag", What.CLOSE: "reason"}


def _make(pks: Collection[UUID], what: str, value: str, words: str, by: Member) -> UUID:
    named = Call.objects.visible_to(by).filter(pk__in=pks)
    at = now()
    before = _do(named, what, value, words, by)
    if what == What.SPAM:
        value = str(people.closed(before, at, by))
    kept = {str(pk): said for pk, said in before.items()}
    row = BulkChange.objects.create(
        business_id=by.business_id, made_by=by, what=what, value=value, before=kept
    )
    return row.pk


def _do(named: Any, what: str, value: str, words: str, by: Member) -> dict[UUID, Any]:
    if what == What.CLOSE:
        return debts.close(named, value, settling.cleaned(value, words), by)
    if what == What.ASSIGN:
        return debts.assign(named, value, by)
    if what == What.SPAM:
        return people.mark(named, by)
    return _say(named, what, value, by)


def _put_back(row: BulkChange, by: Member) -> int:
    if row.what == What.CLOSE:
        return debts.reopen(row.before, row.value, by)
    if row.what == What.ASSIGN:
        return debts.put_back(row.before, row.value, by)
    if row.what == What.SPAM:
        return people.put_back(row.before, by)
    return _restore(row, by)


# --- Outcome and tags


def _say(named: Any, what: str, value: str, by: Member) -> dict[UUID, Any]:
    calls = list(named.select_for_update().order_by("pk"))
    if not calls:
        raise NotFound
    field = "disposition" if what == What.OUTCOME else "tags"
    before = {call.pk: getattr(call, field) for call in calls}
    for call in calls:
        setattr(call, field, said(what, value, before[call.pk]))
    changed = [call for call in calls if getattr(call, field) != before[call.pk]]
    _save(changed, field, by)
    return {call.pk: before[call.pk] for call in changed}


def said(what: str, value: str, before: Any) -> Any:
    """Return what a call says after a change that said `before`. One that has no room for another tag stays."""
    if what == What.OUTCOME:
        return value
    others = [tag for tag in before if tag != value]
    if what == What.UNTAG:
        return others
    return before if value in before or len(before) >= editing.MOST_TAGS else [*before, value]


def _restore(row: BulkChange, by: Member) -> int:
    field = "disposition" if row.what == What.OUTCOME else "tags"
    visible = Call.objects.visible_to(by).filter(pk__in=list(row.before))
    same = []
    for call in visible.select_for_update().order_by("pk"):
        before = row.before[str(call.pk)]
        if getattr(call, field) == said(row.what, row.value, before):
            setattr(call, field, before)
            same.append(call)
    _save(same, field, by)
    return len(same)


def _save(calls: list[Call], field: str, by: Member) -> None:
    if not calls:
        return
    Call.objects.bulk_update(calls, [field])
    record_all(
        (CallChanged(call_id=call.pk, fields=[field]) for call in calls), by=by, business_id=by.business_id
    )
    feed.tell_all(by.business_id, "call.changed", {call.pk: call.state for call in calls})
