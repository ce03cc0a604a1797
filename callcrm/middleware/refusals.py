"""Errors become answers here and nowhere else: a page, a JSON envelope, a fragment, or an empty body.

Views raise `callcrm.errors`; their transaction is rolled back by the time this is asked. One kind of
refusal gives the same bytes whatever led to it: a missing row and somebody else's cannot be told apart.
Providers get empty bodies. Listeners of refusals (`errors.on_denied`, `on_limited`) are called last, each
in its own transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme

from callcrm import errors
from callcrm.errors import Refused
from callcrm.lib import context, logs
from callcrm.middleware.context import METHODS
from callcrm.middleware.translation import refusal_for

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
TITLES = {
    400: "That did not work",
    401: "Please log in",
    403: "Not allowed",
    404: "Nothing here",
    405: "Not possible this way",
    408: "Too slow",
    409: "Not possible now",
    413: "Too large",
    415: "Not accepted",
    422: "Please check",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Not available at the moment",
    504: "This takes longer than expected",
}
_OF_STATUS: dict[int, type[Refused]] = {
    kind.status: kind
    for kind in (
        errors.Invalid, errors.NotAuthenticated, errors.Denied, errors.NotFound, errors.NotAllowed,
        errors.NotAcceptable, errors.TimedOut, errors.Conflict, errors.TooLarge, errors.UnsupportedType,
        errors.TooMany, errors.TooSlow, errors.Unavailable,
    )
}  # fmt: skip
_log = logs.get("callcrm.refusals")


class Broken(Refused):
    """A fault of ours. Nobody raises it: it is the answer when an exception means nothing else."""

    status = 500
    code = "error"
    default_message = "Something went wrong on our side. It was noted."


class Refusals:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        at_the_door = _unreadable(request)
        response = answer(request, at_the_door) if at_the_door else self.get_response(request)
        response = _furnish(request, response)
        _tell_limits(request, response)
        _tell_listeners(request)
        return response

    def process_view(self, request: HttpRequest, view: object, *_more: object) -> HttpResponseBase | None:
        """A body that was refused waits until the address is known to exist: 404 goes before 413.

        A view that knows more of its addresses than the URLconf does raises it itself (`refuses_late`).
        """
        early: Refused | None = getattr(request, "refused_early", None)
        if early is None or getattr(view, "refuses_late", False):
            return None
        if _is_webhook(request) and request.method != "POST":
            early = errors.NotAllowed()
        return answer(request, early)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        refused = refusal_for(exception)
        return answer(request, refused, exception) if refused else None


def leave_to_refusals(exception: Exception, around: dict[str, Any]) -> None:
    """The API library's EXCEPTION_HANDLER: let it through, so that its answers are like all others."""
    view = around.get("view")
    if view is not None:
        exception.allowed_methods = view.allowed_methods  # type: ignore[attr-defined]  # what the Allow header says


def answer(request: HttpRequest, refused: Refused, cause: Exception | None = None) -> HttpResponseBase:
    request.refusal = refused  # type: ignore[attr-defined]  # read by `context` and below
    response = _shaped(request, refused)
    for name, value in _headers(refused, cause).items():
        response.headers[name] = value
    return response


def _shaped(request: HttpRequest, refused: Refused) -> HttpResponseBase:
    if _is_webhook(request):
        return HttpResponse(status=refused.status, content_type="text/plain")
    if _wants_json(request):
        return JsonResponse(envelope(refused), status=refused.status)
    if refused.status == 401:
        return _to_login(request)
    is_form = request.method == "POST" and request.content_type in FORMS
    status = 422 if is_form and isinstance(refused, errors.Invalid) else refused.status
    page = _fragment if _is_fragment(request) else _page
    return HttpResponse(page(refused, status), status=status)


def envelope(refused: Refused) -> dict[str, Any]:
    error = {"code": refused.code, "message": _message(refused), "fields": refused.fields}
    return {"error": error | {"request_id": context.request_id.get()}}


def _headers(refused: Refused, cause: Exception | None) -> dict[str, str]:
    found = {}
    if isinstance(refused, errors.TooMany | errors.Unavailable):
        found["Retry-After"] = str(max(1, refused.retry_after))
    if challenge := getattr(cause, "auth_header", None):
        found["WWW-Authenticate"] = challenge
    if isinstance(refused, errors.NotAllowed):
        found["Allow"] = ", ".join(getattr(cause, "allowed_methods", ()) or sorted(METHODS))
    return found


def _message(refused: Refused) -> str:
    if isinstance(refused, errors.TooMany) and refused.message == refused.default_message:
        named = f" The limit “{refused.limit}” is used up." if refused.limit else ""
        return f"Too many requests.{named} Please wait {refused.retry_after} seconds."
    return refused.message


def _page(refused: Refused, status: int) -> str:
    # Without the request: a form's token or a name would make two answers differ; the database may be gone.
    shown = _words(refused, status)
    return _rendered([f"errors/{status}.html", "errors/error.html"], shown) or format_html(_PLAIN, **shown)


def _fragment(refused: Refused, status: int) -> str:
    shown = _words(refused, status)
    return _rendered(["errors/_fragment.html"], shown) or format_html(_PLAIN_FRAGMENT, **shown)


def _words(refused: Refused, status: int) -> dict[str, Any]:
    reference = "" if status == 404 else context.request_id.get()
    title = TITLES.get(status, TITLES[400])
    return {"status": status, "title": title, "message": _message(refused), "request_id": reference}


def _rendered(templates: list[str], shown: dict[str, Any]) -> str:
    try:
        return render_to_string(templates, shown)
    except TemplateDoesNotExist:
        return ""
    except Exception:  # the page about an error must not become the next error
        _log.exception("an error page could not be rendered", template=templates[0])
        return ""


_PLAIN = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    "<body><main><h1>{title}</h1><p>{message}</p><p>{request_id}</p></main></body></html>"
)
_PLAIN_FRAGMENT = '<p role="alert">{message} {request_id}</p>'


def _to_login(request: HttpRequest) -> HttpResponseBase:
    """Send a stranger to log in, and then back to the page he was on. What he has sent is not kept, and he is told."""
    reads, is_fragment = request.method in ("GET", "HEAD"), _is_fragment(request)
    back = request.get_full_path() if reads and not is_fragment else _page_before(request)
    address = redirect_to_login(back, settings.LOGIN_URL).url + ("" if reads else "&unsaved=1")
    return (
        HttpResponse(status=401, headers={"HX-Redirect": address})
        if is_fragment
        else HttpResponseRedirect(address)
    )


def _page_before(request: HttpRequest) -> str:
    before = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}):
        return "/"
    parts = urlsplit(before)
    return urlunsplit(("", "", parts.path, parts.query, ""))


def _unreadable(request: HttpRequest) -> Refused | None:
    query = request.META.get("QUERY_STRING", "")
    if request.method not in METHODS:
        return errors.NotAllowed()
    if "\x00" in request.path:
        return errors.Invalid("The address holds a sign that is not accepted.")
    if "%00" not in query and "\x00" not in query:
        return None
    pairs = parse_qsl(query, keep_blank_values=True)
    named = [name.replace("\x00", "") for name, value in pairs if "\x00" in name + value]
    return errors.Invalid(fields={name: ["holds a sign that is not accepted"] for name in named})


def _furnish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Libraries and decorators answer with bare numbers; a person gets a page and a program its envelope."""
    kind = _OF_STATUS.get(response.status_code)
    is_bare = isinstance(response, HttpResponse) and not response.content
    if kind is None or not is_bare or _is_webhook(request) or hasattr(request, "refusal"):
        return response
    full = answer(request, kind())
    for name, value in response.headers.items():
        if name not in ("Content-Type", "Content-Length"):
            full.headers[name] = value
    full.cookies = response.cookies
    return full


def _tell_limits(request: HttpRequest, response: HttpResponseBase) -> None:
    refusal = getattr(
        request, "refusal", None
    )  # the limit that refused is told before the one that was counted
    usage = getattr(refusal, "usage", None) or getattr(request, "limit_usage", None)
    if usage is not None:
        for name in ("limit", "remaining", "reset"):
            response.headers[f"RateLimit-{name.title()}"] = str(max(0, getattr(usage, name)))


def _tell_listeners(request: HttpRequest) -> None:
    refused = getattr(request, "refusal", None)
    if isinstance(refused, errors.Denied):
        listeners = errors.on_denied
    elif isinstance(refused, errors.TooMany):
        listeners = errors.on_limited
    else:
        return
    for listener in listeners:
        try:
            with transaction.atomic():
                listener(request, refused)
        except Exception:  # the refusal stands whether or not it could be recorded; the loss is loud
            _log.exception("a refusal could not be recorded")


def _is_webhook(request: HttpRequest) -> bool:
    return request.path_info.startswith("/webhooks/")


def _is_fragment(request: HttpRequest) -> bool:
    return "HTTP_HX_REQUEST" in request.META and "HTTP_HX_BOOSTED" not in request.META


def _wants_json(request: HttpRequest) -> bool:
    accepted = request.META.get("HTTP_ACCEPT", "")
    by_choice = "application/json" in accepted and "text/html" not in accepted
    return by_choice or request.path_info.startswith("/api/")
