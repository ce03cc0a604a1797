"""What members do about debts: close one and say why, open it again, take it on. Each verb writes its event.

Evidence opens and closes debts in `ledger.py`; nothing else does. Who closes one as spam marks the person, and who
opens that again takes the mark off; the other way round it is `spam.py`'s. Locks: the lead, then his debt.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import Business, Member
from audit.models import Entry
from audit.recording import actor_name, record, record_all
from callcrm.errors import Conflict, Invalid, NotFound, Refused
from callcrm.lib.tenancy import business_scope
from leads import spam
from telephony import feed
from telephony.callbacks import ledger
from telephony.events import CallbackAssigned, CallbackClosed, CallbackReopened
from telephony.models import LONGEST_WORDS, Call, Callback, CallbackQuerySet, Reason

UNSAID = "Say in a few words why."
REACHED = "The person was reached meanwhile, so it is closed."
OPEN = "It is open already."
NOT_YOURS = "Somebody else has taken it meanwhile. It stays as it is."
PROVEN = "It was closed by a call or a text, which stays proof. If the person calls in vain again, a new one opens."


@transaction.atomic
def close(callback: Callback, reason: str, words: str = "", *, by: Member) -> Callback:
    """Close a debt without evidence. Raises Invalid like `cleaned`, Conflict when it is closed."""
    words = cleaned(reason, words)
    row = _locked(callback)
    if not row.is_open:
        raise Conflict(_who_closed(row, by))
    close_all([row], reason, words, by=by)
    return row


def cleaned(reason: str, words: str) -> str:
    """Return the words that go with a reason. Raises Invalid for a reason that is none, and for words amiss."""
    if reason not in Reason.values:
        raise Invalid(fields={"reason": [f"Choose from {', '.join(Reason.values)}."]})
    words = " ".join(words.split())
    if reason == Reason.OTHER and not words:
        raise Invalid(UNSAID, fields={"words": [UNSAID]})
    if words and reason != Reason.OTHER:
        raise Invalid(fields={"words": ["Only with the reason “other”."]})
    if len(words) > LONGEST_WORDS or "\0" in words:
        text = f"Write up to {LONGEST_WORDS} characters."
        raise Invalid(text, fields={"words": [text]})
    return words


def close_all(rows: Sequence[Callback], reason: str, words: str = "", *, by: Member) -> datetime:
    """Close debts that are open and locked, for a reason that is `cleaned`; return when. As spam, mark their people."""
    at = now()
    for row in rows:
        row.reason, row.closed_by, row.closed_at = reason, by, at
        if words:  # each is sealed for its person, so each is written by itself
            row.words = words
            row.save(update_fields=["reason", "closed_by", "closed_at", "words"])
    Callback.objects.filter(business_id=by.business_id, pk__in=[row.pk for row in rows]).update(
        reason=reason, closed_by=by, closed_at=at
    )
    events = [CallbackClosed(callback_id=row.pk, lead_id=row.lead_id, reason=reason) for row in rows]
    record_all(events, by=by, business_id=by.business_id)
    feed.tell_all(by.business_id, "callback.changed", {row.pk: row.state for row in rows})
    if reason == Reason.SPAM:
        spam.mark_all({row.lead_id for row in rows}, by=by)
    return at


@transaction.atomic
def reopen(callback: Callback, *, by: Member) -> Callback:
    """Undo the closing by a member. What happened meanwhile counts: returns the debt that holds its tries by now."""
    row = _locked(callback)
    if row.is_open or row.is_proven:
        raise Conflict(OPEN if row.is_open else PROVEN)
    lead, first, was = row.lead, row.attempts.first(), row.reason
    if first is None:
        raise Conflict("Nothing is left of what was owed.")
    record(CallbackReopened(callback_id=row.pk, lead_id=lead.pk), by=by, business_id=row.business_id)
    later = [one for one in ledger.unsettled(lead, since=row.opened_at) if one.pk != row.pk]
    ledger.regroup(lead, [row, *later], by=by)
    if was == Reason.SPAM:
        spam.release_all([lead.pk], by=by)
    first.refresh_from_db()
    found: Callback = first.callback
    return found


@transaction.atomic
def reopen_all(closed: CallbackQuerySet, closings: Mapping[UUID, datetime], *, by: Member) -> int:
    """Undo closings by a member, each if it is still the one of that moment; returns how many debts are open again."""
    people = Callback.objects.filter(business_id=by.business_id, pk__in=list(closings)).values("lead_id")
    ledger.lock_all(by.business_id, people)
    same = [row for row in closed.filter(pk__in=list(closings)) if row.closed_at == closings[row.pk]]
    was_spam = {row.lead_id for row in same if row.reason == Reason.SPAM}
    opened = open_again(same, by=by)
    if was_spam:
        spam.release_all(was_spam, by=by)
    return opened


def open_again(rows: Sequence[Callback], *, by: Member) -> int:
    """Open debts that members have closed, of people who are locked; returns how many are open again.

    Where nothing has happened to a person since, opening is all there is to it, and is done for all in a few queries.
    """
    quiet = ledger.untouched(by.business_id, rows)
    _open([row for row in rows if row.pk in quiet], by)
    others = sorted((row for row in rows if row.pk not in quiet), key=lambda row: row.lead_id)
    return len(quiet) + sum(_reopened(row, by) for row in others)


def _open(rows: list[Callback], by: Member) -> None:
    if not rows:
        return
    pks = [row.pk for row in rows]
    Callback.objects.filter(business_id=by.business_id, pk__in=pks).update(
        closed_at=None, closed_by=None, reason="", words=None
    )
    events = [CallbackReopened(callback_id=row.pk, lead_id=row.lead_id) for row in rows]
    record_all(events, by=by, business_id=by.business_id)
    feed.tell_all(by.business_id, "callback.changed", dict.fromkeys(pks, "open"))


def _reopened(row: Callback, by: Member) -> bool:
    """Say whether it could be opened again: it may be part of another one by now."""
    try:
        reopen(row, by=by)
    except Refused:
        return False
    return True


@transaction.atomic
def assign(callback: Callback, member: Member | None, *, by: Member) -> Callback:
    """Say who calls back, or that anybody may. Raises Invalid for a stranger, Conflict when it is closed."""
    row = _locked(callback)
    if member and (member.business_id != row.business_id or member.removed_at):
        raise Invalid(fields={"assigned_to": ["This is no member of the business."]})
    if not row.is_open:
        raise Conflict(_who_closed(row, by))
    member_id = member.pk if member else None
    if row.assigned_to_id == member_id:
        return row
    row.assigned_to = member
    row.save(update_fields=["assigned_to"])
    event = CallbackAssigned(callback_id=row.pk, lead_id=row.lead_id, member_id=member_id)
    record(event, by=by, business_id=row.business_id)
    feed.tell(row.business_id, "callback.changed", row.pk, row.state)
    return row


def colleagues(by: Admitted) -> QuerySet[Member]:
    """Return who could call back."""
    return Member.objects.active().filter(business_id=by.business_id).select_related("user")


def colleague(pk: str, *, by: Member) -> Member:
    """Return whom an id names. Raises Invalid for a stranger and for nonsense."""
    found = next((member for member in colleagues(by) if str(member.pk) == pk), None)
    if found is None:
        raise Invalid(fields={"member": ["This is no member of the business."]})
    return found


@transaction.atomic
def hand_back(callback: Callback, member: Member | None, *, by: Member) -> Callback:
    """Let who calls back be as before, or nobody. Raises Conflict when it is neither one's own nor one's own saying."""
    row = _locked(callback)
    is_free = row.assigned_to_id is None and member is None
    if row.is_open and not (is_free or row.assigned_to_id == by.pk or was_given_by(row, by)):
        raise Conflict(NOT_YOURS)
    return assign(callback, member, by=by)


def was_given_by(callback: Callback, member: Member) -> bool:
    """Say whether he was the last to say who calls back: taking that back needs no sight of it."""
    about = Entry.objects.about(callback.business_id, callback.lead_id).filter(name=CallbackAssigned.name)
    last = about.filter(data__callback_id=str(callback.pk)).first()
    return last is not None and last.actor == actor_name(member)


def take_up(business: Business, *, since: datetime) -> int:
    """Open what calls since then are owed, as if they had just ended; returns how many. Each is taken by itself."""
    owed = {"direction": "inbound", "outcome__in": ledger.OWED, "lead__isnull": False, "owed": None}
    with business_scope(business.pk):
        calls = Call.objects.filter(business=business, started_at__gte=since, **owed).order_by("started_at")
        found = list(calls.values_list("pk", flat=True))
    for pk in found:
        with business_scope(business.pk):
            for call in Call.objects.select_for_update().filter(business=business, pk=pk):
                ledger.follow_call(call, by=None)
    return len(found)


def _who_closed(row: Callback, by: Member) -> str:
    """Whoever may know of a debt may know who has closed it; how it was proven paid is another question."""
    if row.is_proven or row.closed_by is None:
        return REACHED
    who = "You have" if row.closed_by == by else f"{row.closed_by.name} has"
    return f"{who} closed it already: {row.get_reason_display().lower()}."


def _locked(callback: Callback) -> Callback:
    lead = ledger.lock(callback.business_id, callback.lead_id)
    row = Callback.objects.filter(business_id=callback.business_id, pk=callback.pk).first()
    if lead is None or row is None:
        raise NotFound
    row.lead = lead
    return row
