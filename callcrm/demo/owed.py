"""Who was owed a call back: most were reached by a later call or text, some closed by a member, a few still wait."""

from collections.abc import Iterator
from datetime import timedelta

from callcrm.demo.scene import Person, Scene
from callcrm.lib.ids import uuid7_at
from telephony.callbacks import owing
from telephony.callbacks.ledger import OWED, REACHED
from telephony.callbacks.owing import Debt, Proof
from telephony.events import CallbackClosed, CallbackOpened, CallbackProven
from telephony.hours.week import Hours
from telephony.models import Callback, CallbackMiss, Message, MissKind, ProofKind, Reason
from telephony.providers.base import Direction

REASONS = {
    Reason.REACHED_OTHERWISE: 38, Reason.NOT_NEEDED: 32, Reason.DUPLICATE: 8, Reason.WRONG_NUMBER: 9, Reason.SPAM: 9,
    Reason.OTHER: 4,
}  # fmt: skip
IN_WORDS = "Wants a tiler, and was told of one"
FORGOTTEN_SINCE = timedelta(days=6)  # what is older, somebody has closed


def settle(scene: Scene) -> None:
    """Say of everybody what he was owed, and what came of it."""
    hours = scene.hours
    texts: dict[object, list[Message]] = {}
    for message in scene.messages:
        texts.setdefault(message.lead_id, []).append(message)
    for person in scene.people:
        written = texts.get(person.lead.pk, [])
        for debt in owing.settle(_tries(scene, person, written), list(_proofs(person, written))):
            _close(scene, person, debt, hours)


def _tries(scene: Scene, person: Person, written: list[Message]) -> Iterator[CallbackMiss]:
    business_id = scene.business.pk
    for call in person.calls:
        if call.direction == Direction.INBOUND and call.outcome in OWED:
            at, kind = call.started_at, MissKind(str(call.outcome))
            yield CallbackMiss(pk=uuid7_at(at), business_id=business_id, call=call, kind=kind, at=at)
    for text in written:
        if text.direction == Direction.INBOUND and owing.wants_answer(text.body and text.body.reveal()):
            at = text.created_at
            yield CallbackMiss(
                pk=uuid7_at(at), business_id=business_id, message=text, kind=MissKind.TEXT, at=at
            )


def _proofs(person: Person, written: list[Message]) -> Iterator[Proof]:
    for call in person.talked:
        yield Proof(call.started_at, call.answered_at or call.started_at, ProofKind.CALL, call.pk)
    for text in written:
        if text.direction == Direction.OUTBOUND and text.state in REACHED:
            yield Proof(text.created_at, text.created_at, ProofKind.TEXT, text.pk)


def _close(scene: Scene, person: Person, debt: Debt[CallbackMiss], hours: Hours) -> None:
    """Whoever looks through what is owed closes some of it before anything is proven; later tries are owed anew."""
    left = debt.tries
    while left:
        seen_at = hours.after(left[0].at, scene.seconds(25_000, 110_000)) or scene.now
        forgotten = left[0].at > scene.now - FORGOTTEN_SINCE and scene.chance(0.45)
        if seen_at > scene.now or (debt.proof and debt.proof.at <= seen_at) or forgotten:
            _write(scene, person, Debt(left, debt.proof), hours)
            return
        row = _write(scene, person, Debt([one for one in left if one.at < seen_at], None), hours)
        row.closed_at, row.closed_by = seen_at, scene.colleague()
        row.reason = scene.rng.choices(list(REASONS), list(REASONS.values()))[0]
        row.words = IN_WORDS if row.reason == Reason.OTHER else None
        event = CallbackClosed(callback_id=row.pk, lead_id=person.lead.pk, reason=row.reason)
        scene.tell(event, seen_at, row.closed_by)
        left = [one for one in left if one.at >= seen_at]


def _write(scene: Scene, person: Person, debt: Debt[CallbackMiss], hours: Hours) -> Callback:
    first, kinds, proof = debt.tries[0].at, [one.kind for one in debt.tries], debt.proof
    row = Callback(
        pk=uuid7_at(first), business_id=scene.business.pk, lead=person.lead, opened_at=first,
        due_at=owing.due(first, hours), last_missed_at=debt.tries[-1].at, misses=len(kinds),
        voicemails=kinds.count(MissKind.VOICEMAIL), texts=kinds.count(MissKind.TEXT),
    )  # fmt: skip
    about = {"callback_id": row.pk, "lead_id": person.lead.pk}
    scene.tell(CallbackOpened(**about), first + timedelta(seconds=45))
    if proof:
        row.closed_at, row.proof, row.proof_kind = proof.reached_at, proof.id, proof.kind
        scene.tell(CallbackProven(**about, by_what=proof.kind), proof.reached_at)
    elif scene.chance(0.3):
        row.assigned_to = scene.colleague()
    for one in debt.tries:
        one.callback = row
    scene.callbacks.append(row)
    scene.misses.extend(debt.tries)
    return row
