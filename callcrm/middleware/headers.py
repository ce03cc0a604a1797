"""What every answer tells the browser: errors, fragments, JSON and static files alike.

What a page may load stands in the settings (CONTENT_SECURITY_POLICY) and is said by django-csp, on every answer too.
Nothing but static files may be stored by anybody. A view may set one of these headers itself; it then keeps its own
value, the ban on storing what an authenticated person saw apart.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.utils.functional import LazyObject, empty

from callcrm.errors import HttpsRequired
from callcrm.middleware.refusals import answer

Chain = Callable[[HttpRequest], HttpResponseBase]

UNUSED_POWERS = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid",
    "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": ", ".join(f"{power}=()" for power in UNUSED_POWERS),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
OPEN_TO_PLAIN = frozenset({"/health", "/health/ready"})  # asked from inside, past the proxy that speaks https


class SecurityHeaders:
    def __init__(self, get_response: Chain) -> None:
        self.get_response = get_response
        self.headers = dict(HEADERS)
        if settings.SECURE_HSTS_SECONDS:
            self.headers["Strict-Transport-Security"] = _hsts()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        if _is_authenticated(request) and not request.path_info.startswith(settings.STATIC_URL):
            response.headers["Cache-Control"] = "no-store"
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class HttpsOnly:
    """In production a page asked for in clear is sent to https; what carries data is refused."""

    def __init__(self, get_response: Chain) -> None:
        if not settings.SECURE_HSTS_SECONDS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.is_secure() or request.path_info in OPEN_TO_PLAIN:
            return self.get_response(request)
        if request.method in ("GET", "HEAD") and not request.path_info.startswith(("/api/", "/webhooks/")):
            # To the address we are known by: what the Host header says is the sender's choice.
            base = settings.PUBLIC_BASE_URL.rstrip("/")
            return HttpResponsePermanentRedirect(base + request.get_full_path())
        return answer(request, HttpsRequired())


def _hsts() -> str:
    subdomains = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
    return f"max-age={settings.SECURE_HSTS_SECONDS}{subdomains}"


def _is_authenticated(request: HttpRequest) -> bool:
    """By what was sent or found, without a query: a cookie that turns out to be stale counts too."""
    if "HTTP_AUTHORIZATION" in request.META or settings.SESSION_COOKIE_NAME in request.COOKIES:
        return True
    user = request.__dict__.get("user")
    if isinstance(user, LazyObject) and user.__dict__.get("_wrapped", empty) is empty:
        return False
    return bool(getattr(user, "is_authenticated", False))
