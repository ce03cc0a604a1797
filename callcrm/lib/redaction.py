"""What a log line may not say.

`callcrm.lib.masking` decides what people may see; here the reader is a file that is kept, copied and
searched, so everything that looks like a number, an address or a secret goes, and only values of a known
harmless shape stay under the keys of `SAFE`. Total: no input raises, and the time grows with the length of
the text, no faster.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

NUMBER, EMAIL, SECRET, TOKEN, QUERY = "[number]", "[email]", "[secret]", "[token]", "?[query]"
PERSONAL, CUT = "[personal]", "…[cut]"
LONGEST = 8000  # a record is one line that people read; a body that slipped in is cut before it is searched
DEEPEST = 6

# Under these keys an id or a measure stays as it is, if it also has the shape of one.
SAFE = frozenset({
    "actor", "actor_id", "attempts", "business", "business_id", "bytes", "call_id", "count",
    "duration_ms", "id", "ip", "job_id", "lead_id", "level", "logger", "member_id", "message_id",
    "method", "number_id", "peer", "pid", "port", "provider_id", "queue", "receipt_id", "recording_id",
    "request_id", "role", "route", "seconds", "session_hash", "sqlstate", "status", "subject_id",
    "target", "target_id", "timestamp", "ts", "type", "ua_hash", "user", "user_id", "v",
})  # fmt: skip
_PERSONAL_KEYS = frozenset({
    "address", "body", "caller", "content", "customer", "data", "email", "emails", "first_name", "from",
    "full_name", "html", "last_name", "message_body", "mobile", "note", "notes", "params", "payload",
    "phone", "phones", "text", "to", "transcript",
})  # fmt: skip
_SECRET_KEY = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|authorization|cookie|api_?key|private_?key|signature|csrf|credential|otp$",
    re.IGNORECASE,
)

_HEX = "[0-9a-fA-F]"
_UUID = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_DAY = r"(?:19|20)\d\d-[01]\d-[0-3]\d"
_MOMENT = rf"{_DAY}(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{{1,6}})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_IPV4 = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
_SHAPES = re.compile(
    rf"{_UUID}|{_HEX}{{32}}|{_MOMENT}|[A-Z]{{2}}{_HEX}{{32}}"
    rf"|[a-z]+:(?:{_UUID}|[a-z]{{2,20}})|[a-z_.]{{2,64}}|[A-Z]{{3,7}}"
)

_JWT = re.compile(r"eyJ[\w-]{5,}\.[\w-]*+(?:\.[\w-]*+)*")
_BEARER = re.compile(r"\b(bearer|basic|digest)\s+(?!\[)[\w.~+/=-]{6,}", re.IGNORECASE)
_USERINFO = re.compile(r"://[^\s/@\"'<>]{1,256}@")
_PAIR = re.compile(
    r"(?P<key>(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|authorization|cookie|csrf|signature|session)"
    r"[\w-]{0,20}[\"']?\s{0,3}[=:]\s{0,3})(?!\[)(?P<value>\"[^\"\n]*+\"|'[^'\n]*+'|[^\s,;&)}\]\"']++)",
    re.IGNORECASE,
)
_QUERY = re.compile(r"\?[^\s\"'<>?=]{0,200}=[^\s\"'<>]*+")
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%'-]{1,64}+@[\w-]++(?:\.[\w-]++)*")
_PERCENT_AT = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+%40[\w-]++(?:\.[\w-]++)*", re.IGNORECASE)
_GAP = r"(?:%20|[\s()./·_\-\u2010-\u2015\u2212\u00a0\u200b-\u200f\u2060\ufeff]{1,3})?"
_FIGURES = re.compile(
    rf"(?P<keep>(?<![\w-])(?:{_UUID}|{_MOMENT})(?![\w-])|(?<![\w.])(?P<ip>{_IPV4})(?![\w.]))"
    rf"|(?P<number>(?:%2B|\+)?[(]?\d(?:{_GAP}\d)*+)",
    re.IGNORECASE,
)


def text(value: str) -> str:
    """Free text without numbers, addresses, secrets and query strings."""
    shown = value if len(value) <= LONGEST else value[:LONGEST] + CUT
    shown = _JWT.sub(TOKEN, shown)
    shown = _BEARER.sub(rf"\1 {SECRET}", shown)
    shown = _USERINFO.sub(f"://{SECRET}@", shown)
    shown = _QUERY.sub(QUERY, shown)
    shown = _PAIR.sub(rf"\g<key>{SECRET}", shown)
    shown = _PERCENT_AT.sub(EMAIL, _EMAIL.sub(EMAIL, shown))
    return _FIGURES.sub(_hide_figure, shown)


def value(key: str, given: Any, depth: int = 0) -> Any:
    """What may stand under this key of a record."""
    if key in SAFE and _is_harmless(given):
        return given
    if _SECRET_KEY.search(key):
        return SECRET
    if key.lower() in _PERSONAL_KEYS and not isinstance(given, bool | None):
        return PERSONAL
    return _by_type(key, given, depth)


def error(exception: BaseException) -> str:
    """An exception's message. The database's goes whole: it repeats the row; so does what others quote."""
    state = sqlstate(exception)
    if state is not None:
        return f"SQLSTATE {state}" if state else "database error"
    try:
        message = str(exception)
    except Exception:  # a broken __str__ must not lose the record of the failure
        return "[unprintable]"
    if not isinstance(exception, _ABOUT_PROGRAMS):
        message = _QUOTED.sub("'…'", message[:LONGEST])
    return text(message)


def sqlstate(exception: BaseException) -> str | None:
    """The state of a database error, '' where it has none, None where the exception is no database error."""
    cause = exception.__cause__
    for one in (exception, cause):
        if one is not None and type(one).__module__.split(".")[0] in ("psycopg", "psycopg_pool"):
            return str(getattr(one, "sqlstate", None) or "")
    return "" if type(exception).__module__ == "django.db.utils" else None


_ABOUT_PROGRAMS = (AttributeError, NameError, ImportError, TypeError, NotImplementedError, AssertionError)
_QUOTED = re.compile(r"([\"'`])[^\n]*\1")  # from the first to the last, for what is quoted may hold quotes


def _hide_figure(match: re.Match[str]) -> str:
    if match["keep"]:
        return match[0] if match["ip"] is None or _is_ip(match["ip"]) else NUMBER
    digits = sum(sign.isdecimal() for sign in match["number"].upper().replace("%2B", "+").replace("%20", " "))
    return NUMBER if digits >= 7 else match[0]


def _is_ip(given: str) -> bool:
    try:
        ipaddress.ip_address(given)
    except ValueError:
        return False
    return True


def _is_harmless(given: Any) -> bool:
    if isinstance(given, str):
        return _SHAPES.fullmatch(given) is not None or _is_ip(given)
    return given is None or isinstance(given, bool | int | float | UUID)


def _by_type(key: str, given: Any, depth: int) -> Any:
    if isinstance(given, str):
        return text(str(given.value) if isinstance(given, Enum) else given)
    if given is None or isinstance(given, bool):
        return given
    if isinstance(given, int | float):
        return NUMBER if abs(given) >= 10**6 else given
    if isinstance(given, UUID | datetime.date | datetime.timedelta):
        return str(given)
    return _by_shape(key, given, depth)


def _by_shape(key: str, given: Any, depth: int) -> Any:
    if isinstance(given, BaseException):
        return f"{type(given).__name__}: {error(given)}"
    if depth >= DEEPEST:
        return CUT
    if isinstance(given, Mapping):
        return {text(str(name)): value(str(name), one, depth + 1) for name, one in list(given.items())[:50]}
    if isinstance(given, list | tuple | set | frozenset):
        return [value(key, one, depth + 1) for one in list(given)[:50]]
    # An object's repr is somebody else's choice of words, and bytes are somebody else's body.
    return f"<{len(given)} bytes>" if isinstance(given, bytes) else f"<{type(given).__name__}>"
