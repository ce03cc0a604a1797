"""Reading what API clients send, without guessing.

A name that is not known, a name given twice and a value of another type are errors that name the field: what a client
believes it has said must be what is done. No `1` is text, no `true` is a number, digits are ASCII.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar, NoReturn

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from callcrm.errors import Invalid, UnsupportedType

JSON = "application/json"
LONGEST_NAME, MOST_NAMED = 100, 20  # of unknown fields, when they are told back
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_MONEY = re.compile(r"\d{1,10}(?:\.\d{1,2})?", re.ASCII)


class Shape(serializers.Serializer[Any]):
    """What is answered. A field whose name the library has for itself, such as `source`, is typed Any: it does not
    stay on its class, so nothing is in the way of anything."""


class Strict(Shape):
    """Fields that are known, and no other."""

    limits: ClassVar[Mapping[str, Any]] = {"additionalProperties": False}  # for the schema

    def to_internal_value(self, data: Any) -> Any:
        problems: dict[str, Any] = {}
        if isinstance(data, Mapping):
            unknown = islice((name for name in data if name not in self.fields), MOST_NAMED)
            problems = {str(name)[:LONGEST_NAME]: ["Unknown field."] for name in unknown}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            detail: Any = error.detail
            raise serializers.ValidationError(detail | problems) from None
        if problems:
            raise serializers.ValidationError(problems)
        return value


class _OnlyText:
    """Of a field that takes text: what is no text is refused before it is made into one."""

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and data is not None and not isinstance(data, str):
            raise serializers.ValidationError(["Must be a text."], code="invalid")
        return super().run_validation(data)  # type: ignore[misc]  # of the field it is mixed into


class Text(_OnlyText, serializers.CharField):
    pass


class Email(_OnlyText, serializers.EmailField):
    pass


class Choice(_OnlyText, serializers.ChoiceField):
    # The library's own words repeat what was sent, which may be a person's.
    default_error_messages = {"invalid_choice": "This is none of the choices."}


@extend_schema_field({"type": "string", "format": "uuid", "pattern": f"^{_ID.pattern}$"})
class Id(_OnlyText, serializers.UUIDField):
    def to_internal_value(self, data: Any) -> Any:
        if not _ID.fullmatch(data):
            self.fail("invalid", value="")
        return super().to_internal_value(data)


class Moment(_OnlyText, serializers.DateTimeField):
    """A time with its zone, as RFC 3339 writes it; given on in UTC, so that no offset is too odd for PostgreSQL."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            if _MOMENT.fullmatch(value):
                return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # a month 13, or a year that leaves the calendar in UTC
        raise serializers.ValidationError(["Write a time such as 2026-11-20T09:00:00Z."])


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input="This")
        return data


class QueryFlag(_OnlyText, serializers.BooleanField):
    """In a query string there is only text."""

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            raise serializers.ValidationError(["Write true or false."])
        return bool(data == "true")


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class QueryWhole(_OnlyText, serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", data):
            self.fail("invalid")
        return int(data)


@extend_schema_field(
    {"oneOf": [{"type": "string", "pattern": f"^{_MONEY.pattern}$"}, {"type": "number", "multipleOf": 0.01}]}
)
class Money(serializers.DecimalField):
    """An amount, as a number or, to be exact, as a text."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, str):
            fits = _MONEY.fullmatch(data) is not None
        else:
            fits = isinstance(data, int | Decimal) and not isinstance(data, bool)
        if not fits:
            self.fail("invalid")
        return super().to_internal_value(data)


def read_body(request: HttpRequest) -> Any:
    """Return the JSON of a request; nothing at all is an empty object. Raises UnsupportedType or Invalid."""
    if not request.body:
        return {}
    if request.content_type != JSON:
        raise UnsupportedType(f"Send {JSON}.")
    try:
        return json.loads(
            request.body.decode(),  # JSON is UTF-8, whatever charset is claimed
            object_pairs_hook=_once,
            parse_int=_number,
            parse_float=Decimal,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise Invalid("The body is nested too deeply.") from None
    except ValueError:
        raise Invalid("The body is not valid JSON.") from None


def read_query(request: HttpRequest) -> dict[str, str]:
    """Return the parameters of the URL. Raises Invalid for one that is given twice."""
    doubled = {name: ["Given more than once."] for name, values in request.GET.lists() if len(values) > 1}
    if doubled:
        raise Invalid(fields=doubled)
    return {name: str(value) for name, value in request.GET.items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Invalid(fields={name[:LONGEST_NAME]: ["Given more than once."]})
        found[name] = value
    return found


def _number(digits: str) -> int | Decimal:
    """An endless number is kept as what it is, for the field that holds it to refuse it by name."""
    return int(digits) if len(digits) < 20 else Decimal(digits)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
