"""What can happen to recordings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from audit.events import Event
from leads.events import REASONS


@dataclass(frozen=True, kw_only=True)
class RecordingStored(Event):
    name = "recording.stored"
    sentence = "stored a recording, sealed"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


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
class RecordingPlayed(Event):
    name = "recording.played"
    sentence = "listened to a recording"
    subject = "recording_id"
    security = True
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingDownloaded(Event):
    name = "recording.downloaded"
    sentence = "took a recording away as a file"
    subject = "recording_id"
    security = True
    recording_id: UUID
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecordingNoted(Event):
    name = "recording.noted"
    sentence = "noted something at a moment of a recording"
    subject = "recording_id"
    recording_id: UUID
    call_id: UUID


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
