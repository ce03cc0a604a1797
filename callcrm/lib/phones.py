"""Telephone numbers: one spelling (E.164) inside, whatever spelling outside.

`normalise` takes anything a person or a carrier may send and never raises: what is no possible number is
None. `typed` is for what somebody types to be kept or dialled, and says what is wrong with it. A number counts
when its length is possible in its country; whether it is assigned we cannot know.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult
from phonenumbers.shortnumberinfo import is_emergency_number

from callcrm.lib.countries import named as countries_named

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_NO_AREA = re.compile(r"\+1[01]")  # no area code of North America begins so: the number is another country's
_COSTLY = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)
_LONGEST_TEXT = 64  # no spelling of a number is longer; the parser need not see a novel


def normalise(text: str | None, region: str = "US") -> str | None:
    number = _parsed(text, region)
    if number is None or phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return e164 if is_e164(e164) and not _NO_AREA.match(e164) else None


def typed(text: str, region: str) -> str:
    """Return the E.164 of what somebody typed. Raises ValueError that says what to type instead."""
    number, e164 = _parsed(text, region), normalise(text, region)
    if e164 is None or number is None:
        raise ValueError("Write the number like +15551234567.")
    if number.extension:
        raise ValueError(
            "Leave out the extension: it can be neither kept nor dialled. A note has room for it."
        )
    return e164


def is_e164(text: str | None) -> bool:
    return text is not None and _E164.fullmatch(text) is not None


def pretty(e164: str) -> str:
    """For people: `+1 212-555-0147`. What is no number comes back as it is."""
    number = _parsed(e164, None) if is_e164(e164) else None
    return e164 if number is None else phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def is_costly(e164: str) -> bool:
    """Say whether a call to it costs extra, as `+1900…` does: such numbers are never dialled."""
    number = _parsed(e164, None) if is_e164(e164) else None
    return number is not None and phonenumbers.number_type(number) in _COSTLY


def is_emergency(text: str, region: str) -> bool:
    """Say whether it is a number such as 911 or 112, in the region where it is typed."""
    digits = re.sub(r"[\s-]", "", text)
    return digits.isdecimal() and (digits == "112" or is_emergency_number(digits, region))


def country(e164: str) -> str | None:
    """The region, as `US`; the calling code's main region where the exact one is unknown."""
    number = _parsed(e164, None) if is_e164(e164) else None
    if number is None:
        return None
    region = phonenumbers.region_code_for_number(number)
    return region or phonenumbers.region_code_for_country_code(number.country_code or 0)


def region_of_timezone(name: str) -> str:
    """The country whose numbers are those of a time zone, as `DE` for Europe/Berlin; `US` where none is known."""
    from phonenumbers.tzdata import TIMEZONE_DATA  # large, and asked for once in the life of a business

    prefixes = [prefix for prefix, zones in TIMEZONE_DATA.items() if zones == (name,)]
    code = calling_code(f"+{min(prefixes, key=len)}") if prefixes else ""
    region = str(phonenumbers.region_code_for_country_code(int(code))) if code else "US"
    return region if len(region) == 2 else "US"


def countries() -> list[tuple[str, str]]:
    """Return code and name of the countries whose numbers are read, by name."""
    return countries_named(phonenumbers.SUPPORTED_REGIONS)


def calling_code(e164: str) -> str:
    """`1` of `+1212…`, by the list of assigned codes alone; empty when none fits."""
    for length in (1, 2, 3):
        code = e164[1 : 1 + length]
        if code.isdecimal() and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return code
    return ""


def _parsed(text: str | None, region: str | None) -> phonenumbers.PhoneNumber | None:
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        return None
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None
