"""What countries are called in English: one name for each code, on every page.

The names are Unicode's (CLDR), which says what people write ("South Korea", "Hong Kong SAR China") and follows when a
country takes another name; lists that come with other data shorten them or leave out their accents.
"""

import unicodedata
from collections.abc import Iterable

from babel import Locale


def named(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return code and name, in the order of the names; a code that has none stands for itself."""
    names = Locale("en").territories
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda pair: _plain(pair[1]))


def _plain(name: str) -> str:
    """Åland belongs to the letter A."""
    return "".join(
        each for each in unicodedata.normalize("NFD", name) if not unicodedata.combining(each)
    ).casefold()
