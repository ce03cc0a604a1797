"""What people may see of personal data without asking for it.

Masks have one fixed shape each, so they do not tell how much they hide. Nothing here raises: odd input gets
the shortest mask. `redact` does the same inside free text; it errs on hiding, yet keeps times, dates, prices
and short numbers, without which a note says nothing.
"""

import re
import unicodedata
from collections.abc import Iterable

from callcrm.lib import phones

HIDDEN = "***"
CARD = "[card]"
_NUMBERS_MASK = r"\+1\([0-9]{3}\)\*{3}-\*{2}[0-9]{2}|\+[0-9]{1,3}\*{7}[0-9]{2}"
_MASK = re.compile(_NUMBERS_MASK)
# Those that stand in a text, of addresses as well.
MASKS = re.compile(rf"(?:{_NUMBERS_MASK})(?![0-9])|[\w.+%'-]{{1,2}}\*{{3}}(?=@)")


def mask_phone(e164: str | None) -> str:
    """`+1(555)***-**67`; elsewhere the calling code, seven stars whatever the length, and the last two."""
    if not e164 or not phones.is_e164(e164):
        return HIDDEN if e164 else ""
    if e164.startswith("+1") and len(e164) == 12:
        return f"+1({e164[2:5]})***-**{e164[-2:]}"
    return f"+{phones.calling_code(e164)}*******{e164[-2:]}"


def is_mask(text: str) -> bool:
    """Say whether it is a number that was masked already: nothing in it is left to hide."""
    return _MASK.fullmatch(text) is not None


def mask_email(address: str | None) -> str:
    """`jo***@example.com`; one letter of a local part that is shorter than three."""
    local, at, domain = (address or "").strip().rpartition("@")
    if not at:
        return HIDDEN if domain else ""
    return f"{local[: 2 if len(local) > 2 else 1]}{HIDDEN}@{domain}"


def mask_name(name: str | None) -> str:
    """`John S.`; a single word whole. A number or an address in the place of a name is masked too."""
    words = redact(name or "").split()
    return " ".join(words) if len(words) < 2 else f"{words[0]} {_initial(words[-1])}"


def redact(text: str, names: Iterable[str] = ()) -> str:
    """Free text with addresses, card and phone numbers masked, and the words of `names` cut to initials."""
    text = unicodedata.normalize("NFC", text)
    hidden = _SCAN.sub(_hide, text) if _WORTH_A_SCAN.search(text) else text
    given = _any_word_of(names)
    return given.sub(lambda match: _initial(match[0]), hidden) if given else hidden


def without_marks(text: str) -> str:
    """`Zoë` and `Zoe` alike."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def _initial(word: str) -> str:
    first = next((sign for sign in word if sign.isalpha()), None)
    return f"{first}." if first else word


def _hide(match: re.Match[str]) -> str:
    if match["address"]:
        return mask_email(match["address"])
    if match["told"]:
        return match["told"] + _hide_number(match["after"], least=3)
    return _hide_number(match["number"]) if match["number"] else match[0]


def _hide_number(shown: str, least: int = 7) -> str:
    digits = [int(sign) for sign in shown if sign.isdecimal()]
    if len(digits) < (min(least, 4) if _shaped_like_a_phone(shown) else least):
        return shown
    if 13 <= len(digits) <= 19 and _luhn(digits):
        return CARD
    plus = "+" if shown.startswith("+") else ""
    return mask_phone(phones.normalise(plus + "".join(map(str, digits)))) or HIDDEN


def _shaped_like_a_phone(shown: str) -> bool:
    return shown.startswith("+") or ")" in shown


def _luhn(digits: list[int]) -> bool:
    doubled = (2 * digit - 9 * (digit > 4) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _any_word_of(names: Iterable[str]) -> re.Pattern[str] | None:
    words = {word for name in names for word in unicodedata.normalize("NFC", name).split() if len(word) > 1}
    words |= {without_marks(word) for word in words}
    longest_first = sorted(words, key=len, reverse=True)
    choice = "|".join(re.escape(word).replace("'", "['’]") for word in longest_first)
    return re.compile(rf"(?<!\w)(?:{choice})(?!\w)", re.IGNORECASE) if choice else None


# Between two digits of one number people put up to three of these. None leads into a time such as 10:30.
_BETWEEN = "[ \\t\xa0\u2007\u2009\u202f\\-./:()_·•\u2010-\u2015\u2212\xad\u200b-\u200f\u2060\ufeff]"
_GAP = rf"(?:{_BETWEEN}{{1,3}}(?!\d{{1,2}}:\d\d))?"
_NUMBER = rf"\d{{3}},\s?\d{{3}},\s?\d{{4}}(?!\d)|[+(]{{0,2}}\d(?:{_GAP}\d)*+"

# Runs are possessive (`++`): the scan never goes back, so its time grows with the text and no faster.
_ADDRESS = r"(?<![\w.+%'-])[\w.+%'-]++@[\w.-]++"

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:(?:19|20)\d\d)"
_NAMED = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATES = [
    f"{_YEAR}{sep}{_MONTH}{sep}{_DAY}|(?:{_DAY}{sep}{_MONTH}|{_MONTH}{sep}{_DAY}){sep}(?:{_YEAR}|\\d\\d)"
    for sep in ("-", "/", r"\.")
]
_DATES += [rf"{_DAY}(?:st|nd|rd|th)?\s{_NAMED},?\s{_YEAR}"]
_TIME = r"\d{1,2}:\d\d(?::\d\d)?"
_AMOUNT = r"(?:\d{1,3}(?:[,.]\d{3}){1,3}|\d{1,6})(?:[.,]\d\d)?"
_PRICE = rf"[$€£¥]\s?{_AMOUNT}|{_AMOUNT}\s?(?:USD|EUR|GBP|CAD|AUD|dollars?|euros?|pounds?)\b"
_ENDS = r"(?![-./:]?\d)"
_READABLE = rf"(?<!\d)(?:{'|'.join(_DATES)}|{_TIME}|{_PRICE}){_ENDS}"
_MONTH_FIRST = rf"{_NAMED}\s{_DAY}(?:st|nd|rd|th)?,?\s{_YEAR}{_ENDS}"

# Four digits alone are a year or a price, unless the words before them say what they are.
_WORDS = (
    r"tel|phone|mobile|cell|end(?:s|ing)\s(?:in|with)|last\s(?:four|4)(?:\sdigits)?"
    r"|cvv2?|cvc2?|security\scode"
)
_TOLD = rf"(?:{_WORDS})\W{{0,3}}(?:(?:is|are|number|no)\W{{1,3}})?(?!{_READABLE})"

_WORTH_A_SCAN = re.compile(r"[\d@]")
_SCAN = re.compile(
    rf"(?P<address>{_ADDRESS})"
    rf"|\b(?:(?P<told>{_TOLD})(?P<after>{_NUMBER})|{_MONTH_FIRST})"
    rf"|(?=[\d$€£¥+(])(?:{_READABLE}|(?P<number>{_NUMBER}))",  # in words the look ahead saves the rest
    re.IGNORECASE,
)
