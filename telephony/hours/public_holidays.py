"""The public holidays of a country, by the library `holidays`: offered to a business, which keeps what it takes.

The library takes 45 MB and a third of a second to load, so it is loaded by whoever asks first. It knows what is law in
a whole country; holidays of a state or a canton are typed.
"""

from datetime import date, timedelta
from functools import cache

from callcrm.lib.countries import named

AHEAD = timedelta(days=365)


@cache
def countries() -> dict[str, str]:
    """Return the countries it knows, by code, in the order of their names."""
    from holidays.registry import COUNTRIES  # heavy: see above

    return dict(named(names[1] for names in COUNTRIES.values()))


def ahead(country: str, first: date) -> dict[date, str]:
    """Return the public holidays of the twelve months that begin with a day; in English where the library can."""
    from holidays import country_holidays, list_localized_countries  # heavy: see above

    language = "en_US" if "en_US" in list_localized_countries().get(country, []) else None
    found = country_holidays(country, years=(first.year, first.year + 1), language=language)
    return {day: name for day, name in sorted(found.items()) if first <= day < first + AHEAD}
