"""What happened in a call, in the order of time: what the timeline of its page and of its panel shows.

A moment stands where it began. A recording that the provider told of after the end stands before it all the same.
Nothing comes before the asking: a provider says whole seconds, of a clock that is not ours. A time that nobody told is
not shown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcrm.lib import phones, times
from callcrm.lib.ui import written
from telephony.models import Call, CallLeg, Placement
from telephony.providers.base import CallState, Direction

# Of what began in the same second, this comes first.
ORDER = (
    "asked",
    "own_rang",
    "own_answered",
    "rang",
    "called",
    "answered",
    "recording",
    "paused",
    "not_paused",
    "voicemail",
    "stopped",
    "ended",
)
# What became of a member's own telephone that nobody picked up.
IN_VAIN = {CallState.BUSY: "It was engaged.", CallState.FAILED: "It could not be reached."}
NOBODY_ELSE = "Nobody else was rung."
ENDS = {
    "missed": "nobody answered",
    "voicemail": "with a message",
    "abandoned": "before anybody answered",  # the caller hung up, or what the flow said was soon over
    "blocked": "turned away",
    "unreached": "not reached",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: `kind` says what `of` is, `told` what there is to say of it besides."""

    kind: str
    at: datetime
    of: Any = None
    told: str = ""


def of_call(
    call: Call, legs: Iterable[CallLeg], placement: Placement | None, recordings: Iterable[Any]
) -> list[Moment]:
    """Return the moments of a call; `legs` and `recordings` are its own."""
    rung = list(legs)
    found = [
        *(_of_the_asking(call, rung, placement) if placement else ()),
        *_of_the_call(call, rung, placement),
        *_of_its_recordings(list(recordings)),
    ]
    return sorted(found, key=_place)


def notice_at(call: Call, legs: Iterable[CallLeg]) -> datetime | None:
    """Return when the notice was heard; who was called, or who called, was there by then.

    It is of our clock, and what began before it of the provider's.
    """
    if call.notice_at is None:
        return None
    began = [leg.started_at for leg in legs if leg.started_at and call.direction == Direction.OUTBOUND]
    return max(call.notice_at, min(began, default=call.started_at))


def _place(moment: Moment) -> tuple[bool, datetime, int]:
    return moment.kind != "asked", moment.at.replace(microsecond=0), ORDER.index(moment.kind)


def _of_the_asking(call: Call, legs: list[CallLeg], placement: Placement) -> Iterator[Moment]:
    """The member's own telephone is rung first, and he presses 1 before anybody else is called."""
    in_vain = not legs and call.ended_at is not None and not placement.was_stopped
    nothing_known = placement.state == Placement.State.PLACED and not placement.rang_at
    yield Moment(
        "asked", placement.created_at, placement, _untaken(call) if in_vain and nothing_known else ""
    )
    if placement.rang_at:
        unanswered = in_vain and not placement.picked_up_at
        yield Moment("own_rang", placement.rang_at, placement, _untaken(call) if unanswered else "")
    if placement.picked_up_at:
        unpressed = "1 was not pressed, so nobody else was called." if in_vain else ""
        yield Moment("own_answered", placement.picked_up_at, placement, unpressed)
    if call.stage == "stopped":
        yield Moment("stopped", _stopped_at(call, placement), placement, "" if legs else NOBODY_ELSE)


def _stopped_at(call: Call, placement: Placement) -> datetime:
    """What no provider was asked for ended as it was stopped; any other cannot have ended before, by no clock."""
    wished, ended = placement.stop_wished_at or call.ended_at, call.ended_at or placement.stop_wished_at
    return max(placement.created_at, min(at for at in (wished, ended) if at))


def _of_the_call(call: Call, legs: list[CallLeg], placement: Placement | None) -> Iterator[Moment]:
    """A call that was logged by hand rang elsewhere; one that a member asked for rings once somebody is called."""
    if placement:
        yield from (Moment("called", leg.started_at or call.started_at, leg) for leg in legs)
    elif not call.is_manual:
        yield Moment("rang", call.started_at, legs, _through(call))
    if call.answered_at:
        yield Moment("answered", call.answered_at, told=_by_whom(call, legs))
    if call.ended_at:
        yield Moment("ended", call.ended_at, told=_end(call))


def _through(call: Call) -> str:
    """A label is often that of an advertisement, which nobody rings: it is the number of it that was called."""
    if call.number is None:
        return ""
    which = f"the number “{call.number.label}”" if call.number.label else phones.pretty(call.number.e164)
    return f"{'from' if call.direction == Direction.OUTBOUND else 'on'} {which}"


def _by_whom(call: Call, legs: list[CallLeg]) -> str:
    if call.direction == Direction.OUTBOUND:
        return f"by {call.shown_caller}"
    if call.agent:
        return f"by {call.agent.name}"
    taken = next((written(leg.shown_to) for leg in legs if leg.bridged), "")
    return f"on {taken}" if taken else ""


def _untaken(call: Call) -> str:
    """A leg that ended as completed was picked up; when, the provider has not told."""
    if call.state == CallState.COMPLETED:
        return "It was not picked up, or 1 was not pressed."
    return IN_VAIN.get(CallState(call.state), "It was not picked up.")


def _end(call: Call) -> str:
    if call.answered_at:
        return f"after {times.duration(call.talk_seconds)} of talk" if call.talk_seconds is not None else ""
    return ENDS.get(call.stage, "")


def _of_its_recordings(recordings: list[Any]) -> Iterator[Moment]:
    """That nothing was recorded is worth a line only where nothing else was."""
    for recording in recordings:
        if recording.state != "absent" or len(recordings) == 1:
            kind = "voicemail" if recording.kind == "voicemail" else "recording"
            yield Moment(kind, recording.created_at, recording)
        yield from _of_its_pauses(recording)


def _of_its_pauses(recording: Any) -> Iterator[Moment]:
    """A pause that was not done is told too: what was said then is recorded."""
    for pause in recording.pauses.all():
        if pause.paused_at:
            goes_on = pause.resumed_at is None and recording.is_going_on
            length = times.duration(pause.seconds(recording.pauses_end_by))
            yield Moment(
                "paused", pause.paused_at, pause, "until somebody resumes it" if goes_on else f"for {length}"
            )
        elif pause.failure:
            yield Moment("not_paused", pause.wished_at, pause, pause.why)
