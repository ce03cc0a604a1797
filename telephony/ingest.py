"""Applying what providers deliver: safe twice, in any order and many at once.

Each update locks the one call or text it is about, is merged into it (`progress.py`) and saved; whatever follows is
written in the same transaction: the lead, the history, who is owed a call back, the frame of the live feed. Runs in the
scope of the business.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.timezone import now

from audit.recording import record
from callcrm.lib.masking import mask_phone
from leads import intake
from leads.models import Lead
from telephony import feed, numbers, progress
from telephony.callbacks import ledger
from telephony.events import CallAnswered, CallEnded, CallRinging, MessageReceived
from telephony.hours import after_hours
from telephony.models import Call, CallLeg, Message, Placement, TrackingNumber
from telephony.outgoing import telephones
from telephony.providers.base import (
    CallState,
    CallUpdate,
    Direction,
    LegUpdate,
    MessageState,
    MessageUpdate,
    RecordingUpdate,
    TranscriptionUpdate,
    Update,
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose delivery it is and when it came in."""

    business_id: UUID
    provider: str
    received_at: datetime
    placed: UUID | None = None  # the call of ours that the address named, for one that we have asked for

    @property
    def actor(self) -> str | None:
        return f"provider:{self.provider}" if self.provider else None


RecordingHandler = Callable[[Origin, RecordingUpdate, Call], None]
TranscriptionHandler = Callable[[Origin, TranscriptionUpdate, Call], None]
PersonHandler = Callable[[Call, bytes], None]
# What a state of the caller's own leg says of the telephone of a member who asked for the call.
_OWN_TELEPHONE = {CallState.RINGING: "rang_at", CallState.IN_PROGRESS: "picked_up_at"}
# Filled by the app that keeps recordings, which lies above this one.
recording_handlers: list[RecordingHandler] = []
transcription_handlers: list[TranscriptionHandler] = []
# Told of a call that has got its person, with the key that sealed what hangs on it before.
person_handlers: list[PersonHandler] = []


def apply(updates: Iterable[Update], origin: Origin) -> list[Call | Message]:
    """Apply the updates of one delivery and return what they were about."""
    return [_APPLY[type(update)](origin, update) for update in updates]


def call_of(origin: Origin, provider_id: str) -> Call:
    """Return the call, locked. A delivery may be the first that is heard of it, whichever it is.

    Without its lead and number: who waits for a lock gets the row as it is by then, but what was joined to it as it
    was before.
    """
    mine = {"business_id": origin.business_id, "provider": origin.provider, "provider_id": provider_id}
    locked = Call.objects.select_for_update()
    call = locked.filter(**mine).first() or _placed(origin, provider_id)
    if call is None:
        fresh = Call(**mine, seen_at=origin.received_at, started_at=origin.received_at)
        after_hours.note(fresh)
        Call.objects.bulk_create([fresh], ignore_conflicts=True)
        call = locked.get(**mine)
    return call


def adopt(call: Call, provider_id: str) -> None:
    """Say by which id the provider knows a call that we have asked for. The call is locked.

    One that was given up is on its way after all: it begins anew.
    """
    call.provider_id = provider_id
    if call.outcome:
        call.state, call.rank = CallState.QUEUED.value, CallState.QUEUED.rank
        call.outcome = call.ended_at = call.ring_seconds = None
    call.save(update_fields=["provider_id", "state", "rank", "outcome", "ended_at", "ring_seconds"])
    placements = Placement.objects.filter(business_id=call.business_id, call=call)
    placements.update(state=Placement.State.PLACED, failure="")
    feed.tell(call.business_id, "call.changed", call.pk, call.state)
    if placements.exclude(stop="").update(stop=Placement.Stop.WISHED, stop_wished_at=now(), stop_tries=0):
        _end_after_all(placements.get())


def end(call: Call, state: CallState, at: datetime) -> None:
    """End a call that no provider will tell of. The call is locked."""
    before = _facts(call)
    if state.rank > call.rank:
        call.state, call.rank = state.value, state.rank
    call.ended_at = call.ended_at or at
    _conclude(call, before, Origin(call.business_id, "", at))


def _end_after_all(placement: Placement) -> None:
    """Who asked for the call wished it to end while nobody knew by which id."""
    from telephony.tasks import stop_call  # tasks import the one who imports this module

    stop_call.defer(business_id=str(placement.business_id), placement_id=str(placement.pk))


def _placed(origin: Origin, provider_id: str) -> Call | None:
    """The first that a provider tells of a call of ours may come before it has answered that it makes it."""
    mine = {"business_id": origin.business_id, "provider": origin.provider, "provider_id": None}
    call: Call | None = (
        Call.objects.select_for_update().filter(**mine, pk=origin.placed).first() if origin.placed else None
    )
    if call is not None:
        adopt(call, provider_id)
    return call


def _apply_call(origin: Origin, update: CallUpdate) -> Call:
    call = call_of(origin, update.provider_id)
    before, begun = _facts(call), call.started_at
    progress.advance(call, update, received_at=origin.received_at)
    if call.started_at != begun:
        after_hours.note(call)
    if call.number_id is None:
        _learn_parties(call, update, origin)
    if call.direction == Direction.OUTBOUND:
        _hear_of_own_telephone(call, update, origin)
    _conclude(call, before, origin)
    return call


def _hear_of_own_telephone(call: Call, update: CallUpdate, origin: Origin) -> None:
    """Keep when it began to ring and was picked up: the earliest that was said, and never later than it was heard."""
    told = _OWN_TELEPHONE.get(update.state)
    if told is not None:
        at = min(update.at or origin.received_at, origin.received_at)
        asked = Placement.objects.filter(business_id=call.business_id, call=call)
        asked.update(**{told: Least(F(told), Value(at))})  # of a time and none it is the time


def _apply_leg(origin: Origin, update: LegUpdate) -> Call:
    call = call_of(origin, update.parent_provider_id)
    before = _facts(call)
    leg = _leg(call, update.provider_id)
    if update.to and not leg.to:
        _learn_telephone(call, leg, update.to)
    progress.advance_leg(leg, update, received_at=origin.received_at)
    leg.save()
    _conclude(call, before, origin, touched=True)
    return call


def _apply_recording(origin: Origin, update: RecordingUpdate) -> Call:
    call = call_of(origin, update.call_provider_id)
    before = _facts(call)
    for handle in recording_handlers:
        handle(origin, update, call)
    _conclude(call, before, origin)
    return call


def _apply_transcription(origin: Origin, update: TranscriptionUpdate) -> Call:
    call = call_of(origin, update.call_provider_id)
    for handle in transcription_handlers:
        handle(origin, update, call)
    return call


def _apply_message(origin: Origin, update: MessageUpdate) -> Message:
    message, new = _message(origin, update)
    before = (message.state, message.lead_id) if not new else ()
    if update.state.rank > message.rank or new:
        message.state, message.rank = update.state.value, update.state.rank
        message.error_code = str(update.error_code or message.error_code or "")
        if update.state in (MessageState.DELIVERED, MessageState.READ):
            message.delivered_at = message.delivered_at or update.at or origin.received_at
    if not message.lead_id:
        _learn_writer(message, update)
    if update.body is not None and not message.body:
        message.body = update.body
    message.save()
    feed.tell(origin.business_id, "message.changed", message.pk, message.state)
    if (message.state, message.lead_id) != before:
        ledger.follow_text(message, update.body, by=origin.actor)
    if new and message.direction == Direction.INBOUND:
        record(
            MessageReceived(message_id=message.pk, lead_id=message.lead_id),
            by=origin.actor,
            business_id=origin.business_id,
        )
    return message


_APPLY: dict[type, Callable[[Origin, Any], Call | Message]] = {
    CallUpdate: _apply_call,
    LegUpdate: _apply_leg,
    RecordingUpdate: _apply_recording,
    TranscriptionUpdate: _apply_transcription,
    MessageUpdate: _apply_message,
}


def _leg(call: Call, provider_id: str) -> CallLeg:
    """The call is locked, so that nobody else makes the leg meanwhile."""
    mine = {"business_id": call.business_id, "call": call, "provider_id": provider_id}
    return CallLeg.objects.filter(**mine).first() or CallLeg(**mine)


def _learn_telephone(call: Call, leg: CallLeg, e164: str) -> None:
    """Say whom it rings, as it is known now: a telephone that changes hands later has not taken this call."""
    leg.to = e164 if numbers.is_own(call.business_id, e164) else mask_phone(e164)
    leg.member_id = telephones.holder(call.business_id, e164)


def _facts(call: Call) -> tuple[Any, ...]:
    told = (call.state, call.outcome, call.answered_at, call.number_id, call.lead_id, call.has_voicemail)
    return (*told, ledger.facts(call))


def _conclude(call: Call, before: tuple[Any, ...], origin: Origin, *, touched: bool = False) -> None:
    """Compute what follows, save, and tell whoever wants to know what has changed."""
    progress.settle(call, list(call.legs.all()))
    call.save()
    after = _facts(call)
    if after == before and not touched:
        return
    _record_changes(call, before, origin)
    feed.tell(call.business_id, "call.changed", call.pk, call.state)
    if call.lead_id and after[-1] != before[-1]:
        ledger.follow_call(call, by=origin.actor)
    if call.lead_id and call.provider_id and call.outcome != before[1]:
        touch_lead(call)


def _record_changes(call: Call, before: tuple[Any, ...], origin: Origin) -> None:
    _, outcome, answered_at, number_id, *_ = before
    if number_id is None and call.number_id:
        _record(
            CallRinging(call_id=call.pk, lead_id=call.lead_id, first_time=call.first_time_caller),
            call,
            origin,
        )
    if answered_at is None and call.answered_at:
        _record(CallAnswered(call_id=call.pk), call, origin)
    if call.outcome and call.outcome != outcome:
        _record(CallEnded(call_id=call.pk, outcome=str(call.outcome)), call, origin)


def _record(event: Any, call: Call, origin: Origin) -> None:
    record(event, by=origin.actor, business_id=call.business_id)


def touch_lead(call: Call) -> None:
    """Say that the person was last in contact by this call, or later; unless it did not reach him."""
    if not call.was_contact:
        return
    latest = Greatest(Coalesce(F("last_contact_at"), call.started_at), call.started_at)
    Lead.objects.filter(pk=call.lead.pk).update(last_contact_at=latest)


def _learn_parties(call: Call, update: CallUpdate, origin: Origin) -> None:
    """Say which number was called and who calls: a person once, our own numbers never."""
    call.direction = update.direction.value
    ours, theirs = update.to_e164, update.from_e164
    if update.direction is Direction.OUTBOUND:
        ours, theirs = theirs, ours
    number = numbers.ours(origin.business_id, ours)
    if number is None:
        return
    call.number, call.source_id = number, number.source_id
    call.withheld = update.withheld
    if theirs and numbers.is_own(origin.business_id, theirs):
        call.own_from = theirs
    elif theirs:
        _meet(call, theirs, number, origin)
    if update.direction is Direction.INBOUND:
        progress.pin(call, number.published)


def _meet(call: Call, e164: str, number: TrackingNumber, origin: Origin) -> None:
    caller = intake.caller(origin.business_id, e164, source_id=number.source_id)
    # the note's key changes with the person it is about
    note, before = call.note.reveal() if call.note is not None else None, call.sealing_key()
    call.lead, call.phone, call.note = caller.lead, caller.phone, note
    for handle in person_handlers:
        handle(call, before)
    others = Call.objects.filter(business_id=origin.business_id, lead=caller.lead).exclude(pk=call.pk)
    call.first_time_caller = caller.is_new or not others.exists()
    if caller.is_new:
        feed.tell(origin.business_id, "lead.changed", caller.lead.pk, caller.lead.status)


def _message(origin: Origin, update: MessageUpdate) -> tuple[Message, bool]:
    mine = {"business_id": origin.business_id, "provider": origin.provider, "provider_id": update.provider_id}
    fresh = Message(
        **mine,
        direction=update.direction.value,
        created_at=update.at or origin.received_at,
        segments=update.segments,
        media=[{"id": media.provider_id, "content_type": media.content_type} for media in update.media],
    )
    Message.objects.bulk_create([fresh], ignore_conflicts=True)
    message = Message.objects.select_for_update().get(**mine)
    return message, message.pk == fresh.pk


def _learn_writer(message: Message, update: MessageUpdate) -> None:
    ours, theirs = update.to, update.from_
    if update.direction is Direction.OUTBOUND:
        ours, theirs = theirs, ours
    number = numbers.ours(message.business_id, ours)
    message.number = message.number or number
    if number and theirs and theirs.startswith("+") and not numbers.is_own(message.business_id, theirs):
        person = intake.caller(message.business_id, theirs, source_id=number.source_id, via="text")
        message.lead, message.phone = person.lead, person.phone


def applied_calls(results: Sequence[Call | Message]) -> list[Call]:
    """Return the calls among what was applied."""
    return [result for result in results if isinstance(result, Call)]
