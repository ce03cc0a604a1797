"""One posted form and the values in it, each judged when it is asked for.

An answer is sound or `Unusable`, which names the parameter and never its value. What nobody asks for may be
anything: providers add parameters without notice. `read` is total, because the account has to be found
before the signature can be checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar
from urllib.parse import unquote_to_bytes

from telephony.providers import signing
from telephony.providers.base import Params, Unusable

JSON: Final = "application/json"
T = TypeVar("T")

# What carriers put where a number should be. The digits spell ANONYMOUS, RESTRICTED, UNKNOWN, BLOCKED and
# UNAVAILABLE on a telephone's keys; taken as numbers they would make one lead of all who withhold theirs.
WITHHELD: Final = frozenset({"+266696687", "+7378742833", "+8656696", "+2562533", "+86282452253"})

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_SIP_USER = re.compile(r"sips?:\+?([1-9][0-9]{6,14})@", re.IGNORECASE)
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]*)", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,9}")

_FIRST_CALL = datetime(2008, 1, 1, tzinfo=UTC)
_SKEW = timedelta(days=1)


def read(body: bytes, content_type: str) -> Params:
    """Every name with its values, as text; bytes that are none become U+FFFD. Neither form nor JSON: empty."""
    kind = signing.media_type(content_type)
    if kind == JSON:
        return _top_level(body)
    if kind != signing.FORM:
        return {}
    form: dict[str, list[str]] = {}
    for name, value in signing.pairs(body):
        form.setdefault(name.decode("utf-8", "replace"), []).append(value.decode("utf-8", "replace"))
    return {name: tuple(values) for name, values in form.items()}


def _top_level(body: bytes) -> Params:
    """The texts and whole numbers of a JSON object; what is nested in it is nothing that we ask for."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    items = content.items() if isinstance(content, dict) else ()
    return {name: (str(value),) for name, value in items if type(value) in (str, int)}


def first(params: Params, name: str) -> str:
    return params.get(name, ("",))[0]


def number(value: str) -> str | None:
    """E.164 or None; the number inside a SIP address counts."""
    sip = _SIP_USER.match(value)
    e164 = "+" + sip[1] if sip else value
    return e164 if _E164.fullmatch(e164) and e164 not in WITHHELD else None


def require_utf8(body: bytes, content_type: str) -> None:
    """The signature holds for any bytes; a text is only what its sender meant when the charset is known."""
    kind = signing.media_type(content_type)
    if kind not in (signing.FORM, JSON):
        raise Unusable("content_type")
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        raise Unusable("charset")
    # What separates the parts of a form is ASCII: the whole is sound when all of them are.
    if not _is_utf8(body if kind == JSON else unquote_to_bytes(body)):
        raise Unusable("charset")


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _date(value: str) -> datetime | None:
    """Asked first and refused afterwards: an error raised in here would carry the value with it."""
    try:
        at = parsedate_to_datetime(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Fields:
    params: Params
    received_at: datetime

    def text(self, name: str) -> str:
        """Blank when absent. Two values for one name are signed in no order, so neither can be believed."""
        values = set(self.params.get(name, ("",)))
        if len(values) > 1:
            raise Unusable("repeated_parameter", name)
        return values.pop()

    def present(self, name: str) -> str:
        if name not in self.params:
            raise Unusable("missing_parameter", name)
        return self.text(name)

    def match(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self.text(name)
        if not value:
            raise Unusable("missing_parameter", name)
        if not pattern.fullmatch(value):
            raise Unusable("absurd_parameter", name)
        return value

    def match_if_any(self, name: str, pattern: re.Pattern[str]) -> str | None:
        return self.match(name, pattern) if self.text(name) else None

    def choose(self, name: str, choices: Mapping[str, T]) -> T:
        value = self.text(name)
        if value not in choices:
            raise Unusable("absurd_parameter" if value else "missing_parameter", name)
        return choices[value]

    def integer(self, name: str, most: int, *, unknown: str = "") -> int | None:
        """None where the provider does not know. Bounded before `int`, which refuses 5,000 digits itself."""
        value = self.text(name)
        if value in ("", unknown):
            return None
        if not _DIGITS.fullmatch(value) or int(value) > most:
            raise Unusable("absurd_parameter", name)
        return int(value)

    def instant(self, name: str) -> datetime | None:
        """An RFC 2822 date. Old is fine, deliveries come late; before Twilio or after tomorrow is absurd."""
        value = self.text(name)
        if not value:
            return None
        at = _date(value)
        if at is None or not _FIRST_CALL <= at <= self.received_at + _SKEW:
            raise Unusable("absurd_parameter", name)
        return at

    def number(self, name: str) -> str | None:
        return number(self.text(name))

    def address(self, name: str) -> str | None:
        """Whom a text can come from or go to: a number or a short code."""
        value = self.text(name)
        return value if _SHORT_CODE.fullmatch(value) else number(value)

    def withheld(self, name: str) -> bool:
        """The provider spoke of the caller and gave no number to call back."""
        return name in self.params and self.number(name) is None
