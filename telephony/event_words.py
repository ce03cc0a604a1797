"""What a provider's delivery says of a call, in words, and which telephone it is about.

Pure: of what was parsed the states and lengths alone are said. Whose telephone it is stands on the leg, as pages show
it; of the person at the other end there is no more than "Caller" or "Customer".
"""

from collections.abc import Mapping, Sequence

from callcrm.lib import times
from callcrm.lib.ui import written
from telephony.models import Call, CallLeg
from telephony.providers.base import (
    CallState,
    CallUpdate,
    Direction,
    LegUpdate,
    RecordingState,
    RecordingUpdate,
    TranscriptionUpdate,
    Update,
)

# What a route is for, where nothing more can be said: its delivery does not open, or nothing can be made of it.
ROUTES = {
    "voice": "New call",
    "voice-fallback": "New call, at the second address",
    "gather": "A key, or none",
    "dial-action": "End of dialing",
    "voice-status": "State of the call",
    "number-status": "State of a telephone",
    "whisper": "Picked up, hears the whisper",
    "whisper-accept": "A key, or none",
    "bridge": "Picked up, asks what comes next",
    "record-action": "End of a message",
    "recording-status": "Recording",
    "transcription": "Words of a message",
}
STATES = {
    CallState.QUEUED: "Being called",
    CallState.RINGING: "Rings",
    CallState.IN_PROGRESS: "Picked up",
    CallState.COMPLETED: "Ended",
    CallState.BUSY: "Engaged",
    CallState.NO_ANSWER: "Not answered",
    CallState.CANCELED: "Stopped ringing",
    CallState.FAILED: "Could not be reached",
}
RECORDINGS = {
    RecordingState.IN_PROGRESS: "Recording has begun",
    RecordingState.COMPLETED: "Recording is complete",
    RecordingState.ABSENT: "Nothing was recorded",
}
_OF_A_KEY = ("gather", "whisper-accept")
_SAY_IT_ALL = ("voice", "voice-fallback", "whisper", "record-action")


def of_route(route: str) -> str:
    return ROUTES.get(route, route)


def said(route: str, updates: Sequence[Update], *, asked: Mapping[str, str], key: str) -> str:
    """Return what it says. `asked` stood in our own address; `key` is what was pressed, and is not told."""
    if route in _OF_A_KEY or asked.get("asked"):
        return "A key was pressed" if key else "No key was pressed"
    if not updates or route in (*_SAY_IT_ALL, "bridge"):
        return of_route(route)
    told = _state(_about(updates))
    return f"{of_route(route)}: {told[:1].lower()}{told[1:]}" if route == "dial-action" else told


def telephone(route: str, updates: Sequence[Update], call: Call, legs: Mapping[str, CallLeg]) -> str:
    """Return which telephone it is about; nothing for a recording, and where nobody can tell."""
    about = _about(updates) if updates else None
    outbound = call.direction == Direction.OUTBOUND
    if isinstance(about, LegUpdate):
        return "Customer" if outbound else _ours(legs.get(about.provider_id))
    if not isinstance(about, CallUpdate) or route == "dial-action":
        return ""
    if outbound:
        return f"Telephone of {call.agent.name}" if call.agent else "Our side"
    return "Caller"


def _about(updates: Sequence[Update]) -> Update:
    """Return the update that the delivery is about: of several the leg's, or what the call only tells of."""
    return next((update for update in updates if isinstance(update, LegUpdate)), updates[0])


def _ours(leg: CallLeg | None) -> str:
    if leg is None:
        return "Our side"
    return f"Telephone of {leg.member.name}" if leg.member else written(leg.shown_to)


def _state(update: Update) -> str:
    match update:
        case CallUpdate() | LegUpdate():
            return _ended(STATES[update.state], update)
        case RecordingUpdate():
            return RECORDINGS[update.state] + _length(update.duration)
        case TranscriptionUpdate():
            return "The words of a message" if update.text else "The words could not be made out"
    return "A text"


def _ended(words: str, update: CallUpdate | LegUpdate) -> str:
    if update.state is not CallState.COMPLETED or update.duration is None:
        return words
    return f"{words} after {times.duration(update.duration)}"


def _length(seconds: int | None) -> str:
    return f", {times.duration(seconds)}" if seconds is not None else ""
