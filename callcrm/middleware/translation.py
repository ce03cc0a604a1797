"""Which refusal an exception means: ours, Django's, the API library's and the database's own words for no.

What is not listed is a fault of ours and stays one (500). A database error is told apart by its SQLSTATE;
its text repeats the row and goes nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core import exceptions as django
from django.db import utils as database
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as api

from callcrm import errors
from callcrm.errors import Refused
from callcrm.lib import logs, redaction
from callcrm.lib.crypto.envelope import DecryptError

_log = logs.get("callcrm.refusals")

_DENIED_BY_POSTGRES = "42501"  # the wall between businesses, or a privilege we do not have
_ALREADY_THERE = {"23505", "23P01"}
_READ_ONLY = "25006"
_OUT_OF_RANGE = "A value is out of range or of the wrong kind."


def refusal_for(exception: BaseException | None) -> Refused | None:
    if isinstance(exception, Refused) or exception is None:
        return exception
    if isinstance(exception, api.APIException):
        return _of_api(exception)
    return (
        _of_django(exception) or _of_database(exception) or _of_sealed(exception) or _of_deep_json(exception)
    )


def _of_sealed(exception: BaseException) -> Refused | None:
    """A key is gone or is not ours: nothing is lost, and whoever runs callcrm must look at LEAD_ENCRYPTION_KEY."""
    if not isinstance(exception, DecryptError):
        return None
    logs.security("crypto.unreadable", outcome="failure", reason=str(exception))
    return errors.Unavailable(
        "This cannot be opened at the moment. Whoever runs callcrm must look at its keys."
    )


def _of_django(exception: BaseException) -> Refused | None:
    if isinstance(exception, Http404):
        return errors.NotFound()
    if isinstance(exception, django.PermissionDenied):
        return errors.Denied()
    if isinstance(exception, django.RequestDataTooBig):
        return errors.TooLarge()
    if isinstance(exception, django.TooManyFieldsSent | django.TooManyFilesSent):
        return errors.Invalid("The request has too many fields.")
    if isinstance(exception, django.ValidationError):
        return errors.Invalid(fields=_fields_of_django(exception))
    unreadable = (django.BadRequest, django.SuspiciousOperation, MultiPartParserError, UnreadablePostError)
    return errors.Invalid("The request could not be read.") if isinstance(exception, unreadable) else None


def _of_api(exception: api.APIException) -> Refused | None:
    if isinstance(exception, api.ValidationError):
        return errors.Invalid(fields=dict(_fields_of_api(exception.detail)))
    if isinstance(exception, api.Throttled):
        return errors.TooMany(retry_after=int(getattr(exception, "wait", None) or 60))
    kind = next((ours for theirs, ours in _API.items() if isinstance(exception, theirs)), None)
    if kind is not None:
        return kind()
    return errors.Invalid() if exception.status_code < 500 else None


_API: dict[type[api.APIException], type[Refused]] = {
    api.ParseError: errors.Invalid,
    api.AuthenticationFailed: errors.NotAuthenticated,
    api.NotAuthenticated: errors.NotAuthenticated,
    api.PermissionDenied: errors.Denied,
    api.NotFound: errors.NotFound,
    api.MethodNotAllowed: errors.NotAllowed,
    api.NotAcceptable: errors.NotAcceptable,
    api.UnsupportedMediaType: errors.UnsupportedType,
}


def _of_database(exception: BaseException) -> Refused | None:
    failure = next((one for one in (exception, exception.__cause__) if isinstance(one, database.Error)), None)
    if failure is None:
        return None
    state = redaction.sqlstate(failure)
    _log.warning("the database refused", kind=type(failure).__name__, sqlstate=state)
    if state == _READ_ONLY or isinstance(failure, database.OperationalError | database.InterfaceError):
        return errors.Unavailable()
    if isinstance(failure, database.DataError):
        return errors.Invalid(_OUT_OF_RANGE)
    if state == _DENIED_BY_POSTGRES:
        return errors.NotFound()
    return errors.Conflict() if state in _ALREADY_THERE else None


def _of_deep_json(exception: BaseException) -> Refused | None:
    """Brackets nested deeper than the interpreter goes. A recursion of our own is a fault."""
    if not isinstance(exception, RecursionError):
        return None
    place = exception.__traceback__
    while place is not None:
        if place.tb_frame.f_globals.get("__name__") == "json.decoder":
            return errors.Invalid("The body is nested too deeply.")
        place = place.tb_next
    return None


def _fields_of_django(exception: django.ValidationError) -> dict[str, list[str]]:
    if hasattr(exception, "error_dict"):
        return {_named(name): list(texts) for name, texts in exception.message_dict.items()}
    return {"non_field_errors": list(exception.messages)}


def _fields_of_api(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Nested errors flattened to `phones.0: [text]`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _fields_of_api(inner, _joined(path, str(name)))
    elif isinstance(detail, list) and any(isinstance(one, Mapping | list) for one in detail):
        for position, inner in enumerate(detail):
            yield from _fields_of_api(inner, _joined(path, str(position)))
    else:
        texts = detail if isinstance(detail, list) else [detail]
        yield path or "non_field_errors", [str(one) for one in texts]


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else _named(name)


def _named(name: str) -> str:
    return "non_field_errors" if name == "__all__" else name
