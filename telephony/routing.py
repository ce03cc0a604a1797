"""What a caller hears: the document that answers a call, from the number that was dialled.

Rendered from rows that are loaded already; nothing here writes. A caller is never left without a sentence.
"""

from django.conf import settings

from telephony.models import Call, TrackingNumber
from telephony.providers.base import Answers, LegUpdate, Say, Update

NOT_IN_SERVICE = Say("Thank you for calling. This number is not in service at the moment. Goodbye.")
NOBODY_HERE = Say(
    "Thank you for calling. We are sorry that nobody can take your call right now. Please call again."
)
TROUBLE = Say("We are sorry, your call cannot be connected right now. Please call again in a few minutes.")


def voice(answers: Answers, provider: str, call: Call | None) -> str:
    """Return the document for a new call: the notice, then everybody's telephone at once."""
    number = call.number if call else None
    if number is None or not number.is_active:
        return answers.say(NOT_IN_SERVICE)
    if not number.forward_to:
        return answers.say(NOBODY_HERE)
    return _forward(answers, provider, number)


def after_dial(answers: Answers, updates: list[Update]) -> str:
    """Return the document for a caller whose forwarding has ended."""
    bridged = any(isinstance(update, LegUpdate) and update.bridged for update in updates)
    return answers.after_dial(bridged=bridged, apology=NOBODY_HERE)


def callback_url(provider: str, route: str) -> str:
    """Return where a provider reports to."""
    return f"{settings.PUBLIC_BASE_URL.rstrip('/')}/webhooks/{provider}/{route}/"


def _forward(answers: Answers, provider: str, number: TrackingNumber) -> str:
    """A call is recorded only after its notice: no notice, no recording."""
    notice = number.notice.strip() if number.records else ""
    return answers.forward(
        number.forward_to,
        caller_id=None,
        notice=Say(notice) if notice else None,
        record=bool(notice),
        action_url=callback_url(provider, "dial-action"),
        recording_status_url=callback_url(provider, "recording-status"),
        number_status_url=callback_url(provider, "number-status"),
        timeout=number.ring_seconds,
    )
