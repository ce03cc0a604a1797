"""What can happen to leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from audit.events import Event

# Why somebody looked (`leads.reveals.Reason`).
REASONS = {
    "call_back": "to call back",
    "verify": "to check who it is",
    "complaint": "for a complaint",
    "legal": "for a legal request",
    "other": "for another reason",
}


@dataclass(frozen=True, kw_only=True)
class LeadCreated(Event):
    name = "lead.created"
    sentence = "added the lead {via}"
    subject = "lead_id"
    words: ClassVar[Mapping[str, str]] = {
        "call": "for a new caller",
        "text": "for a new sender",
        "hand": "by hand",
        "the API": "through the API",
        "import": "by import",
    }
    lead_id: UUID
    via: str


@dataclass(frozen=True, kw_only=True)
class LeadChanged(Event):
    name = "lead.changed"
    sentence = "changed the {fields}"
    subject = "lead_id"
    words: ClassVar[Mapping[str, str]] = {"email": "e-mail", "value": "expected value"}
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
    sentence = "deleted the lead"
    subject = "lead_id"
    security = True
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class LeadMerged(Event):
    name = "lead.merged"
    sentence = "merged another lead into this one"
    subject = "lead_id"
    security = True
    lead_id: UUID
    gone_id: UUID
    taken: list[str]  # the fields of which the value of the other one stays


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
    sentence = "revealed the {fields} ({reason})"
    subject = "lead_id"
    words: ClassVar[Mapping[str, str]] = {"email": "e-mail"} | REASONS
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
