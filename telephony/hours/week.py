"""When a business is open: a week, days of their own, and the clock of its zone.

Pure: no database, no present. A window says what the clock on the wall shows: an hour that the clock skips is no open
time, an hour that it shows twice is open both times, and a day has as many hours as it has. Aware times in; aware times
out, in UTC, because arithmetic on two times of one zone forgets its clock changes. What people type is read in
`typed.py`; which hours a business has is said by `opening.py`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from callcrm.lib import times

Window = tuple[int, int]  # minutes of the day, start < end <= 1440, local time
Span = tuple[datetime, datetime]  # a stretch of real time, in UTC

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT = 1440
MOST_WINDOWS, MOST_HOLIDAYS, LONGEST_NAME = 8, 400, 80
YEAR = timedelta(days=366)  # how far is looked ahead: what does not open by then, never does
STEP = 8  # days that are looked at together
SOON = timedelta(days=6)  # so far, the name of a weekday says which day is meant
_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]|24):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Unreadable(ValueError):
    """These are no opening hours. `place` names where in the document, the sentence says what to write."""

    def __init__(self, place: str, sentence: str) -> None:
        self.place, self.sentence = place, sentence
        super().__init__(f"{place}: {sentence}")


@dataclass(frozen=True, slots=True)
class Hours:
    """The opening hours of a business, in its zone."""

    zone: ZoneInfo
    week: tuple[tuple[Window, ...], ...]  # Monday first, seven days, sorted, not overlapping
    holidays: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)  # none = closed

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.windows(local.date()))

    def windows(self, day: date) -> tuple[Window, ...]:
        own = self.holidays.get(day)
        return self.week[day.weekday()] if own is None else own

    def closes_at(self, at: datetime) -> datetime | None:
        """Return the end of the open stretch that `at` lies in; None when closed, or not closing within a year."""
        here = at.astimezone(UTC)
        start, end = next(self._stretches(here), (here, here))
        return end if start <= here < end <= here + YEAR else None

    def opens_at(self, at: datetime) -> datetime | None:
        """Return `at` itself when open, else the next opening within a year; None when there is none."""
        here = at.astimezone(UTC)
        start, _ = next(self._stretches(here), (None, None))
        return max(start, here) if start and start <= here + YEAR else None

    def after(self, at: datetime, open_time: timedelta) -> datetime | None:
        """Return the moment by which so much open time has passed since `at`; None when it never has."""
        left, here = open_time, at.astimezone(UTC)
        while left > timedelta(0):
            span = next(self._stretches(here), None)
            if span is None or span[0] > here + YEAR:
                return None
            start = max(span[0], here)
            here, left = min(span[1], start + left), left - (span[1] - start)
        return here

    def in_words(self, at: datetime) -> str:
        """Say "open until 5:00 pm", "closed until Mon 9:00 am", "closed until further notice" or "always open"."""
        if self.is_open(at):
            closes = self.closes_at(at)
            return f"open until {self._named(closes, at, ends=True)}" if closes else "always open"
        opens = self.opens_at(at)
        return f"closed until {self._named(opens, at)}" if opens else "closed until further notice"

    def _named(self, moment: datetime, at: datetime, *, ends: bool = False) -> str:
        local, here = moment.astimezone(self.zone), at.astimezone(self.zone)
        day, hour = local.date(), "noon" if local.time() == clock(12) else times.clock(local)
        if ends and local.time() == clock():  # midnight belongs to the day that it ends
            day, hour = day - timedelta(days=1), "midnight"
        if day == here.date():
            return hour
        return f"{day:%a} {hour}" if day - here.date() <= SOON else f"{day:%b} {day.day}, {hour}"

    def _stretches(self, at: datetime) -> Iterator[Span]:
        """Yield the open stretches that end after `at`, in order, for a year and a little."""
        pending: list[Span] = []
        first = day = at.astimezone(self.zone).date() - timedelta(days=1)
        while day < first + YEAR + timedelta(days=STEP):
            days = [day + timedelta(days=n) for n in range(STEP)]
            day = days[-1] + timedelta(days=1)
            merged = _joined([*pending, *(span for one in days for span in self._spans(one))])
            # Days may reach into each other where the clock goes back over midnight; later ones begin after this.
            safe = datetime.combine(days[-1], clock(), UTC)
            yield from (span for span in merged if at < span[1] <= safe)
            pending = [span for span in merged if span[1] > safe]
        yield from pending

    def _spans(self, day: date) -> Iterator[Span]:
        for start, end in self.windows(day):
            yield from _real(self.zone, day, start, end)


def _real(zone: ZoneInfo, day: date, start: int, end: int) -> Iterator[Span]:
    """Yield when the clock of a zone shows the minutes of a window; two spans where it was set back meanwhile."""
    begin, finish = (datetime.combine(day, clock()) + timedelta(minutes=minute) for minute in (start, end))
    sides = [edge.replace(tzinfo=zone, fold=fold).utcoffset() for edge in (begin, finish) for fold in (0, 1)]
    offsets = sorted({offset for offset in sides if offset is not None})
    if len(offsets) == 1:
        yield (begin - offsets[0]).replace(tzinfo=UTC), (finish - offsets[0]).replace(tzinfo=UTC)
        return
    low, high = (
        (edge - offset).replace(tzinfo=UTC) for edge, offset in ((begin, offsets[-1]), (finish, offsets[0]))
    )
    for since, until, offset in _runs(zone, low, high):
        one = (
            max(since, (begin - offset).replace(tzinfo=UTC)),
            min(until, (finish - offset).replace(tzinfo=UTC)),
        )
        if one[0] < one[1]:
            yield one


def _runs(zone: ZoneInfo, low: datetime, high: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the stretches of one offset between two moments that lie around one change of the clock."""
    before, after = _offset(zone, low), _offset(zone, high)
    since, until = low, high
    while until - since > timedelta(seconds=1):
        middle = since + timedelta(seconds=int((until - since).total_seconds()) // 2)
        since, until = (middle, until) if _offset(zone, middle) == before else (since, middle)
    yield low, until, before
    yield until, high, after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


ALWAYS: tuple[tuple[Window, ...], ...] = (((0, MIDNIGHT),),) * 7


# ---------------------------------------------------------------- the document


def read(document: Any, zone: ZoneInfo) -> Hours:
    """Read a document. Raises Unreadable; a weekday that is not in it is closed."""
    parts = _mapping(document, "document", {"week", "holidays"})
    week = _mapping(parts.get("week"), "week", set(WEEKDAYS))
    holidays = _mapping(parts.get("holidays", {}), "holidays")
    if len(holidays) > MOST_HOLIDAYS:
        raise Unreadable("holidays", f"There is room for {MOST_HOLIDAYS} days: remove past ones.")
    days = tuple(_windows(week.get(name, []), f"week.{name}") for name in WEEKDAYS)
    return Hours(
        zone, days, {_date(name): _holiday(one, f"holidays.{name}") for name, one in holidays.items()}
    )


def write(hours: Hours) -> dict[str, Any]:
    """Return the document that reads as these hours; names of holidays are no part of hours."""
    days = {
        day.isoformat(): {"name": "", "windows": texts(own)} for day, own in sorted(hours.holidays.items())
    }
    return {"week": dict(zip(WEEKDAYS, map(texts, hours.week), strict=True)), "holidays": days}


def texts(windows: Iterable[Window]) -> list[str]:
    """Return windows as the document writes them: ["09:00-12:00", "13:00-17:00"]."""
    return [_text(window) for window in windows]


def _text(window: Window) -> str:
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in window)


def in_order(
    windows: Iterable[Window], place: str, said: Callable[[Window], str] = _text
) -> tuple[Window, ...]:
    """Return them sorted. Raises Unreadable for those that no day can have; `said` is how it names a window."""
    found = tuple(sorted(windows))
    for start, end in found:
        if not 0 <= start < end <= MIDNIGHT:
            late = f"{said((start, end))} ends before it begins: {_later(start, end, said)}"
            raise Unreadable(place, late)
    for one, other in pairwise(found):
        if other[0] < one[1]:
            both, joined = f"{said(one)} and {said(other)}", said((one[0], max(one[1], other[1])))
            raise Unreadable(place, f"{both} overlap: write {joined}.")
    if len(found) > MOST_WINDOWS:
        raise Unreadable(place, f"A day opens at most {MOST_WINDOWS} times.")
    return found


def _later(start: int, end: int, said: Callable[[Window], str]) -> str:
    if end > MIDNIGHT:
        return "a day ends at 24:00."
    if start == end:
        return f"write two different times, or {said((0, MIDNIGHT))} for the whole day."
    here, next_day = said((start, MIDNIGHT)), said((0, end))
    return f"over midnight, write {here} here and {next_day} on the next day."


def _mapping(value: Any, place: str, known: set[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unreadable(place, "Write an object.")
    for name in value:
        if known is not None and name not in known:
            raise Unreadable(place, f"Nothing here has such a name: write {', '.join(sorted(known))}.")
    return value


def _windows(value: Any, place: str) -> tuple[Window, ...]:
    if not isinstance(value, list | tuple):
        raise Unreadable(place, 'Write a list, such as ["09:00-17:00"]; an empty one is closed.')
    return in_order((_window(text, place) for text in value), place)


def _window(text: Any, place: str) -> Window:
    found = _WINDOW.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise Unreadable(place, "Write each opening like 09:00-17:00; a day ends at 24:00.")
    start_hour, start, end_hour, end = map(int, found.groups())
    return start_hour * 60 + start, end_hour * 60 + end


def _holiday(value: Any, place: str) -> tuple[Window, ...]:
    parts = _mapping(value, place, {"name", "windows"})
    name = parts.get("name", "")
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not (name.isprintable()):
        raise Unreadable(f"{place}.name", f"Write a name of at most {LONGEST_NAME} characters.")
    return _windows(parts.get("windows"), f"{place}.windows")


def _date(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # a month 13 is as little a date
    raise Unreadable("holidays", "Write each date like 2026-12-25.")
