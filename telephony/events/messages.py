"""What happens to texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from audit.events import Event
from leads.events import REASONS


@dataclass(frozen=True, kw_only=True)
class MessageReceived(Event):
    name = "message.received"
    sentence = "brought a text"
    subject = "message_id"
    message_id: UUID
    lead_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class MessageRevealed(Event):
    name = "message.revealed"
    sentence = "revealed the text ({reason})"
    words: ClassVar[Mapping[str, str]] = REASONS
    subject = "message_id"
    security = True
    message_id: UUID
    reason: str
