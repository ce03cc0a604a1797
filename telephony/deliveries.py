"""What telephony does with a provider's delivery: whose it is, what it changes, what the provider hears."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse

from accounts import keys
from audit.recording import record
from callcrm.lib import together
from callcrm.lib.crypto import envelope
from callcrm.lib.tenancy import system_scope
from callcrm.webhooks import registry
from callcrm.webhooks.models import Delivery
from callcrm.webhooks.registry import Claim, Request
from telephony import express, ingest, routing
from telephony.events import UnknownNumberCalled
from telephony.models import Call, NumberRoute, ProviderAccount
from telephony.providers.base import Action, Params, Provider, Reply, Unusable, Update

REFUSED_ONCE_IN = timedelta(minutes=1)
_ACCOUNT = ("id", "business_id", "account_id", "secret", "previous_secret")
_ACCOUNTS = f"""
SELECT {", ".join(_ACCOUNT)} FROM telephony_provideraccount
WHERE provider = %s AND account_id = %s ORDER BY created_at
"""  # noqa: S608  # made of the names above


@dataclass(frozen=True, slots=True)
class TelephonyHandler:
    """One provider's deliveries, as `callcrm.webhooks` asks for them."""

    provider: Provider

    def routes(self) -> Sequence[str]:
        return tuple(self.provider.routes)

    def claim(self, request: Request) -> Claim | None:
        """Return the account and the business whose secret signed the request.

        Whoever registers another's account id has not its secret, so the secret decides, never the id. Where several
        businesses share an account, the number that was called decides, or the call that a delivery belongs to.
        """
        params = self.provider.webhook.read(request.body, request.content_type)
        accounts = self._accounts(request, params)
        signed = [account for account in accounts if self._signed(request, account)]
        if not signed:
            self._refused(request, accounts)
            return None
        account = signed[0] if len(signed) == 1 else self._whose(request.route, params, signed)
        about = self.provider.webhook.call_id(request.route, params) or ""
        return Claim(account.account_id, account.business_id, params, about)

    def dedupe_key(self, delivery: Delivery) -> str:
        """Return what makes a delivery the same when it comes again: its ids, or its bytes under a key."""
        return self.provider.webhook.dedupe_key(delivery.route, self._params(delivery)) or _fingerprint(
            delivery
        )

    def hurry(self, delivery: Delivery) -> HttpResponse | None:
        """Take a plain new call in two round trips: somebody waits for it to ring."""
        if delivery.route != "voice":
            return None
        try:
            actions = express.ring(delivery, self._updates(delivery), self.dedupe_key(delivery))
        except Unusable:
            return None
        return None if actions is None else self._document(actions)

    def apply(self, delivery: Delivery) -> None:
        """Apply a delivery. Raises `registry.Unusable` for one that nothing can be made of."""
        try:
            updates = self._updates(delivery)
        except Unusable as error:
            raise registry.Unusable(str(error)) from None
        placed = routing.placed(_asked(delivery))
        origin = ingest.Origin(delivery.business_id, delivery.provider, delivery.received_at, placed)
        calls = ingest.applied_calls(ingest.apply(updates, origin))
        if delivery.route in routing.NEW_CALL and not any(call.number_id for call in calls):
            record(
                UnknownNumberCalled(provider=delivery.provider),
                by=origin.actor,
                business_id=delivery.business_id,
            )

    def answer(self, delivery: Delivery, *, applied: bool) -> HttpResponse:
        """Return the provider's document, an empty one, or 204. A call that waits always gets a sentence."""
        reply = self.provider.routes[delivery.route]
        if reply is Reply.NO_CONTENT:
            return HttpResponse(status=204)
        if reply is Reply.EMPTY_DOCUMENT:
            return self._document([])
        return self._document(self._next(delivery) if applied else routing.say(routing.TROUBLE))

    def _document(self, actions: Sequence[Action]) -> HttpResponse:
        return HttpResponse(self.provider.answers.document(actions), content_type=self.provider.content_type)

    def _next(self, delivery: Delivery) -> Sequence[Action]:
        report = routing.Report(
            route=delivery.route,
            call=self._call(delivery),
            at=delivery.received_at,
            asked=_asked(delivery),
            key=self.provider.webhook.key(self._params(delivery)),
        )
        return routing.answer(report)

    def _call(self, delivery: Delivery) -> Call | None:
        provider_id = self.provider.webhook.call_id(delivery.route, self._params(delivery))
        mine = {
            "business_id": delivery.business_id,
            "provider": delivery.provider,
            "provider_id": provider_id,
        }
        rows = Call.objects.select_related("number", "flow", "source", "business")
        return rows.filter(**mine).first()

    def _updates(self, delivery: Delivery) -> list[Update]:
        params = self._params(delivery)
        return self.provider.webhook.parse(
            delivery.route,
            delivery.body,
            delivery.content_type,
            delivery.received_at,
            params,
            asked=_asked(delivery),
        )

    def _params(self, delivery: Delivery) -> Params:
        params: Params | None = delivery.parsed
        return self.provider.webhook.read(delivery.body, delivery.content_type) if params is None else params

    def _accounts(self, request: Request, params: Params) -> list[ProviderAccount]:
        account_id = self.provider.webhook.account_id(params)
        if account_id is None:
            return []
        rows = together.read(_ACCOUNTS, (request.provider, account_id))
        return [together.row(ProviderAccount, _ACCOUNT, iter(row)) for row in rows]

    def _refused(self, request: Request, accounts: list[ProviderAccount]) -> None:
        """Remember that it came, so that people learn of a wrong secret. Once a minute: anybody may send nonsense."""
        at = request.received_at
        before = Q(refused_at=None) | Q(refused_at__lt=at - REFUSED_ONCE_IN)
        if accounts:
            same = ProviderAccount.objects.filter(pk__in=[account.pk for account in accounts])
            same.filter(before).update(refused_at=at)

    def _signed(self, request: Request, account: ProviderAccount) -> bool:
        verdict = self.provider.webhook.verify(
            url=request.url,
            method=request.method,
            headers=request.headers,
            body=request.body,
            secrets=account.secrets,
            now=request.received_at,
        )
        return verdict.ok

    def _whose(self, route: str, params: Params, signed: list[ProviderAccount]) -> ProviderAccount:
        business_id = _business_of_number(
            self.provider.webhook.our_number(route, params)
        ) or _business_of_call(
            self.provider,
            self.provider.webhook.call_id(route, params),
            [account.business_id for account in signed],
        )
        return next((account for account in signed if account.business_id == business_id), signed[0])


def _asked(delivery: Delivery) -> dict[str, str]:
    """Return what we wrote into the address that is called back; it comes under the provider's signature."""
    return dict(parse_qsl(delivery.query))


def _fingerprint(delivery: Delivery) -> str:
    """A keyed hash: an unkeyed one would let whoever reads the table try telephone numbers."""
    key = envelope.derive(keys.data_key(delivery.business_id).secret, "deliveries")
    said = delivery.query.encode() + b"\0" + delivery.body if delivery.query else delivery.body
    return f"{delivery.route}:{hmac.digest(key, said, 'sha256').hex()}"


def _business_of_number(e164: str | None) -> UUID | None:
    return (
        NumberRoute.objects.filter(e164=e164).values_list("business_id", flat=True).first() if e164 else None
    )


def _business_of_call(provider: Provider, provider_id: str | None, businesses: Iterable[UUID]) -> UUID | None:
    if provider_id is None:
        return None
    with system_scope("one account serves several businesses: which of them has this call?", businesses):
        calls = Call.objects.filter(provider=provider.name, provider_id=provider_id)
        return calls.values_list("business_id", flat=True).first()
