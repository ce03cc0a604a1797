"""Somebody reads the whole note of a call or a whole text: with a reason, counted and written down, as any reveal.

The history keeps it with the person. Who withheld his number is nobody: then it is kept with the call or the text.
"""

from accounts.models import Member
from audit.events import Event
from leads import reveals
from leads.events import LeadRevealed
from telephony.events import CallNoteRevealed, MessageRevealed
from telephony.models import Call, Message


def reveal_note(call: Call, reason: str, *, by: Member) -> reveals.Revealed:
    """Return the note of a call as it was written. Raises like `leads.reveals.reveal`."""

    def told(why: str) -> Event:
        if call.lead_id:
            return LeadRevealed(lead_id=call.lead_id, fields=["call note"], reason=why)
        return CallNoteRevealed(call_id=call.pk, reason=why)

    return reveals.reveal_text(call.note, told, reason, by=by)


def reveal_body(message: Message, reason: str, *, by: Member) -> reveals.Revealed:
    """Return a text as it was sent. Raises like `leads.reveals.reveal`."""

    def told(why: str) -> Event:
        if message.lead_id:
            return LeadRevealed(lead_id=message.lead_id, fields=["text"], reason=why)
        return MessageRevealed(message_id=message.pk, reason=why)

    return reveals.reveal_text(message.body, told, reason, by=by)
