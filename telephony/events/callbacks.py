"""What happens to the debt of a call back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from audit.events import Event


@dataclass(frozen=True, kw_only=True)
class CallbackOpened(Event):
    name = "callback.opened"
    sentence = "opened a callback that is owed"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallbackProven(Event):
    name = "callback.proven"
    sentence = "closed the callback by a {by_what}"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID
    by_what: str


@dataclass(frozen=True, kw_only=True)
class CallbackUnproven(Event):
    name = "callback.unproven"
    sentence = "took back what had closed the callback"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallbackWithdrawn(Event):
    name = "callback.withdrawn"
    sentence = "took a callback away that was not owed, or is part of another"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallbackClosed(Event):
    name = "callback.closed"
    sentence = "closed the callback ({reason})"
    subject = "lead_id"
    words: ClassVar[Mapping[str, str]] = {
        "reached_otherwise": "reached another way",
        "not_needed": "needs no call back",
        "duplicate": "same as another",
        "other": "something else",
    }
    callback_id: UUID
    lead_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class CallbackReopened(Event):
    name = "callback.reopened"
    sentence = "opened the callback again"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallbackAssigned(Event):
    name = "callback.assigned"
    sentence = "said who calls back"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID
    member_id: UUID | None
