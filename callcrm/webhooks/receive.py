"""While the provider waits: verify, keep, apply, answer.

Nothing is believed before the signature over the raw request; 2xx means that the receipt is committed. Keeping and
applying share a transaction; when applying fails, what it did is undone, the receipt stays with its error and the
provider still hears 2xx, because it has delivered. `replay` applies such a receipt again, after a fix.
"""

import logging

from django.conf import settings
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.doors import open_door
from callcrm.errors import NotAllowed, NotFound, Refused, TooLarge
from callcrm.lib.tenancy import business_scope
from callcrm.webhooks import registry
from callcrm.webhooks.models import LONGEST_QUERY, Delivery, Receipt
from callcrm.webhooks.registry import Claim, Handler, Request, Unusable

MAX_BODY = 256 * 1024
CROSSED = ("40P01", "40001")  # a deadlock, a serialization failure
log = logging.getLogger("callcrm.webhooks")
security_log = logging.getLogger("callcrm.security")


@csrf_exempt
@open_door("The provider's signature over the raw request is checked first.")
def receive(request: HttpRequest, provider: str, route: str) -> HttpResponse:
    """Answer one delivery: 404, 405, 413, 403 with nothing in it, and only then is anything read into it."""
    handler = registry.find(provider, route)
    if handler is None:
        raise NotFound
    if request.method != "POST":
        raise _post_alone()
    raw = _raw(request, provider, route)
    claim = handler.claim(raw)
    if claim is None:
        security_log.warning("webhook.rejected", extra={"fields": {"provider": provider, "route": route}})
        return HttpResponse(status=403)
    return take(handler, _delivery(raw, claim))


receive.refuses_late = True  # type: ignore[attr-defined]  # an unknown route is 404 before a body is too large


def _post_alone() -> NotAllowed:
    refusal = NotAllowed()
    refusal.allowed_methods = ("POST",)  # type: ignore[attr-defined]  # what the Allow header says
    return refusal


def take(handler: Handler, delivery: Delivery) -> HttpResponse:
    """Keep a verified delivery and apply it once; answer it every time it comes."""
    try:
        return handler.hurry(delivery) or _take(handler, delivery)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") not in CROSSED:
            raise
        return _take(handler, delivery)  # PostgreSQL undid one of two that waited for each other: once more


def _take(handler: Handler, delivery: Delivery) -> HttpResponse:
    with business_scope(delivery.business_id):
        receipt, new = Receipt.objects.keep(delivery, handler.dedupe_key(delivery))
        if not new:
            receipt.came_again()
        if not new and receipt.state == Receipt.State.FAILED:
            receipt.attempts += 1  # what was wrong may be mended
        if new or receipt.state == Receipt.State.FAILED:
            apply(handler, receipt, delivery)
        return handler.answer(delivery, applied=receipt.state == Receipt.State.APPLIED)


def apply(handler: Handler, receipt: Receipt, delivery: Delivery) -> None:
    """Apply a kept delivery. What goes wrong is written on the receipt, never raised."""
    error = _try(handler, receipt, delivery)
    if error or receipt.state != Receipt.State.APPLIED:
        receipt.settle(error)


def _try(handler: Handler, receipt: Receipt, delivery: Delivery) -> str:
    """Return the code of what went wrong, and nothing when nothing did."""
    try:
        with transaction.atomic():
            handler.apply(delivery)
    except Unusable as error:
        return error.code
    except OperationalError:
        raise  # nothing can be kept now: the provider hears 503 and comes again
    except Exception as error:  # whatever it is, the delivery is kept and can be replayed
        log.exception("webhook.failed", extra={"fields": {"receipt": str(receipt.pk)}})
        return type(error).__name__
    return ""


def replay(receipt: Receipt) -> bool:
    """Apply a kept delivery again, in its business. Returns whether it is applied now."""
    handler = registry.find(receipt.provider, receipt.route)
    if handler is None:
        return False
    with business_scope(receipt.business_id):
        receipt = Receipt.objects.select_for_update().get(pk=receipt.pk)
        receipt.attempts += 1
        apply(handler, receipt, receipt.delivery())
    return receipt.state == Receipt.State.APPLIED


def _delivery(raw: Request, claim: Claim) -> Delivery:
    return Delivery(
        provider=raw.provider,
        route=raw.route,
        account_id=claim.account_id,
        business_id=claim.business_id,
        body=raw.body,
        content_type=raw.content_type,
        received_at=raw.received_at,
        query=raw.url.partition("?")[2][:LONGEST_QUERY],
        parsed=claim.parsed,
        about=claim.about,
    )


def public_url(request: HttpRequest) -> str:
    """Return the address as the provider called it: the configured base and the raw target, never the Host header.

    Django's own `build_absolute_uri` re-encodes the path, and a signature is over the bytes.
    """
    return settings.PUBLIC_BASE_URL.rstrip("/") + _raw_target(request)


def _raw_target(request: HttpRequest) -> str:
    scope = getattr(request, "scope", None)
    if scope and scope.get("raw_path"):
        path = scope["raw_path"].partition(b"?")[0].decode("latin-1")
    else:
        path = request.META.get("RAW_URI", request.path).partition("?")[0]
    query = request.META.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _raw(request: HttpRequest, provider: str, route: str) -> Request:
    early: Refused | None = getattr(request, "refused_early", None)
    if early is not None:
        raise early
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length[:12]) > MAX_BODY or len(request.body) > MAX_BODY:
        raise TooLarge
    return Request(
        provider=provider,
        route=route,
        url=public_url(request),
        method=request.method or "",
        headers=request.headers,
        body=request.body,
        content_type=request.META.get("CONTENT_TYPE", ""),
        received_at=timezone.now(),
    )
