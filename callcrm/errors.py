"""The ways callcrm says no.

Code anywhere raises one of these; `callcrm.middleware.Refusals` alone turns them into a page, a JSON
envelope or a fragment. Messages are for the person in front of the screen: they never carry a customer's
data, an id or a key. `NotFound` covers what is missing *and* what belongs to somebody else: the answer
never says which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from django.http import HttpRequest


class Refused(Exception):
    """Base of every refusal. `fields` names what is wrong with single fields of a form or a JSON body."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid"
    default_message: ClassVar[str] = "The request could not be understood."

    def __init__(self, message: str = "", *, fields: Mapping[str, list[str]] | None = None) -> None:
        self.message = message or self.default_message
        self.fields = {name: list(texts) for name, texts in (fields or {}).items()}
        super().__init__(self.message)


class Invalid(Refused):
    """The sender can put it right. JSON answers 400; an HTML form is shown again with 422."""

    default_message = "Please check what was entered."


class NotAuthenticated(Refused):
    status = 401
    code = "not_authenticated"
    default_message = "Please log in first."


class Denied(Refused):
    """Known, and not allowed. Every one is told to `on_denied` after the rollback."""

    status = 403
    code = "permission_denied"
    default_message = "You are not allowed to do this."


class HttpsRequired(Denied):
    default_message = "This address answers over https only."


class CsrfFailed(Denied):
    default_message = "This page was open for too long, or the form did not come from here. Please try again."


class NotFound(Refused):
    """The row is missing *or* not yours; the answer never says which."""

    status = 404
    code = "not_found"
    default_message = "There is nothing here."


class NotAllowed(Refused):
    status = 405
    code = "method_not_allowed"
    default_message = "This address does not answer that method."


class NotAcceptable(Refused):
    status = 406
    code = "not_acceptable"
    default_message = "None of the formats that were asked for can be given."


class TimedOut(Refused):
    status = 408
    code = "timed_out"
    default_message = "The request did not arrive in time."


class Conflict(Refused):
    status = 409
    code = "conflict"
    default_message = "This was changed in the meantime. Please look again."


class TooLarge(Refused):
    status = 413
    code = "too_large"
    default_message = "This is larger than is accepted here."


class UnsupportedType(Refused):
    status = 415
    code = "unsupported_media_type"
    default_message = "This kind of content is not accepted here."


class TooMany(Refused):
    """A limit is used up. Says which one and when to come back."""

    status = 429
    code = "rate_limited"
    default_message = "Too many requests. Please wait a moment."

    def __init__(
        self,
        message: str = "",
        *,
        retry_after: int = 60,
        limit: str = "",
        fields: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message, fields=fields)
        self.retry_after = retry_after
        self.limit = limit
        self.usage: object = None  # where its count stands: what the RateLimit headers say


class TooSlow(Refused):
    """The answer was not ready in time; what was asked for may still happen."""

    status = 504
    code = "too_slow"
    default_message = "This takes longer than expected. Please look in a moment whether it was done."


class Unavailable(Refused):
    """Something we depend on is out of reach; the same request may work in a moment."""

    status = 503
    code = "unavailable"
    default_message = "The service is not available at the moment. Please try again shortly."

    def __init__(
        self,
        message: str = "",
        *,
        retry_after: int = 5,
        fields: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message, fields=fields)
        self.retry_after = retry_after


RefusedHook = Callable[[HttpRequest, Refused], None]

# Called once the refused request's own transaction is gone: a record of the attempt made inside it would be
# rolled back with it. Each runs in a transaction of its own; one that fails is logged, the answer stays.
on_denied: list[RefusedHook] = []
on_limited: list[RefusedHook] = []
