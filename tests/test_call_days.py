"""The list of calls is parted by the days of the business: each day once, above its first call."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcrm.lib import times
from callcrm.testing import add_call, login
from telephony import pages

LIST = "/b/acme/calls/"
HERE = ZoneInfo("America/Los_Angeles")
NOON = datetime(2026, 11, 20, 12, tzinfo=HERE)  # a Friday; eight in the evening in UTC


@pytest.fixture
def noon(world, monkeypatch):
    monkeypatch.setattr(times.timezone, "now", lambda: NOON)


@pytest.fixture
def page(noon, world, client):
    login(client, world.owner)
    return lambda query="": client.get(f"{LIST}{query}").content.decode()


def call_at(world, *at):
    return add_call(world.acme, started_at=datetime(*at, tzinfo=HERE))


def drawn(html):
    """What stands in the list from above: the names of days, and the last two digits of the ids of calls."""
    found = re.findall(r'<h2 class="day">(.*?)</h2>|id="call-[0-9a-f-]*(..)"', html)
    return [day or pk for day, pk in found]


def test_a_day_is_that_of_the_business_and_stands_once_above_its_calls(world, page):
    at = [
        (2026, 11, 20, 0, 1),
        (2026, 11, 19, 23, 59),
        (2026, 11, 19, 16, 30),
        (2026, 11, 15, 9),
        (2025, 11, 20, 9),
    ]
    late, before_midnight, evening, sunday, last_year = (str(call_at(world, *each).pk)[-2:] for each in at)
    expected = ["Today", late, "Yesterday", before_midnight, evening, "Sunday, Nov 15", sunday]
    assert drawn(page()) == [*expected, "Thursday, Nov 20, 2025", last_year]


def test_every_page_begins_with_the_day_of_its_first_call(world, page, monkeypatch):
    monkeypatch.setattr(pages, "PAGE_SIZE", 2)
    for minute in range(3):
        call_at(world, 2026, 11, 19, 9, minute)
    first = page()
    older = re.search(r'href="(\?cursor=[^"]*)"', first)[1]
    assert [day for day in drawn(first) if len(day) > 2] == ["Yesterday"]
    assert drawn(page(older))[0] == "Yesterday"
    assert len(drawn(page(older))) == 2


def test_a_day_is_as_wide_as_the_columns_that_are_shown(world, page, client):
    call_at(world, 2026, 11, 20, 9)
    client.post(f"{LIST}columns/", {"column": ["status"]})
    assert '<td role="cell" colspan="3"><h2' in page()


def test_the_page_knows_when_today_has_another_name(world, page):
    call_at(world, 2026, 11, 20, 9)
    assert f'data-day-ends="{12 * 60 * 60 + 1}"' in page()
    assert times.left_of_day(HERE) == timedelta(hours=12).total_seconds() + 1


def test_a_row_that_changes_says_its_time_as_the_list_does(world, page, client):
    call = call_at(world, 2026, 11, 19, 9)
    row = client.get(f"{LIST}rows/?call={call.pk}").content.decode()
    assert "9:00 am" in row
    assert "yesterday" not in row
    assert "Thu, Nov 19, 2026, 9:00:00 am PST" in row


def test_rows_that_come_again_bring_the_days_above_them_under_their_names_of_now(world, page, client):
    calls = [call_at(world, 2026, 11, 20, 9, minute) for minute in range(2)]
    asked = f"{LIST}rows/?call={','.join(str(call.pk) for call in calls)}"
    came = client.get(asked).content.decode()
    [day] = re.findall(r'<tr role="row" class="dayrow" id="day-2026-11-20">.*?</tr>', came, re.DOTALL)
    assert day in page()
    assert drawn(day) == ["Today"]
