"""What can happen to recordings."""

from dataclasses import dataclass
from uuid import UUID

from audit.events import Event


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
