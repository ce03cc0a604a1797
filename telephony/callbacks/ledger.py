"""Keeping the debts in step with what happened: `follow_call` and `follow_text`, whenever one has changed.

Safe twice, late and in any order: `owing.py` is asked anew what the person's tries and proofs make, and the rows are
made to say that. A debt that a member has closed stays as he closed it. Locks: the call or text, then the lead, so that
whoever tells of one person waits for the other. Two leads that become one: move their debts, then `regroup` them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Q

from audit.events import Event
from audit.recording import Actor, record
from leads.models import Lead
from telephony import feed
from telephony.callbacks import owing
from telephony.callbacks.owing import Debt, Proof
from telephony.events import CallbackOpened, CallbackProven, CallbackUnproven, CallbackWithdrawn
from telephony.hours import opening
from telephony.models import Call, Callback, CallbackMiss, Message, MissKind, Outcome, ProofKind
from telephony.providers.base import Direction, MessageState

By = Actor | str | None
Debts = list[tuple[Callback, Debt[CallbackMiss]]]
OWED = (Outcome.MISSED, Outcome.VOICEMAIL, Outcome.ABANDONED)
REACHED = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ)
# How far back the time of a call may still move, and with it what belongs to which debt. Older proofs stand.
UNSETTLED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _News:
    """What is told: of which call or text, whether somebody tried in vain by it, and when."""

    of: Call | Message
    kind: MissKind | None
    at: datetime
    by: By

    @property
    def named(self) -> dict[str, Call | Message]:
        return {"call" if isinstance(self.of, Call) else "message": self.of}


def is_owed(call: Call) -> bool:
    """Say whether nobody answered somebody who can be called back. Who withholds his number is only counted.

    A call that is logged by hand may name a person of whom no number is known.
    """
    can_be = call.lead_id is not None and not (call.is_manual and call.phone_id is None)
    return call.direction == Direction.INBOUND and can_be and call.outcome in OWED


def facts(call: Call) -> tuple[object, ...]:
    """Return what of a call decides about debts: while it stays the same, nobody need ask."""
    decides = call.lead_id is not None and (call.answered_at is not None or is_owed(call))
    return (call.lead_id, call.outcome, call.answered_at, call.started_at) if decides else ()


def follow_call(call: Call, *, by: By) -> None:
    """A call has changed: it opens a debt, proves one paid, or was not owed after all. The call is locked."""
    kind = MissKind(str(call.outcome)) if is_owed(call) else None
    _follow(_News(call, kind, call.started_at, by))


def follow_text(message: Message, body: str | None, *, by: By) -> None:
    """A text has come in, or one of ours has moved on. The text is locked."""
    asks = message.direction == Direction.INBOUND and owing.wants_answer(body)
    _follow(_News(message, MissKind.TEXT if asks else None, message.created_at, by))


def lock(business_id: UUID, lead_id: UUID | None) -> Lead | None:
    """Lock a person against others who tell of him, not against new calls that name him; None: he was deleted."""
    locked = Lead.objects.select_for_update(no_key=True).only("business", "status")
    return locked.filter(business_id=business_id, pk=lead_id).first() if lead_id else None


def lock_all(business_id: UUID, people: Any) -> None:
    """Lock many people likewise, by id, so that two who lock some of the same never wait for each other."""
    locked = Lead.objects.select_for_update(no_key=True).only("pk")
    list(locked.filter(business_id=business_id, pk__in=people).order_by("pk"))


def untouched(business_id: UUID, closed: Sequence[Callback]) -> set[UUID]:
    """Return which of these debts would be what they were, if they opened again: nothing else is known of their people
    that began after them, and their tries are those they had. The leads are locked, and each has one debt at most.
    """
    if not closed:
        return set()
    rows = {row.lead_id: row for row in closed if not row.is_open and not row.is_proven}
    since = min(row.opened_at for row in closed)
    mine = {"business_id": business_id, "lead_id__in": list(rows)}
    late = Q(closed_at=None) | Q(closed_at__gte=since - UNSETTLED)
    tries = CallbackMiss.objects.filter(business_id=business_id, callback__in=list(rows.values()))
    others = Callback.objects.filter(late, **mine, reason="").values_list("lead_id", flat=True)
    reached = Call.objects.filter(**mine, answered_at__isnull=False, started_at__gt=since)
    written = Message.objects.filter(
        **mine, direction=Direction.OUTBOUND, state__in=REACHED, created_at__gt=since
    )
    stirred = {*others, *_after(rows, reached, "started_at"), *_after(rows, written, "created_at")}
    had: dict[UUID, list[CallbackMiss]] = {}
    for one in tries:
        had.setdefault(one.callback_id, []).append(one)
    calm = (row for lead_id, row in rows.items() if lead_id not in stirred)
    return {row.pk for row in calm if row.pk in had and _says(row, had[row.pk])}


def _after(rows: Mapping[UUID, Callback], proofs: Any, at: str) -> set[UUID]:
    """Return the people of whom there is one that began after their first try."""
    latest = proofs.order_by().values("lead_id").annotate(at=Max(at)).values_list("lead_id", "at")
    return {lead_id for lead_id, then in latest if then > rows[lead_id].opened_at}


def _says(row: Callback, tries: list[CallbackMiss]) -> bool:
    before = _values(row)
    _sum_up(row, tries)
    return _values(row) == before


def join(kept: Lead, gone: Lead) -> None:
    """Two cards of one person become one, and his open debts with them. Both leads are locked, the calls have moved."""
    both = Callback.objects.open().filter(business_id=kept.business_id, lead__in=(kept, gone))
    rows = list(both.order_by("opened_at", "pk"))
    for row in rows[1:]:
        CallbackMiss.objects.filter(business_id=kept.business_id, callback=row).update(callback=rows[0])
        _withdraw(row, None)
    if rows:
        rows[0].lead = kept
        rows[0].save(update_fields=["lead"])
        regroup(kept, rows[:1], by=None)


def _follow(news: _News) -> None:
    lead = lock(news.of.business_id, news.of.lead_id)
    if lead is None:
        return
    miss = CallbackMiss.objects.filter(business_id=lead.business_id, **news.named).first()
    rows = unsettled(lead, since=min(news.at, miss.at) if miss else news.at)
    if miss is None and news.kind and lead.status != Lead.Status.SPAM:
        miss = CallbackMiss(business_id=lead.business_id, **news.named)
        miss.kind, miss.at = news.kind, news.at
        regroup(lead, rows, fresh=[miss], by=news.by)
        return
    if miss is not None:
        _correct(miss, news, rows)
    regroup(lead, rows, by=news.by)


def _correct(miss: CallbackMiss, news: _News, rows: list[Callback]) -> None:
    """What was taken for a try is another kind of one, came at another time, or was answered after all."""
    if isinstance(news.of, Message) or (miss.kind, miss.at) == (news.kind, news.at):
        return
    if news.kind is None:
        miss.delete()
    else:
        miss.kind, miss.at = news.kind, news.at
        miss.save()
    if all(row.pk != miss.callback_id for row in rows):
        _recount(Callback.objects.get(business_id=miss.business_id, pk=miss.callback_id), news.by)


def _recount(row: Callback, by: By) -> None:
    """A debt that is closed for good keeps its closing, and goes when nothing of it was ever owed."""
    tries = list(row.attempts.all())
    if not tries:
        _withdraw(row, by)
        return
    _sum_up(row, tries)
    row.save()
    _tell(row)


def unsettled(lead: Lead, *, since: datetime) -> list[Callback]:
    """Return the person's debts that something of then may still change: not those that a member has closed."""
    mine = Callback.objects.filter(business_id=lead.business_id, lead=lead, reason="")
    late = Q(closed_at=None) | Q(closed_at__gte=since - UNSETTLED)
    return list(mine.filter(late).order_by("opened_at", "id"))


def regroup(lead: Lead, rows: list[Callback], *, fresh: Iterable[CallbackMiss] = (), by: By) -> None:
    """Make these debts what the person's tries and proofs say. The lead is locked."""
    mine = CallbackMiss.objects.filter(business_id=lead.business_id, callback__in=rows)
    tries = [*(mine if rows else ()), *fresh]
    had = {one.callback_id for one in tries}
    proofs = list(_proofs(lead, min(one.at for one in tries))) if tries else []
    debts = list(_matched(lead, rows, owing.settle(tries, proofs)))
    kept = {row.pk for row, _ in debts}
    proven = [(row, debt) for row, debt in debts if debt.proof]
    for row, debt in proven:  # before the open one: a person has room for one
        _save(lead, row, debt, by)
    _move(debts)
    for row in rows:
        if row.pk not in kept and (row.pk in had or not row.attempts.exists()):
            _withdraw(row, by)
    for row, debt in debts:
        if not debt.proof:
            _save(lead, row, debt, by)


def _proofs(lead: Lead, since: datetime) -> Iterator[Proof]:
    """Yield what shows, after a moment, that somebody got back to the person or he got through."""
    mine = {"business_id": lead.business_id, "lead": lead}
    calls = Call.objects.filter(**mine, started_at__gt=since, answered_at__isnull=False)
    for pk, at, reached_at in calls.values_list("pk", "started_at", "answered_at"):
        yield Proof(at, max(at, reached_at or at), ProofKind.CALL, pk)
    ours = Message.objects.filter(**mine, created_at__gt=since, direction=Direction.OUTBOUND)
    for pk, at in ours.filter(state__in=REACHED).values_list("pk", "created_at"):
        yield Proof(at, at, ProofKind.TEXT, pk)


def _matched(
    lead: Lead, rows: list[Callback], debts: Iterable[Debt[CallbackMiss]]
) -> Iterator[tuple[Callback, Debt[CallbackMiss]]]:
    """Give each debt the row of its first try that no earlier debt has, else a new one."""
    free = {row.pk: row for row in rows}
    for debt in debts:
        place = next((one.callback_id for one in debt.tries if one.callback_id in free), None)
        row = free.pop(place) if place else Callback(business_id=lead.business_id, lead=lead)
        yield row, debt


def _move(debts: Debts) -> None:
    for row, debt in debts:
        for one in debt.tries:
            if one._state.adding or one.callback_id != row.pk:
                one.callback = row
                one.save()


def _save(lead: Lead, row: Callback, debt: Debt[CallbackMiss], by: By) -> None:
    is_new, before, was_proven, opened_at = row._state.adding, _values(row), row.is_proven, row.opened_at
    _sum_up(row, debt.tries)
    if is_new or row.opened_at != opened_at:
        row.due_at = owing.due(row.opened_at, opening.of(lead.business))
    proof = debt.proof
    row.closed_at, row.proof = (proof.reached_at, proof.id) if proof else (None, None)
    row.proof_kind = proof.kind if proof else ""
    row.reason, row.words, row.closed_by = "", None, None
    if _values(row) == before and not is_new:
        return
    row.save()
    for event in _events(row, is_new=is_new, was_proven=was_proven):
        record(event, by=by, business_id=row.business_id)
    _tell(row)


def _events(row: Callback, *, is_new: bool, was_proven: bool) -> Iterator[Event]:
    about: dict[str, UUID] = {"callback_id": row.pk, "lead_id": row.lead_id}
    if is_new:
        yield CallbackOpened(**about)
    if row.is_proven and not was_proven:
        yield CallbackProven(**about, by_what=row.proof_kind)
    if row.is_open and was_proven:
        yield CallbackUnproven(**about)


def _sum_up(row: Callback, tries: list[CallbackMiss]) -> None:
    times, kinds = [one.at for one in tries], [one.kind for one in tries]
    row.opened_at, row.last_missed_at, row.misses = min(times), max(times), len(tries)
    row.voicemails, row.texts = kinds.count(MissKind.VOICEMAIL), kinds.count(MissKind.TEXT)


def _values(row: Callback) -> tuple[object, ...]:
    tries = (row.opened_at, row.last_missed_at, row.misses, row.voicemails, row.texts)
    return (*tries, row.closed_at, row.proof, row.reason)


def _withdraw(row: Callback, by: By) -> None:
    """Nothing of it was owed, or it has become part of another debt."""
    event = CallbackWithdrawn(callback_id=row.pk, lead_id=row.lead_id)
    record(event, by=by, business_id=row.business_id)
    feed.tell(row.business_id, "callback.changed", row.pk, "withdrawn")
    Callback.objects.filter(business_id=row.business_id, pk=row.pk).delete()


def _tell(row: Callback) -> None:
    feed.tell(row.business_id, "callback.changed", row.pk, row.state)
