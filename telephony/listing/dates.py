"""Which days the page's filters mean: so many up to today, or from one date to another, both inclusive.

A day begins at midnight where the business is, however long its clock makes that day.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.timezone import now

from callcrm.errors import Invalid
from callcrm.lib import times, ui_lists

RANGE = ui_lists.RANGE  # as the fields for dates are called
NAMES = ("days", *RANGE)
Span = tuple[datetime | None, datetime | None]


def span(params: Mapping[str, str], zone: ZoneInfo) -> Span:
    """Return when what is asked begins, and before when it ends. Raises Invalid naming what is wrong."""
    given = {name: params[name] for name in NAMES if params.get(name)}
    if "days" in given and len(given) > 1:
        raise Invalid(fields={"days": ["Choose a number of days or dates, not both."]})
    if "days" in given:
        return _begin(now().astimezone(zone).date() - timedelta(days=_days(given["days"]) - 1), zone), None
    first, last = chosen(given)
    return _begin(first, zone) if first else None, _begin(last + timedelta(days=1), zone) if last else None


def chosen(params: Mapping[str, str]) -> tuple[date | None, date | None]:
    """Return the first and the last day. Raises Invalid for what is no date, or none after the first."""
    found: dict[str, date | None] = {}
    problems = {}
    for name in RANGE:
        try:
            found[name] = _date(params[name]) if params.get(name) else None
        except ValueError:
            problems[name] = ["Write a date such as 2026-11-20."]
    if problems:
        raise Invalid(fields=problems)
    first, last = (found[name] for name in RANGE)
    if first and last and last < first:
        raise Invalid(fields={"to": [f"Choose {times.days(first, first)} or a later day."]})
    return first, last


def words(params: Mapping[str, str]) -> str:
    """Return how a range that was understood is called: "Nov 3 to Nov 9, 2026"; nothing where none is set."""
    return times.days(*chosen(params))


def _days(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 0 < int(text) <= 366:
        raise Invalid(fields={"days": ["Choose from 1 to 366 days."]})
    return int(text)


def _date(text: str) -> date:
    """Read it. Raises ValueError."""
    if not re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError
    return date.fromisoformat(text)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    """A midnight that the clock skips is the moment it skips it; of one that comes twice, the first."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
