"""How each state is shown on a page: its word, its tone, its icon.

One table for calls, messages, leads and members, so that a state looks the same wherever it appears.
Codes are those of the models and of the API. The tags of `callcrm.lib.ui` read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """How a state is shown: always a word and an icon, the colour only repeats them."""

    word: str
    tone: str = ""
    icon: str = "info"


MARKS: Mapping[str, Mark] = {
    # a call while it lasts
    "queued": Mark("Queued", "", "clock"),
    "ringing": Mark("Ringing", "warn", "bell"),
    "calling": Mark("Calling", "accent", "phone-outgoing"),
    "in-progress": Mark("Talking", "ok", "phone-call"),
    # a call that has ended
    "completed": Mark("Ended", "", "phone"),
    "busy": Mark("Busy", "bad", "phone-off"),
    "no-answer": Mark("No answer", "bad", "phone-missed"),
    "canceled": Mark("Canceled", "", "phone-off"),
    "answered": Mark("Answered", "ok", "phone-incoming"),
    "voicemail": Mark("Voicemail", "warn", "voicemail"),
    "missed": Mark("Missed", "bad", "phone-missed"),
    "unreached": Mark("Not reached", "", "phone-outgoing"),
    "stopped": Mark("Stopped", "", "phone-off"),
    "abandoned": Mark("Hung up", "", "phone-off"),
    "blocked": Mark("Blocked", "", "ban"),
    "recording": Mark("Recording", "info", "mic"),
    "announced": Mark("Announced", "ok", "check"),
    "not-recorded": Mark("Not recorded", "", "ban"),
    "not-decided": Mark("Not decided yet", "", "clock"),
    "no-notice": Mark("Blocked: no notice", "bad", "ban"),
    "not-known": Mark("Not known", "warn", "circle-help"),
    "overdue": Mark("Overdue", "bad", "timer"),
    "pausing": Mark("Pausing…", "warn", "pause"),
    "paused": Mark("Paused", "warn", "pause"),
    "resuming": Mark("Resuming…", "info", "play"),
    "held": Mark("Legal hold", "warn", "lock"),
    # a message
    "sending": Mark("Sending", "", "send"),
    "sent": Mark("Sent", "", "send"),
    "delivered": Mark("Delivered", "ok", "check"),
    "read": Mark("Read", "ok", "check"),
    "undelivered": Mark("Not delivered", "bad", "circle-alert"),
    "failed": Mark("Failed", "bad", "circle-alert"),
    "unknown": Mark("Not confirmed", "warn", "circle-help"),
    "received": Mark("Received", "", "messages-square"),
    # an export
    "waiting": Mark("Waiting", "", "clock"),
    "writing": Mark("Being written", "info", "timer"),
    "ready": Mark("Ready", "ok", "check"),
    "over": Mark("Over", "", "history"),
    # a problem with a call
    "reported": Mark("Open", "warn", "circle-alert"),
    "resolved": Mark("Resolved", "ok", "check"),
    # a delivery of a provider
    "plug": Mark("Delivery", "", "plug"),
    "applied": Mark("Applied", "ok", "check"),
    "duplicate": Mark("Came again", "", "repeat"),
    "late": Mark("Late", "warn", "timer"),
    # a lead
    "new": Mark("New", "accent", "star"),
    "contacted": Mark("Contacted", "info", "phone-outgoing"),
    "qualified": Mark("Qualified", "warn", "user-check"),
    "won": Mark("Won", "ok", "trophy"),
    "lost": Mark("Lost", "", "circle-x"),
    "spam": Mark("Spam", "bad", "ban"),
    # a line of a timeline
    "note": Mark("Note", "warn", "sticky-note"),
    "text": Mark("Text", "", "messages-square"),
    # a number, a member, a session
    "active": Mark("Active", "ok", "check"),
    "off": Mark("Switched off", "", "ban"),
    "owner": Mark("Owner", "accent", "key-round"),
    "admin": Mark("Admin", "info", "shield-check"),
    "user": Mark("User", "", "user-round"),
}


# The history's events, by their dotted name or by what stands before the dot.
EVENT_MARKS: Mapping[str, Mark] = {
    "lead.revealed": Mark("Revealed", "warn", "eye"),
    "lead.deleted": Mark("Deleted", "bad", "trash-2"),
    "lead.searched": Mark("Searched", "", "search"),
    "lead.note_added": Mark("Note", "", "sticky-note"),
    "access.denied": Mark("Refused", "bad", "ban"),
    "auth.logged_in": Mark("Signed in", "", "log-in"),
    "auth.logged_out": Mark("Signed out", "", "log-out"),
    "auth.log_in_failed": Mark("Refused", "bad", "ban"),
    "auth.locked_out": Mark("Refused", "bad", "lock"),
    "auth.token_reused": Mark("Refused", "bad", "triangle-alert"),
    "crypto": Mark("Unreadable", "bad", "triangle-alert"),
    "limit": Mark("Limit", "warn", "timer"),
    "platform": Mark("Platform visit", "warn", "shield-check"),
    "auth": Mark("Account", "accent", "key-round"),
    "business": Mark("Settings", "accent", "settings"),
    "member": Mark("Team", "accent", "user-plus"),
    "number": Mark("Number", "accent", "hash"),
    "provider": Mark("Provider", "accent", "plug"),
    "source": Mark("Source", "accent", "megaphone"),
    "lead": Mark("Lead", "", "user-round"),
    "call": Mark("Call", "", "phone"),
    "callback": Mark("Callback", "", "phone-outgoing"),
    "message": Mark("Message", "", "messages-square"),
    "recording.deleted": Mark("Deleted", "bad", "trash-2"),
    "recording.held": Mark("Legal hold", "warn", "lock"),
    "recording.hold_lifted": Mark("Legal hold", "", "lock"),
    "recording": Mark("Recording", "", "mic"),
    "retention": Mark("Settings", "accent", "settings"),
    "hours": Mark("Opening hours", "accent", "clock"),
    "flow": Mark("Call flow", "accent", "hash"),
}


def mark(code: object) -> Mark:
    """Return how a state or an event is shown; a word that is not listed stands for itself."""
    key = str(code)
    family = EVENT_MARKS.get(key) or EVENT_MARKS.get(key.partition(".")[0]) if "." in key else None
    return MARKS.get(key) or family or Mark(key.replace("-", " ").replace("_", " ").capitalize())
