"""What can happen to leads."""

from dataclasses import dataclass
from uuid import UUID

from audit.events import Event


@dataclass(frozen=True, kw_only=True)
class LeadCreated(Event):
    name = "lead.created"
    sentence = "added the lead by {via}"
    subject = "lead_id"
    lead_id: UUID
    via: str


@dataclass(frozen=True, kw_only=True)
class LeadChanged(Event):
    name = "lead.changed"
    sentence = "changed {fields}"
    subject = "lead_id"
    lead_id: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class LeadStatusChanged(Event):
    name = "lead.status_changed"
    sentence = "moved the lead from {before} to {after}"
    subject = "lead_id"
    lead_id: UUID
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class LeadAssigned(Event):
    name = "lead.assigned"
    sentence = "changed who looks after the lead"
    subject = "lead_id"
    lead_id: UUID
    member_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class LeadDeleted(Event):
    name = "lead.deleted"
    sentence = "deleted the lead and destroyed its key"
    subject = "lead_id"
    security = True
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class NoteAdded(Event):
    name = "lead.note_added"
    sentence = "wrote a note"
    subject = "lead_id"
    lead_id: UUID
    note_id: UUID


@dataclass(frozen=True, kw_only=True)
class LeadRevealed(Event):
    name = "lead.revealed"
    sentence = "revealed {fields} ({reason})"
    subject = "lead_id"
    security = True
    lead_id: UUID
    fields: list[str]
    reason: str


@dataclass(frozen=True, kw_only=True)
class SourceChanged(Event):
    name = "source.changed"
    sentence = "{act} a source"
    subject = "source_id"
    source_id: UUID
    act: str
