"""Which hours a business has, and changing them.

`of` is what everybody asks. A change says which version it was made from: of two people who edit at once, the second is
told. Public holidays become rows of the document like those that are typed, so no update of a library opens or closes
anybody.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from accounts.models import Business
from audit.events import Change
from audit.recording import Actor, record
from callcrm.errors import Conflict, Invalid
from callcrm.lib import times
from telephony.events import HoursChanged
from telephony.hours.typed import shown
from telephony.hours.week import NAMES, WEEKDAYS, Hours, Unreadable, Window, read, texts
from telephony.models import OpeningHours

Week = Mapping[str, Sequence[str]]
Holidays = Mapping[str, Mapping[str, Any]]
DEFAULT: Final[Mapping[str, Any]] = {
    "week": {day: ["09:00-17:00"] if day not in ("sat", "sun") else [] for day in WEEKDAYS},
    "holidays": {},
}


class Drawn(Enum):
    """Which version a change was made from, where that is no time."""

    ANY = "whatever there is: nobody looked at it before"


def row_of(business: Business) -> OpeningHours | None:
    return OpeningHours.objects.filter(business=business).first()


def of(business: Business) -> Hours:
    """Return the hours of a business: its own, else Monday to Friday from nine to five."""
    return hours_of(business, row_of(business))


def hours_of(business: Business, row: OpeningHours | None) -> Hours:
    """Return what a row that was read already means."""
    return read(document_of(row), business.tz)


def document_of(row: OpeningHours | None) -> Mapping[str, Any]:
    """Return the document of a row, or the one of a business that has none."""
    return row.document if row else DEFAULT


def holiday(row: OpeningHours | None, day: date) -> str:
    """Return what people call a day that has hours of its own; nothing for any other."""
    own = document_of(row)["holidays"].get(day.isoformat())
    return str(own["name"]) if own else ""


def was_closed(row: OpeningHours | None, hours: Hours, at: datetime) -> bool | None:
    """Say whether the business was closed at that time; None where its present hours did not hold yet."""
    return None if row and at < row.updated_at else not hours.is_open(at)


@transaction.atomic
def change(
    business: Business,
    *,
    week: Week | None = None,
    holidays: Holidays | None = None,
    drawn: datetime | Drawn | None = Drawn.ANY,
    by: Actor | None,
) -> OpeningHours:
    """Change the week, the holidays or both. `drawn` is the `updated_at` that it was made from, None for no row.

    Raises Invalid naming the place, Conflict when somebody else was quicker.
    """
    row = OpeningHours.objects.select_for_update().filter(business=business).first()
    if drawn is not Drawn.ANY and drawn != (row and row.updated_at):
        raise Conflict("Somebody else has changed these hours since you opened them.")
    given = {name: value for name, value in (("week", week), ("holidays", holidays)) if value is not None}
    values = _canonical({**document_of(row), **given}, business)
    changed = [name for name in values if row is None or values[name] != row.document[name]]
    if row is None or changed:
        told = list(_told(hours_of(business, row), read(values, business.tz)))
        row = _kept(row or OpeningHours(business=business), values)
        record(HoursChanged(hours_id=row.pk, fields=changed, changes=told), by=by, business_id=business.pk)
    return row


def _told(before: Hours, after: Hours) -> Iterator[Change]:
    """Yield for the history which days are other than they were; what a day is called is free text."""
    for name, old, new in zip(NAMES, before.week, after.week, strict=True):
        if old != new:
            yield Change(name, _words(old), _words(new))
    for day in sorted({*before.holidays, *after.holidays}):
        was, now_is = before.holidays.get(day), after.holidays.get(day)
        if was != now_is:
            yield Change(times.days(day, day), _words(was), _words(now_is))


def _words(windows: Sequence[Window] | None) -> str:
    """Write windows so that "from … to …" can stand around them: "9 am – noon, 1 pm – 5 pm"."""
    return "like any other week" if windows is None else shown(windows).replace(" to ", " – ")


def _canonical(document: Mapping[str, Any], business: Business) -> dict[str, Any]:
    """Return the document in its one spelling: every day, in order. Raises Invalid."""
    try:
        hours = read(document, business.tz)
    except Unreadable as wrong:
        raise Invalid(fields={wrong.place: [wrong.sentence]}) from None
    names = {day: str(one.get("name", "")).strip() for day, one in document["holidays"].items()}
    own = {day.isoformat(): windows for day, windows in sorted(hours.holidays.items())}
    return {
        "week": dict(zip(WEEKDAYS, map(texts, hours.week), strict=True)),
        "holidays": {day: {"name": names[day], "windows": texts(windows)} for day, windows in own.items()},
    }


def _kept(row: OpeningHours, values: Mapping[str, Any]) -> OpeningHours:
    """Keep it. A version is later than the one before even where the clock is not. Raises Conflict for a second row."""
    adding = row._state.adding
    row.week, row.holidays = values["week"], values["holidays"]
    row.updated_at = now() if adding else max(now(), row.updated_at + timedelta(microseconds=1))
    try:
        with transaction.atomic():
            row.save(force_insert=adding)
    except IntegrityError:
        raise Conflict("Somebody else has set these hours just now.") from None
    return row
