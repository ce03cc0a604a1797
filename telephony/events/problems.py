"""What people report of a call, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from audit.events import Event


@dataclass(frozen=True, kw_only=True)
class CallProblemReported(Event):
    name = "call.problem_reported"
    sentence = "reported a problem with the call ({kind})"
    subject = "call_id"
    words: ClassVar[Mapping[str, str]] = {
        "poor_audio": "poor audio",
        "wrong_person": "wrong person",
        "wrong_source": "wrong source",
        "no_recording": "missing recording",
        "card_data": "card data was said",
        "other": "something else",
    }
    call_id: UUID
    problem_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class CallProblemSaidMore(Event):
    name = "call.problem_said_more"
    sentence = "said more about a problem with the call ({kind})"
    subject = "call_id"
    words: ClassVar[Mapping[str, str]] = CallProblemReported.words
    call_id: UUID
    problem_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class CallProblemResolved(Event):
    name = "call.problem_resolved"
    sentence = "resolved a problem with the call ({resolution})"
    subject = "call_id"
    words: ClassVar[Mapping[str, str]] = {
        "mended": "fixed",
        "provider": "told the provider",
        "no_fault": "no fault",
        "cannot": "cannot be fixed",
    }
    call_id: UUID
    problem_id: UUID
    resolution: str


@dataclass(frozen=True, kw_only=True)
class CallProblemReopened(Event):
    name = "call.problem_reopened"
    sentence = "opened a problem with the call again"
    subject = "call_id"
    call_id: UUID
    problem_id: UUID
