"""Who understands which provider's deliveries. Telephony (and later payments) registers here; webhooks know neither."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.http import HttpResponse

from callcrm.webhooks.models import Delivery


@dataclass(frozen=True, slots=True, repr=False)
class Claim:
    """Whose delivery it is, what was read of it to find that out, and the id of the call that it tells of."""

    account_id: str
    business_id: UUID
    parsed: Any
    about: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """What is known before anything is believed: the public address, the method, the headers and the raw bytes."""

    provider: str
    route: str
    url: str
    method: str
    headers: Mapping[str, str]
    body: bytes
    content_type: str
    received_at: datetime


class Unusable(Exception):
    """A delivery that is signed, and cannot be applied. `code` is kept on its receipt; it holds no person's data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Handler(Protocol):
    """What a provider's side must be able to do."""

    def routes(self) -> Sequence[str]: ...

    def claim(self, request: Request) -> Claim | None:
        """Return the account and the business whose secret signed the request, or None when nobody's did."""

    def dedupe_key(self, delivery: Delivery) -> str: ...

    def hurry(self, delivery: Delivery) -> HttpResponse | None:
        """Keep, apply and answer the usual case at once, or return None, having done nothing."""

    def apply(self, delivery: Delivery) -> None:
        """Apply it, safely twice and in any order. Raises Unusable."""

    def answer(self, delivery: Delivery, *, applied: bool) -> HttpResponse:
        """Return what the provider hears; never raises."""


_handlers: dict[str, Handler] = {}


def register(provider: str, handler: Handler) -> None:
    """Make a provider known. Called while apps get ready."""
    _handlers[provider] = handler


def find(provider: str, route: str) -> Handler | None:
    """Return who handles a route, or None where there is no such route."""
    handler = _handlers.get(provider)
    return handler if handler and route in handler.routes() else None
