"""When a business is open, over every change of the clock: `after` agrees with counting minute by minute."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from telephony.hours.week import ALWAYS, WEEKDAYS, Hours, Unreadable, read, write

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
LORD_HOWE, TOKYO = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Tokyo")
# Clocks that change at midnight, over midnight, by half an hour, by a whole day, and those that never do.
ZONES = [
    NEW_YORK,
    BERLIN,
    LORD_HOWE,
    TOKYO,
    *map(ZoneInfo, ["America/Havana", "America/St_Johns", "Pacific/Apia"]),
]
OFFICE = {"week": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}
MINUTE = timedelta(minutes=1)


def office(zone, **holidays):
    days = {f"2026-{name[1:3]}-{name[3:]}": {"name": "", "windows": own} for name, own in holidays.items()}
    return read(OFFICE | {"holidays": days}, zone)


def every_day(zone, *windows):
    return read({"week": {day: list(windows) for day in WEEKDAYS}}, zone)


def at(zone, text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def open_minutes(hours, day):
    """Count them one by one, over all that could be this day somewhere."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    minutes = (start + n * MINUTE for n in range(60 * 60))
    return sum(hours.is_open(one) for one in minutes if one.astimezone(hours.zone).date() == day)


# --- Changes of the clock, 2026 and 2027

CHANGES = [  # zone, day, window, open minutes
    (NEW_YORK, date(2026, 3, 8), "00:00-24:00", 23 * 60),
    (NEW_YORK, date(2026, 3, 8), "02:00-03:00", 0),
    (NEW_YORK, date(2026, 3, 8), "02:30-04:00", 60),
    (NEW_YORK, date(2026, 3, 8), "01:30-02:30", 30),
    (NEW_YORK, date(2026, 11, 1), "00:00-24:00", 25 * 60),
    (NEW_YORK, date(2026, 11, 1), "01:00-01:30", 60),
    (NEW_YORK, date(2026, 11, 1), "01:30-02:30", 90),
    (NEW_YORK, date(2026, 11, 1), "00:30-02:00", 150),
    (NEW_YORK, date(2027, 3, 14), "09:00-17:00", 480),
    (NEW_YORK, date(2027, 11, 7), "00:00-24:00", 25 * 60),
    (BERLIN, date(2026, 3, 29), "00:00-24:00", 23 * 60),
    (BERLIN, date(2026, 3, 29), "02:15-02:45", 0),
    (BERLIN, date(2026, 10, 25), "02:00-03:00", 120),
    (BERLIN, date(2027, 3, 28), "01:00-04:00", 120),
    (BERLIN, date(2027, 10, 31), "00:00-24:00", 25 * 60),
    (LORD_HOWE, date(2026, 4, 5), "00:00-24:00", 24 * 60 + 30),
    (LORD_HOWE, date(2026, 4, 5), "01:30-02:00", 60),
    (LORD_HOWE, date(2026, 10, 4), "00:00-24:00", 24 * 60 - 30),
    (LORD_HOWE, date(2026, 10, 4), "02:00-02:30", 0),
    (LORD_HOWE, date(2027, 4, 4), "01:45-02:15", 45),
    (LORD_HOWE, date(2027, 10, 3), "02:15-03:00", 30),
    (TOKYO, date(2026, 3, 29), "00:00-24:00", 24 * 60),
    (TOKYO, date(2026, 11, 1), "01:00-03:00", 120),
]


@pytest.mark.parametrize(("zone", "day", "window", "minutes"), CHANGES)
def test_a_day_has_the_open_minutes_that_its_clock_shows(zone, day, window, minutes):
    hours = read({"week": {}, "holidays": {day.isoformat(): {"name": "", "windows": [window]}}}, zone)
    assert open_minutes(hours, day) == minutes
    before = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    assert (hours.after(before, minutes * MINUTE) is not None) or not minutes
    assert hours.after(before, (minutes + 1) * MINUTE) is None


@pytest.mark.parametrize(
    ("zone", "window", "moment", "closes"),
    [
        (NEW_YORK, "00:30-02:00", "2026-11-01T05:00Z", "2026-11-01T07:00Z"),
        (NEW_YORK, "01:00-01:30", "2026-11-01T05:10Z", "2026-11-01T05:30Z"),
        (NEW_YORK, "01:00-01:30", "2026-11-01T06:10Z", "2026-11-01T06:30Z"),
        (NEW_YORK, "01:00-05:00", "2026-03-08T06:30Z", "2026-03-08T09:00Z"),
        (BERLIN, "22:00-24:00", "2026-10-24T21:00Z", "2026-10-24T22:00Z"),
        (LORD_HOWE, "01:00-02:15", "2026-10-03T14:45Z", "2026-10-03T15:30Z"),
    ],
)
def test_a_stretch_ends_when_the_clock_leaves_it(zone, window, moment, closes):
    hours = every_day(zone, window)
    assert hours.closes_at(datetime.fromisoformat(moment)) == datetime.fromisoformat(closes)


def test_a_window_in_the_missing_hour_opens_where_the_clock_goes_on():
    hours = every_day(NEW_YORK, "02:30-04:00")
    assert hours.opens_at(at(NEW_YORK, "2026-03-08T01:00")) == at(NEW_YORK, "2026-03-08T03:00")
    wholly = every_day(NEW_YORK, "02:00-03:00")
    assert wholly.opens_at(at(NEW_YORK, "2026-03-08T01:00")) == at(NEW_YORK, "2026-03-09T02:00")


# --- Opening and closing


def test_stretches_that_touch_over_midnight_are_one():
    hours = every_day(BERLIN, "00:00-02:00", "20:00-24:00")
    assert hours.closes_at(at(BERLIN, "2026-06-01T21:00")) == at(BERLIN, "2026-06-02T02:00")
    assert hours.after(at(BERLIN, "2026-06-01T23:00"), timedelta(hours=4)) == at(BERLIN, "2026-06-02T21:00")
    touching = every_day(BERLIN, "09:00-12:00", "12:00-17:00")
    assert touching.closes_at(at(BERLIN, "2026-06-01T10:00")) == at(BERLIN, "2026-06-01T17:00")


def test_the_end_of_a_window_is_closed_and_its_beginning_open():
    hours = office(BERLIN)
    assert hours.is_open(at(BERLIN, "2026-11-23T09:00"))
    assert hours.is_open(at(BERLIN, "2026-11-23T16:59:59.999999"))
    assert not hours.is_open(at(BERLIN, "2026-11-23T17:00"))
    assert hours.opens_at(at(BERLIN, "2026-11-23T17:00")) == at(BERLIN, "2026-11-24T09:00")
    assert hours.opens_at(at(BERLIN, "2026-11-23T09:00")) == at(BERLIN, "2026-11-23T09:00")


def test_a_holiday_has_its_own_windows_instead_of_its_weekdays():
    hours = office(BERLIN, d1224=["09:00-12:00"], d1225=[], d1226=["10:00-11:00"])
    assert hours.closes_at(at(BERLIN, "2026-12-24T10:00")) == at(BERLIN, "2026-12-24T12:00")
    assert hours.opens_at(at(BERLIN, "2026-12-24T12:00")) == at(BERLIN, "2026-12-26T10:00")
    assert hours.opens_at(at(BERLIN, "2026-12-26T11:00")) == at(BERLIN, "2026-12-28T09:00")


def test_who_never_opens_and_who_never_closes():
    moment = at(BERLIN, "2026-06-01T12:00")
    closed, always = every_day(BERLIN), Hours(BERLIN, ALWAYS)
    assert (closed.opens_at(moment), closed.closes_at(moment), closed.after(moment, MINUTE)) == (None,) * 3
    assert (always.opens_at(moment), always.closes_at(moment)) == (moment, None)
    assert always.after(moment, timedelta(days=900)) == moment.astimezone(UTC) + timedelta(days=900)
    assert closed.after(moment, timedelta(0)) == moment


def test_the_next_opening_is_looked_for_within_a_year():
    hours = read({"week": {}, "holidays": {"2027-06-02": {"windows": ["00:00-01:00"]}}}, TOKYO)
    assert hours.opens_at(at(TOKYO, "2026-06-01T00:00")) == at(TOKYO, "2027-06-02T00:00")
    assert hours.opens_at(at(TOKYO, "2026-05-31T23:00")) is None


def test_times_come_back_in_utc_where_arithmetic_is_right():
    hours = every_day(NEW_YORK, "00:00-12:00")
    closes = hours.closes_at(at(NEW_YORK, "2026-11-01T00:00"))
    assert closes.tzinfo is UTC
    assert closes - hours.opens_at(at(NEW_YORK, "2026-10-31T13:00")) == timedelta(hours=13)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-23T10:00", "open until 5:00 pm"),
        ("2026-11-23T07:00", "closed until 9:00 am"),
        ("2026-11-23T17:00", "closed until Tue 9:00 am"),
        ("2026-11-20T18:00", "closed until Mon 9:00 am"),
        ("2026-12-18T18:00", "closed until Jan 4, 9:00 am"),
    ],
)
def test_the_state_is_said_in_words(moment, words):
    week = {f"d12{day}": [] for day in range(21, 32)}
    hours = office(NEW_YORK, **week)
    hours = replace(hours, holidays=dict(hours.holidays) | {date(2027, 1, 1): ()})
    assert hours.in_words(at(NEW_YORK, moment)) == words


def test_the_ends_of_time_have_words_too():
    moment = at(NEW_YORK, "2026-11-23T10:00")
    assert every_day(NEW_YORK).in_words(moment) == "closed until further notice"
    assert Hours(NEW_YORK, ALWAYS).in_words(moment) == "always open"
    assert every_day(NEW_YORK, "09:00-24:00").in_words(moment) == "open until midnight"
    assert every_day(NEW_YORK, "09:00-12:00").in_words(moment) == "open until noon"
    assert every_day(NEW_YORK, "00:00-02:00", "09:00-24:00").in_words(moment) == "open until Tue 2:00 am"
    christmas = Hours(NEW_YORK, ALWAYS, {date(2026, 12, 25): ()})
    assert christmas.in_words(moment) == "open until Dec 24, midnight"


# --- What always holds


def windows_of(cuts):
    points = sorted(set(cuts))
    return tuple(zip(points[::2], points[1::2], strict=False))


day_windows = st.lists(st.integers(0, 1440), max_size=6).map(windows_of)
near_changes = st.sampled_from(
    [
        "2026-03-08",
        "2026-11-01",
        "2026-03-29",
        "2026-10-25",
        "2026-04-05",
        "2026-10-04",
        "2011-12-29",
        "2010-11-07",
    ]
).map(date.fromisoformat)


@st.composite
def all_hours(draw):
    days = draw(st.lists(st.tuples(near_changes, st.integers(-2, 2)), max_size=3))
    holidays = {day + timedelta(days=n): draw(day_windows) for day, n in days}
    week = tuple(draw(st.lists(day_windows, min_size=7, max_size=7)))
    return Hours(draw(st.sampled_from(ZONES)), week, holidays)


@st.composite
def moments(draw):
    day = draw(near_changes)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return noon + draw(st.integers(-48 * 60, 48 * 60)) * MINUTE


slow = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(hours=all_hours(), moment=moments(), minutes=st.integers(1, 900))
@example(
    hours=every_day(ZoneInfo("America/Havana"), "00:00-24:00"),
    moment=at(UTC, "2026-11-01T03:00"),
    minutes=200,
)
def test_after_agrees_with_counting_minute_by_minute(hours, moment, minutes):
    found, passed, here = hours.after(moment, minutes * MINUTE), 0, moment
    for _ in range(5 * 1440):
        if passed == minutes:
            assert found == here
            return
        passed += hours.is_open(here)
        here += MINUTE
    assert found is None or found >= here


@slow
@given(hours=all_hours(), moment=moments())
def test_it_is_open_from_the_opening_until_the_closing(hours, moment):
    opens = hours.opens_at(moment)
    assert (opens == moment) == hours.is_open(moment)
    if opens is None:
        return
    assert opens >= moment
    assert hours.is_open(opens)
    assert opens == moment or not hours.is_open(opens - MINUTE)
    closes = hours.closes_at(opens)
    if closes is not None:
        assert hours.is_open(closes - MINUTE)
        assert not hours.is_open(closes)
        for n in range(min(1500, int((closes - opens) / MINUTE))):
            assert hours.is_open(opens + n * MINUTE)
    if not hours.is_open(moment):
        assert hours.closes_at(moment) is None


@slow
@given(hours=all_hours(), moment=moments())
def test_the_words_agree_with_the_state(hours, moment):
    assert hours.in_words(moment).startswith(
        ("open until", "always") if hours.is_open(moment) else "closed until"
    )


@given(hours=all_hours())
def test_what_is_written_reads_as_the_same_hours(hours):
    assert read(write(hours), hours.zone) == hours


# --- Documents

BAD: list[Any] = [
    (None, "document", "object"),
    ([], "document", "object"),
    ({"weeks": {}}, "document", "holidays, week"),
    ({}, "week", "object"),
    ({"week": []}, "week", "object"),
    ({"week": {"monday": []}}, "week", "mon"),
    ({"week": {"mon": "09:00-17:00"}}, "week.mon", "list"),
    ({"week": {"mon": [9]}}, "week.mon", "09:00-17:00"),
    ({"week": {"tue": ["9:00-17:00"]}}, "week.tue", "09:00-17:00"),
    ({"week": {"tue": ["09:00-25:00"]}}, "week.tue", "24:00"),
    ({"week": {"tue": ["09:00-24:01"]}}, "week.tue", "24:00"),
    ({"week": {"tue": ["09:00-17:60"]}}, "week.tue", "09:00-17:00"),
    ({"week": {"wed": ["17:00-09:00"]}}, "week.wed", "17:00-24:00 here and 00:00-09:00 on the next day"),
    ({"week": {"wed": ["09:00-09:00"]}}, "week.wed", "different"),
    (
        {"week": {"thu": ["09:00-12:00", "11:00-13:00"]}},
        "week.thu",
        "09:00-12:00 and 11:00-13:00 overlap: write 09:00-13:00.",
    ),
    ({"week": {"fri": [f"{n:02}:00-{n:02}:30" for n in range(9)]}}, "week.fri", "at most 8"),
    ({"week": {}, "holidays": []}, "holidays", "object"),
    ({"week": {}, "holidays": {"2026-13-01": {"windows": []}}}, "holidays", "2026-12-25"),
    ({"week": {}, "holidays": {"20261225": {"windows": []}}}, "holidays", "2026-12-25"),
    ({"week": {}, "holidays": {"2026-12-25": []}}, "holidays.2026-12-25", "object"),
    ({"week": {}, "holidays": {"2026-12-25": {"name": "x"}}}, "holidays.2026-12-25.windows", "list"),
    (
        {"week": {}, "holidays": {"2026-12-25": {"windows": [], "open": 1}}},
        "holidays.2026-12-25",
        "name, windows",
    ),
    (
        {"week": {}, "holidays": {"2026-12-25": {"windows": [], "name": 5}}},
        "holidays.2026-12-25.name",
        "name",
    ),
    (
        {"week": {}, "holidays": {"2026-12-25": {"windows": [], "name": "a\0"}}},
        "holidays.2026-12-25.name",
        "name",
    ),
    (
        {"week": {}, "holidays": {"2026-12-25": {"windows": [], "name": "x" * 81}}},
        "holidays.2026-12-25.name",
        "80",
    ),
]


@pytest.mark.parametrize(("document", "place", "says"), BAD)
def test_what_is_no_document_is_refused_by_the_place_with_what_to_write(document, place, says):
    with pytest.raises(Unreadable) as refused:
        read(document, BERLIN)
    assert refused.value.place == place
    assert says in refused.value.sentence


def test_there_is_room_for_so_many_holidays():
    days = {(date(2026, 1, 1) + timedelta(days=n)).isoformat(): {"windows": []} for n in range(401)}
    with pytest.raises(Unreadable, match="room for 400"):
        read({"week": {}, "holidays": days}, BERLIN)


def test_windows_are_put_in_order():
    hours = read({"week": {"mon": ["13:00-17:00", "09:00-12:00"]}}, BERLIN)
    assert hours.week[0] == ((540, 720), (780, 1020))
    assert hours.week[1:] == ((),) * 6


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["week", "holidays", "mon", "x"]), inner)
        ),
    )
)
def test_no_rubbish_is_anything_but_unreadable(document):
    with suppress(Unreadable):
        read(document, BERLIN)
