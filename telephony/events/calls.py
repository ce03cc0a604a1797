"""What happens to a call, from its ringing to the note that somebody reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from audit.events import Event
from leads.events import REASONS


@dataclass(frozen=True, kw_only=True)
class CallRinging(Event):
    name = "call.ringing"
    sentence = "took in a call"
    subject = "call_id"
    call_id: UUID
    lead_id: UUID | None
    first_time: bool


@dataclass(frozen=True, kw_only=True)
class CallAnswered(Event):
    name = "call.answered"
    sentence = "connected the call"
    subject = "call_id"
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallEnded(Event):
    name = "call.ended"
    sentence = "ended the call: {outcome}"
    subject = "call_id"
    call_id: UUID
    outcome: str


@dataclass(frozen=True, kw_only=True)
class CallChanged(Event):
    name = "call.changed"
    sentence = "changed the {fields} of the call"
    subject = "call_id"
    words: ClassVar[Mapping[str, str]] = {"disposition": "outcome"}
    call_id: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class CallLogged(Event):
    name = "call.logged"
    sentence = "logged a call by hand"
    subject = "call_id"
    call_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallPlaced(Event):
    name = "call.placed"
    sentence = "called somebody"
    subject = "call_id"
    call_id: UUID
    lead_id: UUID
    number_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallNotPlaced(Event):
    name = "call.not_placed"
    sentence = "could not place the call ({why})"
    subject = "call_id"
    call_id: UUID
    why: str


@dataclass(frozen=True, kw_only=True)
class CallStopWished(Event):
    name = "call.stop_wished"
    sentence = "wished the call to be stopped"
    subject = "call_id"
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallStopped(Event):
    name = "call.stopped"
    sentence = "stopped the call before anybody was put through"
    subject = "call_id"
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallNotStopped(Event):
    name = "call.not_stopped"
    sentence = "could not stop the call ({why})"
    subject = "call_id"
    call_id: UUID
    why: str


@dataclass(frozen=True, kw_only=True)
class CallNoteRevealed(Event):
    name = "call.note_revealed"
    sentence = "revealed the note of the call ({reason})"
    words: ClassVar[Mapping[str, str]] = REASONS
    subject = "call_id"
    security = True
    call_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class UnknownNumberCalled(Event):
    name = "call.unknown_number"
    sentence = "took in a call for a number that nobody has added"
    provider: str
