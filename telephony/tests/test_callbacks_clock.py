"""When a call back is due: an hour in which the business is open, over changes of the clock and holidays."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.callbacks import owing
from telephony.hours import opening
from telephony.hours.week import ALWAYS, Hours, read
from telephony.tests.debts import debts, deliver, missed

WEEK = {day: ["09:00-12:00", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
NIGHTS = {day: ["00:00-06:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
CHRISTMAS = {"2026-12-25": {"windows": []}, "2026-12-24": {"windows": ["09:00-09:30"]}}
LA, BERLIN, LORD_HOWE = "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe"


def due(week, zone, at, holidays=None):
    """Return when what was missed at a local time is due, in local time, with what the clock is ahead of UTC."""
    hours = read({"week": week, "holidays": holidays or {}}, ZoneInfo(zone))
    moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))
    return owing.due(moment, hours).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M%z")


@pytest.mark.parametrize(
    ("zone", "at", "is_due"),
    [
        (LA, "2026-11-20T10:00", "2026-11-20T11:00-0800"),
        (LA, "2026-11-20T11:40", "2026-11-20T13:40-0800"),  # lunch does not count
        (LA, "2026-11-20T16:30", "2026-11-23T09:30-0800"),  # a weekend does not
        (LA, "2026-11-20T22:00", "2026-11-23T10:00-0800"),
        (LA, "2026-03-06T16:30", "2026-03-09T09:30-0700"),  # the clock goes forward in between
        (LA, "2026-10-30T16:30", "2026-11-02T09:30-0800"),  # and back
        (BERLIN, "2026-03-27T16:15", "2026-03-30T09:15+0200"),
        (BERLIN, "2026-12-23T16:45", "2026-12-24T09:45+0100"),
    ],
)
def test_it_is_due_after_an_open_hour(zone, at, is_due):
    assert due(WEEK, zone, at) == is_due


@pytest.mark.parametrize(
    ("zone", "at", "is_due"),
    [
        (LA, "2026-03-08T01:30", "2026-03-08T03:30-0700"),  # from two to three there is no time
        (LA, "2026-11-01T00:30", "2026-11-01T01:30-0700"),
        (LA, "2026-11-01T01:30", "2026-11-01T01:30-0800"),  # half past one comes twice
        (BERLIN, "2026-10-25T02:15", "2026-10-25T02:15+0100"),
        (LORD_HOWE, "2026-04-05T01:15", "2026-04-05T01:45+1030"),  # back by half an hour
        (LORD_HOWE, "2026-10-04T01:15", "2026-10-04T02:45+1100"),
    ],
)
def test_an_hour_is_an_hour_in_the_night_in_which_the_clock_changes(zone, at, is_due):
    assert due(NIGHTS, zone, at) == is_due


@pytest.mark.parametrize(
    ("at", "is_due"),
    [
        ("2026-12-23T16:30", "2026-12-24T09:30-0800"),  # half an hour on the one day, half on the other
        ("2026-12-24T09:10", "2026-12-28T09:40-0800"),
        ("2026-12-25T10:00", "2026-12-28T10:00-0800"),
    ],
)
def test_a_holiday_and_a_short_day_count_as_what_they_are(at, is_due):
    assert due(WEEK, LA, at, CHRISTMAS) == is_due


def test_a_business_that_never_opens_owes_by_the_clock():
    assert due({}, LA, "2026-11-20T10:00") == "2026-11-20T11:00-0800"


@given(st.integers(0, 2 * 366 * 24 * 60), st.sampled_from([LA, BERLIN, LORD_HOWE]))
def test_nothing_is_due_before_an_hour_has_passed_and_always_while_open_or_at_closing(minutes, zone):
    hours = read({"week": WEEK, "holidays": CHRISTMAS}, ZoneInfo(zone))
    opened = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    at = owing.due(opened, hours)
    assert at >= opened + owing.PROMISE
    assert hours.is_open(at - timedelta(seconds=1))
    always = Hours(ZoneInfo(zone), ALWAYS)
    assert owing.due(opened, always) == opened + owing.PROMISE


@pytest.mark.django_db
def test_what_was_promised_stays_promised_when_the_hours_change(world):
    friday = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)  # half past five in the afternoon, closed
    deliver(world, missed("CA1", friday), friday)
    [debt] = debts(world)
    assert debt.due_at == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    with world.inside():
        opening.change(world.acme, holidays={"2026-11-23": {"windows": []}}, by=world.owner)
    deliver(world, missed("CA2", friday + timedelta(minutes=5)), friday)
    [debt] = debts(world)
    assert (debt.misses, debt.due_at) == (2, datetime(2026, 11, 23, 18, 0, tzinfo=UTC))
    later = friday + timedelta(minutes=6)  # of two that began together either could be the first
    deliver(world, missed("CA3", later, by="+12065550113"), later)
    assert debts(world)[1].due_at == datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
