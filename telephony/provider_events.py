"""What the provider delivered of one call, in the order in which it came, for whoever looks for a fault.

Every one of these was signed: what is not is refused and kept nowhere. What stood in it is opened here and masked at
once: the provider's own `shown` says which values are harmless. It is no reveal: like reading any other masked page of
the call it is not in the history. Which telephone each tells of is said in words (`event_words.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from accounts.doors import Admitted
from callcrm.lib import times
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.webhooks.models import Delivery, Receipt
from telephony import event_words
from telephony.models import Call, CallLeg
from telephony.providers import PROVIDERS
from telephony.providers.base import CallUpdate, LegUpdate, Provider, Reply, Unusable, Update

MOST_SHOWN = 200  # of one call; a usual one has ten to thirty
LATE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One delivery: what it says, of which telephone. `after` is from the beginning of the call, `delay` from when it
    was true at the provider; `was_asked` is whether the provider waited to hear what comes next.
    """

    receipt: Receipt
    said: str
    after: timedelta
    telephone: str = ""
    was_asked: bool = False
    delay: timedelta | None = None
    fields: list[tuple[str, str | None]] = field(default_factory=list)
    is_open: bool = True  # whether its key is still there

    @property
    def since(self) -> str:
        """Return when it came, in the clock of the call."""
        seconds = round(self.after.total_seconds())
        return f"{times.in_words(abs(seconds))} {'after the beginning' if seconds >= 0 else 'before'}"

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
    legs = {leg.provider_id: leg for leg in call.legs.select_related("member__user")}
    for receipt in kept:
        after = receipt.received_at - call.started_at
        try:
            delivery = receipt.delivery()
        except DecryptError:
            yield ProviderEvent(receipt, event_words.of_route(receipt.route), after, is_open=False)
        else:
            yield _read(receipt, delivery, after, call, legs, provider)


def _read(
    receipt: Receipt,
    delivery: Delivery,
    after: timedelta,
    call: Call,
    legs: dict[str, CallLeg],
    provider: Provider,
) -> ProviderEvent:
    params = provider.webhook.read(delivery.body, delivery.content_type)
    asked, updates = dict(parse_qsl(delivery.query)), _updates(delivery, provider)
    return ProviderEvent(
        receipt,
        event_words.said(delivery.route, updates, asked=asked, key=provider.webhook.key(params)),
        after,
        event_words.telephone(delivery.route, updates, call, legs),
        provider.routes[delivery.route] is Reply.DOCUMENT,
        _delay(delivery, updates),
        provider.webhook.shown(params),
    )


def _updates(delivery: Delivery, provider: Provider) -> list[Update]:
    """Nothing where nothing could be made of it: then it failed, and says why."""
    try:
        return provider.webhook.parse(
            delivery.route, delivery.body, delivery.content_type, delivery.received_at
        )
    except Unusable:
        return []


def _delay(delivery: Delivery, updates: list[Update]) -> timedelta | None:
    """Of what says when it was true; a recording says when it began, which is something else."""
    at = _said_at(updates)
    return max(timedelta(0), delivery.received_at - at) if at else None


def _said_at(updates: list[Update]) -> datetime | None:
    of_calls = (update for update in updates if isinstance(update, CallUpdate | LegUpdate))
    return next((update.at for update in of_calls if update.at), None)
