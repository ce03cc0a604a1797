"""How a call comes along: what deliveries say, merged so that any order and any repetition end the same.

Everything here is a maximum, a minimum or a function of those; nothing asks what came first. No database: `ingest.py`
locks the row, lets these change it and saves it. The meaning of each figure is in docs/calls.md.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from leads.models import Lead
from telephony.flows import walk
from telephony.models import ABANDONED_UNDER, Call, CallLeg, FlowVersion, Outcome
from telephony.providers.base import CallState, CallUpdate, Direction, LegUpdate

T = TypeVar("T", int, datetime)
TALKED = frozenset({CallState.IN_PROGRESS, CallState.COMPLETED})
OURS = frozenset(
    {CallState.BUSY, CallState.FAILED}
)  # ends of a leg that the caller did not bring about by hanging up


def advance(call: Call, update: CallUpdate, *, received_at: datetime) -> None:
    """Take in what a delivery says of the caller's own leg."""
    call.seen_at = min(call.seen_at, received_at)
    call.said_at = _least(call.said_at, _begun(update))
    call.started_at = call.said_at or call.seen_at
    call.duration_seconds = _most(call.duration_seconds, update.duration)
    if update.state.rank > call.rank:
        call.state, call.rank = update.state.value, update.state.rank
    if update.state.is_over:
        call.said_ended_at = _most(call.said_ended_at, update.at)
        call.ended_at = call.said_ended_at or _least(call.ended_at, received_at)


def pin(call: Call, version: FlowVersion) -> None:
    """Keep what answers the call and who is turned away, as it is now: neither changes while it runs."""
    flow = version.flow
    call.flow, call.records = version, flow.records
    spam = call.lead is not None and call.lead.status == Lead.Status.SPAM
    call.is_blocked = walk.turns_away(flow, spam=spam, withheld=call.withheld)


def advance_leg(leg: CallLeg, update: LegUpdate, *, received_at: datetime) -> None:
    """Take in what a delivery says of one attempt to reach somebody."""
    leg.started_at = _least(leg.started_at, update.at or received_at)
    leg.duration_seconds = _most(leg.duration_seconds, update.duration)
    leg.bridged = leg.bridged or bool(update.bridged) or (update.bridged is None and update.state in TALKED)
    if update.state is CallState.IN_PROGRESS and update.at:
        leg.said_answered_at = _least(leg.said_answered_at, update.at)
    if leg.bridged:
        leg.answered_at = leg.said_answered_at or _least(leg.answered_at, _answered(update, received_at))
    if update.state.is_over:
        leg.ended_at = _least(leg.ended_at, update.at or received_at)
    if update.state.rank > leg.rank:
        leg.state, leg.rank = update.state.value, update.state.rank


def settle(call: Call, legs: Sequence[CallLeg]) -> None:
    """Compute what follows: when it was answered, how long it rang and was talked, and what became of it."""
    bridged = sorted(
        (leg for leg in legs if leg.bridged and leg.answered_at), key=lambda leg: str(leg.answered_at)
    )
    if bridged:
        call.answered_at = bridged[0].answered_at
        call.talk_seconds = bridged[0].duration_seconds
    taken_by = next((leg.member_id for leg in bridged if leg.member_id), None)
    if taken_by and call.direction == Direction.INBOUND:
        call.agent_id = taken_by
    until = call.answered_at or call.ended_at
    call.ring_seconds = max(0, round((until - call.started_at).total_seconds())) if until else None
    if CallState(call.state).is_over:
        call.outcome = outcome(call, legs)


def outcome(call: Call, legs: Sequence[CallLeg]) -> Outcome:
    """Return what became of a call that is over."""
    if call.answered_at:
        return Outcome.ANSWERED
    if call.is_blocked:
        return Outcome.BLOCKED
    if call.direction == "outbound":
        return Outcome.MISSED
    if call.has_voicemail:
        return Outcome.VOICEMAIL
    hung_up = not any(leg.state in OURS for leg in legs)
    return Outcome.ABANDONED if hung_up and _waited(call) < ABANDONED_UNDER else Outcome.MISSED


def _begun(update: CallUpdate) -> datetime | None:
    """A number that reports its ends alone says when a call ended, and how long it took until then."""
    if update.at is None or not update.state.is_over:
        return update.at
    return update.at - timedelta(seconds=update.duration or 0)


def _waited(call: Call) -> timedelta:
    if call.duration_seconds is not None:
        return timedelta(seconds=call.duration_seconds)
    return (call.ended_at - call.started_at) if call.ended_at else ABANDONED_UNDER


def _answered(update: LegUpdate, received_at: datetime) -> datetime:
    """Where no delivery said when: a leg that is over was answered its own length before."""
    at = update.at or received_at
    return at - timedelta(seconds=update.duration or 0) if update.state.is_over else at


def _least(one: T | None, other: T | None) -> T | None:
    return min(one, other) if one is not None and other is not None else one if other is None else other


def _most(one: T | None, other: T | None) -> T | None:
    return max(one, other) if one is not None and other is not None else one if other is None else other
