"""What can happen to recordings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from audit.events import Change, Event
from leads.events import REASONS
from recordings.retention import ends


@dataclass(frozen=True, kw_only=True)
class RecordingStored(Event):
    name = "recording.stored"
    sentence = "stored a recording, sealed"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingsFound(Event):
    """Nobody had told of them: the provider was asked, for the call was to be recorded."""

    name = "recording.found"
    sentence = "found recordings of a call at the provider that nobody had told of ({count})"
    subject = "call_id"
    call_id: UUID
    count: int


@dataclass(frozen=True, kw_only=True)
class RecordingFailed(Event):
    """Recorded when the reason is another one than before, not at every attempt."""

    name = "recording.failed"
    sentence = "could not fetch a recording ({why})"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID
    why: str


@dataclass(frozen=True, kw_only=True)
class RecordingBlocked(Event):
    name = "recording.blocked"
    sentence = "left a recording where it is: the caller was not told of it"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingRetried(Event):
    name = "recording.retried"
    sentence = "asked for a recording again"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class ProviderCopyDeleted(Event):
    name = "recording.provider_copy_deleted"
    sentence = "deleted a recording at the provider, for it is kept here"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class BlockedCopyDeleted(Event):
    name = "recording.blocked_copy_deleted"
    sentence = "deleted a recording at the provider: the caller was not told of it"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


PLAY_REASONS = REASONS | {  # entries of before recordings had reasons of their own hold those for a number
    "quality": "to review its quality",
    "training": "for training",
    "dispute": "for a dispute",
    "call_back": "to prepare a call back",
}
_WHY = {"?": ""} | {code: f" ({words})" for code, words in PLAY_REASONS.items()}


@dataclass(frozen=True, kw_only=True)
class RecordingPlayed(Event):
    name = "recording.played"
    sentence = "listened to a recording{reason}"
    subject = "recording_id"
    words: ClassVar[Mapping[str, str]] = _WHY
    security = True
    recording_id: UUID
    call_id: UUID
    reason: str = ""  # a code, where the business asks for one


@dataclass(frozen=True, kw_only=True)
class RecordingDownloaded(Event):
    name = "recording.downloaded"
    sentence = "downloaded a recording{reason}"
    subject = "recording_id"
    words: ClassVar[Mapping[str, str]] = _WHY
    security = True
    recording_id: UUID
    call_id: UUID
    reason: str = ""  # a code, where the business asks for one


@dataclass(frozen=True, kw_only=True)
class RecordingNoted(Event):
    name = "recording.noted"
    sentence = "added a note to a recording"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingNoteChanged(Event):
    name = "recording.note_changed"
    sentence = "changed a note to a recording"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID
    note_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingNoteRemoved(Event):
    name = "recording.note_removed"
    sentence = "removed a note to a recording"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID
    note_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingNotePutBack(Event):
    name = "recording.note_put_back"
    sentence = "put back a note to a recording"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID
    note_id: UUID


@dataclass(frozen=True, kw_only=True)
class TranscriptRevealed(Event):
    name = "recording.transcript_revealed"
    sentence = "revealed what is said in a recording ({reason})"
    words: ClassVar[Mapping[str, str]] = REASONS
    subject = "recording_id"
    security = True
    recording_id: UUID
    call_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecordingDeleted(Event):
    """What can open it is gone with this; what is left of it in storage and at the provider follows by a job.

    `days`: of the rule as it was then, where one deleted it; 0 elsewhere, and entries of before lack it.
    """

    name = "recording.deleted"
    sentence = "deleted a recording"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID
    rule: str
    days: int = 0

    @classmethod
    def told(cls, data: Mapping[str, Any]) -> str:
        """Say by which rule, in the words of everywhere else: "deleted a recording with the person's data"."""
        said = ends.words(data.get("rule", ""), data.get("days"))
        return super().told(data) + said.removeprefix("Deleted")


@dataclass(frozen=True, kw_only=True)
class RecordingHeld(Event):
    name = "recording.held"
    sentence = "put a recording under a legal hold ({reason})"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class HoldLifted(Event):
    name = "recording.hold_lifted"
    sentence = "lifted the legal hold on a recording"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RetentionChanged(Event):
    name = "retention.changed"
    sentence = "changed how long {kind} are kept"
    words: ClassVar[Mapping[str, str]] = {"call": "recorded calls", "voicemail": "voicemail messages"}
    kind: str
    days: str
    changes: list[Change] = field(default_factory=list)

    @classmethod
    def changed(cls, data: Mapping[str, Any]) -> list[Change]:
        """Entries of before what a rule was is kept say only what it became."""
        return super().changed(data) or [Change(data.get("kind", "?"), "", data.get("days", "?"))]


@dataclass(frozen=True, kw_only=True)
class RecordingPauseWished(Event):
    """The wish; whether the provider has done it is another event."""

    name = "recording.pause_wished"
    sentence = "asked for a recording to be paused"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingPaused(Event):
    name = "recording.paused"
    sentence = "paused a recording"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingResumeWished(Event):
    """The wish; whether the provider has done it is another event."""

    name = "recording.resume_wished"
    sentence = "asked for a recording to be resumed"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingResumed(Event):
    name = "recording.resumed"
    sentence = "resumed a recording"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingPauseFailed(Event):
    name = "recording.pause_failed"
    sentence = "could not {wish} a recording ({why})"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID
    wish: str
    why: str
