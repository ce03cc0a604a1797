"""What the provider delivered of one call, in the order in which it came, for whoever looks for a fault.

Every one of these was signed: what is not is refused and kept nowhere. What stood in it is opened here and masked at
once: the provider's own `shown` says which values are harmless. It is no reveal, so it is not in the history.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.doors import Admitted
from callcrm.lib import times
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.webhooks.models import Delivery, Receipt
from telephony.models import Call
from telephony.providers import PROVIDERS
from telephony.providers.base import CallUpdate, LegUpdate, Provider, Unusable

MOST_SHOWN = 200  # of one call; a usual one has ten to thirty
LATE = timedelta(minutes=1)
WORDS = {
    "voice": "New call",
    "voice-fallback": "New call, at the second address",
    "gather": "A key, or none",
    "dial-action": "End of ringing",
    "voice-status": "State of the call",
    "number-status": "State of a telephone",
    "whisper": "A telephone was picked up",
    "whisper-accept": "A key on a telephone",
    "bridge": "The member's telephone",
    "record-action": "End of a message",
    "recording-status": "Recording",
    "transcription": "Words of a message",
}


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One delivery. `after` is from the beginning of the call, `delay` from when it was true at the provider."""

    receipt: Receipt
    word: str
    after: timedelta
    delay: timedelta | None = None
    fields: list[tuple[str, str | None]] = field(default_factory=list)
    is_open: bool = True  # whether its key is still there

    @property
    def since(self) -> str:
        """Return when it came, in the clock of the call."""
        seconds = round(self.after.total_seconds())
        return f"{times.in_words(abs(seconds))} {'after the beginning' if seconds >= 0 else 'before'}"

    @property
    def status(self) -> str:
        """Return the state that it told of: of several the last, which is that of what the route is about."""
        told = [value for name, value in self.fields if name.endswith("Status") and value]
        return told[-1] if told else ""

    @property
    def repeated(self) -> str:
        count = self.receipt.repeats
        return "Came again" if count == 1 else f"Came {count} times again"

    @property
    def is_late(self) -> bool:
        return self.delay is not None and self.delay > LATE


def of_call(call: Call, member: Admitted) -> tuple[list[ProviderEvent], bool]:
    """Return what was delivered of a call, as far as the member may know of deliveries, and whether there is more."""
    provider = PROVIDERS.get(call.provider)
    if provider is None or not call.provider_id:
        return [], False
    about = Receipt.objects.visible_to(member).about(call.provider, call.provider_id)
    kept = list(about[: MOST_SHOWN + 1])
    return list(_told(kept[:MOST_SHOWN], call, provider)), len(kept) > MOST_SHOWN


def _told(kept: Iterable[Receipt], call: Call, provider: Provider) -> Iterator[ProviderEvent]:
    for receipt in kept:
        word, after = WORDS.get(receipt.route, receipt.route), receipt.received_at - call.started_at
        try:
            delivery = receipt.delivery()
        except DecryptError:
            yield ProviderEvent(receipt, word, after, is_open=False)
        else:
            shown = provider.webhook.shown(provider.webhook.read(delivery.body, delivery.content_type))
            yield ProviderEvent(receipt, word, after, _delay(delivery, provider), shown)


def _delay(delivery: Delivery, provider: Provider) -> timedelta | None:
    """Of what says when it was true; a recording says when it began, which is something else."""
    at = _said_at(delivery, provider)
    return max(timedelta(0), delivery.received_at - at) if at else None


def _said_at(delivery: Delivery, provider: Provider) -> datetime | None:
    try:
        updates = provider.webhook.parse(
            delivery.route, delivery.body, delivery.content_type, delivery.received_at
        )
    except Unusable:
        return None
    of_calls = (update for update in updates if isinstance(update, CallUpdate | LegUpdate))
    return next((update.at for update in of_calls if update.at), None)
