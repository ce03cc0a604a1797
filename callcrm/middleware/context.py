"""Who asks, under which id, and the one log line that says how it went.

The address of the client is counted from the right of X-Forwarded-For, by as many proxies as are ours: what
stands further left was written by whoever asked. From here on REMOTE_ADDR is that address, for libraries
too. The line names the route, never the path, and reads the user only if somebody has already looked.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import LazyObject, empty

from callcrm.lib import context, logs

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_KEPT_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_log = logs.get("callcrm.request")


class RequestContext:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        request_id = id_of(request)
        address = address_of(request)
        request.META["REMOTE_ADDR"] = address
        tokens = context.request_id.set(request_id), context.client_ip.set(address)
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request_id
            _write(request, response, time.perf_counter() - began)
            return response
        finally:
            context.request_id.reset(tokens[0])
            context.client_ip.reset(tokens[1])


def id_of(request: HttpRequest) -> str:
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if _KEPT_ID.fullmatch(given) else context.new_request_id()


def address_of(request: HttpRequest) -> str:
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    depth: int = settings.TRUSTED_PROXY_DEPTH
    if depth < 1:
        return peer
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return (_address(hops[-depth]) if len(hops) >= depth else "") or peer


def _address(text: str) -> str:
    """An address without port or brackets, IPv4 in its own spelling; empty where it is none."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _write(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    slow = seconds > settings.SLOW_REQUEST_SECONDS
    say = _log.warning if slow else _log.info
    say(
        "slow request" if slow else "request",
        method=request.method if request.method in METHODS else "OTHER",
        route=_route(request),
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
        **_who(request),
    )


def _route(request: HttpRequest) -> str:
    if request.path_info.startswith(settings.STATIC_URL):
        return "static"
    match = request.resolver_match
    return f"/{match.route}" if match else "none"


def _who(request: HttpRequest) -> dict[str, Any]:
    refusal = getattr(request, "refusal", None)
    known = {
        "user_id": getattr(_looked_up(request, "user"), "pk", None),
        "business_id": getattr(_looked_up(request, "business"), "pk", None),
        "code": refusal.code if refusal else None,
    }
    return {name: str(value) for name, value in known.items() if value is not None}


def _looked_up(request: HttpRequest, name: str) -> Any:
    """A lazy user that nobody asked for stays unasked: the log must not cost a query."""
    value = request.__dict__.get(name)
    lazy = isinstance(value, LazyObject) and value.__dict__.get("_wrapped", empty) is empty
    return None if lazy else value
