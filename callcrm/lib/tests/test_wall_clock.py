"""A clock that is set forward leaves times out, and one that is set back shows some twice."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callcrm.lib.wall_clock import left_out, moments

BERLIN = ZoneInfo("Europe/Berlin")


def shown(text, zone=BERLIN):
    return [f"{at:%H:%M %Z}" for at in moments(datetime.fromisoformat(text), zone)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2027-03-28T01:59", ["01:59 CET"]),
        ("2027-03-28T02:00", []),
        ("2027-03-28T02:30", []),
        ("2027-03-28T03:00", ["03:00 CEST"]),
        ("2026-10-25T01:59", ["01:59 CEST"]),
        ("2026-10-25T02:30", ["02:30 CEST", "02:30 CET"]),
        ("2026-10-25T03:00", ["03:00 CET"]),
        ("2026-11-23T12:00", ["12:00 CET"]),
    ],
)
def test_a_time_comes_once_twice_or_never(text, found):
    assert shown(text) == found


@pytest.mark.parametrize(
    ("zone", "text", "gap"),
    [
        ("Europe/Berlin", "2027-03-28T02:00", ("2027-03-28T02:00", "2027-03-28T03:00")),
        ("Europe/Berlin", "2027-03-28T02:59", ("2027-03-28T02:00", "2027-03-28T03:00")),
        ("Australia/Lord_Howe", "2026-10-04T02:15", ("2026-10-04T02:00", "2026-10-04T02:30")),
        ("Africa/Cairo", "2027-04-30T00:30", ("2027-04-30T00:00", "2027-04-30T01:00")),
        ("Pacific/Apia", "2011-12-30T12:00", ("2011-12-30T00:00", "2011-12-31T00:00")),  # a whole day
    ],
)
def test_what_is_left_out_is_named_from_where_to_where(zone, text, gap):
    local = datetime.fromisoformat(text)
    assert moments(local, ZoneInfo(zone)) == []
    assert left_out(local, ZoneInfo(zone)) == tuple(map(datetime.fromisoformat, gap))
