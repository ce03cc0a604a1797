"""What happened in a call, in the order of time: what the timeline of its page and of its panel shows.

A moment stands where it began. A recording that the provider told of after the end stands before it all the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telephony.models import Call, CallLeg, Placement

# Of what began in the same second, this comes first.
ORDER = ("asked", "rang", "answered", "recording", "voicemail", "ended")


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: `kind` says what `of` is."""

    kind: str
    at: datetime
    of: Any = None


def of_call(
    call: Call, legs: Iterable[CallLeg], placement: Placement | None, recordings: Iterable[Any]
) -> list[Moment]:
    """Return the moments of a call; `legs` and `recordings` are its own."""
    found = [*_of_the_call(call, list(legs), placement), *_of_its_recordings(list(recordings))]
    return sorted(found, key=lambda moment: (moment.at, ORDER.index(moment.kind)))


def _of_the_call(call: Call, legs: list[CallLeg], placement: Placement | None) -> Iterator[Moment]:
    """A call that was logged by hand rang elsewhere; one that a member asked for rings once somebody is called."""
    if placement:
        yield Moment("asked", placement.created_at, placement)
    if legs or not (call.is_manual or placement):
        yield Moment("rang", call.started_at, legs)
    if call.answered_at:
        yield Moment("answered", call.answered_at)
    if call.ended_at:
        yield Moment("ended", call.ended_at)


def _of_its_recordings(recordings: list[Any]) -> Iterator[Moment]:
    """That nothing was recorded is worth a line only where nothing else was."""
    for recording in recordings:
        if recording.state != "absent" or len(recordings) == 1:
            kind = "voicemail" if recording.kind == "voicemail" else "recording"
            yield Moment(kind, recording.created_at, recording)
