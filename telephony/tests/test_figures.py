"""The overview: what came in today, what is told of yesterday, and a month by day and by source."""

import re
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from callcrm.lib import times
from callcrm.lib.marks import mark
from callcrm.testing import add_call, login
from telephony import figures
from telephony.models import Call, Outcome

PACIFIC = ZoneInfo("America/Los_Angeles")
MISSED = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None}
HUNG_UP = MISSED | {"outcome": Outcome.ABANDONED}


@pytest.fixture
def noon(monkeypatch):
    """It is noon at acme on the day after its clocks went back."""
    at = datetime(2026, 11, 2, 12, 0, tzinfo=PACIFIC)
    monkeypatch.setattr(times.timezone, "now", lambda: at)
    return at


def month(world):
    with world.inside():
        return figures.month(Call.objects.all(), PACIFIC)


def test_a_day_is_one_of_the_business_and_the_month_ends_today(world, noon):
    late = noon.replace(day=1, hour=23, minute=59)  # tomorrow already in UTC
    for at, values in ((late, {}), (late, MISSED), (late, HUNG_UP), (noon, {}), (noon, {})):
        add_call(world.acme, started_at=at, **values)
    add_call(world.acme, started_at=noon, direction="outbound")
    add_call(world.acme, started_at=noon - timedelta(days=30))
    shown = month(world)
    assert [bar.day.isoformat() for bar in shown.bars][:: figures.DAYS_SHOWN - 1] == [
        "2026-10-04",
        "2026-11-02",
    ]
    yesterday, today = shown.bars[-2:]
    assert (yesterday.of.calls, yesterday.of.answered, yesterday.of.missed) == (3, 1, 1)
    assert (today.of.calls, today.of.answered, shown.most) == (2, 2, 3)
    assert sum(bar.of.calls for bar in shown.bars) == 5


def test_bars_stand_on_each_other_and_stay_in_their_area(world, noon):
    for values in ({}, MISSED, HUNG_UP):
        add_call(world.acme, started_at=noon, **values)
    bar = month(world).bars[-1]
    assert pytest.approx(bar.top, abs=0.05) == 0
    assert bar.below_not_answered == pytest.approx(bar.top + bar.abandoned)
    assert bar.below_answered == pytest.approx(bar.below_not_answered + bar.not_answered)
    assert bar.x + bar.width < 100


def test_the_figure_of_a_source_leads_to_the_calls_that_it_counts(world, client):
    for days in (0, 1, 29):
        add_call(world.acme, started_at=timezone.now() - timedelta(days=days), source=world.source)
    add_call(world.acme, source_id=None)
    add_call(world.acme, source=world.source, direction="outbound")
    page = login(client, world.owner).get("/b/acme/").content.decode()
    [(path, figure)] = re.findall(
        r'<th scope="row"><a href="([^"]+)">Google Ads</a>.*?<td class="num end">(\d+)<', page
    )
    rows = client.get(unescape(path)).content.decode()
    assert int(figure) == len(re.findall(r'id="call-[0-9a-f-]{36}"', rows)) == 3


def test_sources_add_up_their_days(world, noon):
    for days in (0, 1, 2):
        add_call(world.acme, started_at=noon - timedelta(days=days))
    add_call(world.acme, started_at=noon, source_id=None, **MISSED)
    ads, none = month(world).sources
    assert (ads.name, ads.calls, ads.not_answered, ads.share) == ("Google Ads", 3, 0, 100)
    assert ads.answer_rate == "100%"
    assert (none.name, none.calls, none.not_answered, none.share) == ("No source", 1, 1, 33)


def test_the_median_is_of_those_that_were_answered(world, noon):
    for seconds in (4, 8, 60):
        add_call(world.acme, started_at=noon, ring_seconds=seconds)
    add_call(world.acme, started_at=noon, ring_seconds=90, **MISSED)
    with world.inside():
        today = figures.between(Call.objects.all(), times.midnight(PACIFIC), noon + timedelta(hours=1))
    assert (today.answer_time, today.answer_rate, figures.Figures().answer_time) == ("8 s", "75%", "–")


def test_whom_we_called_in_vain_nobody_has_missed(world, noon):
    add_call(world.acme, started_at=noon, **MISSED)
    for values in ({}, MISSED, {"outcome": Outcome.ANSWERED}):
        add_call(world.acme, started_at=noon, direction="outbound", **values)
    with world.inside():
        today = figures.between(Call.objects.all(), noon, noon + timedelta(minutes=1))
    assert (today.calls, today.answered, today.missed, today.answer_rate) == (1, 0, 1, "0%")


def test_what_became_of_the_calls_adds_up_in_the_words_of_the_list(world, noon):
    for outcome in ("answered", "missed", "voicemail", "voicemail", "abandoned"):
        add_call(world.acme, started_at=noon, outcome=outcome)
    add_call(world.acme, started_at=noon, direction="outbound")
    with world.inside():
        today = figures.between(Call.objects.all(), noon, noon + timedelta(minutes=1))
    assert today.in_words == "5 calls came in, 1 missed, 2 voicemails, 1 hung up"
    assert (today.not_answered, today.answer_rate) == (3, "25%")
    assert figures.Figures(calls=1).in_words == "1 call came in"


def test_nothing_is_told_of_a_yesterday_without_calls():
    first = figures.Comparison(figures.Figures(calls=2, answered=2), figures.Figures())
    assert first.calls_delta == "none came yesterday by this hour"
    assert first.answer_rate_delta == first.answer_time_delta == ""
    empty = figures.Comparison(figures.Figures(), figures.Figures())
    assert empty.calls_delta == empty.not_answered_delta == ""
    more = figures.Comparison(figures.Figures(calls=5), figures.Figures(calls=2, missed=1))
    assert (more.calls_delta, more.not_answered_delta) == (
        "3 more than yesterday at this hour",
        "1 fewer than yesterday at this hour",
    )


def test_the_pages_draw_them(world, client):
    login(client, world.owner)
    empty = client.get("/b/acme/").content.decode()
    assert '<svg class="chart"' not in empty
    assert '<dl class="stats"' not in empty
    assert "No calls today yet." in client.get("/b/acme/calls/").content.decode()
    add_call(world.acme)
    add_call(world.acme, **MISSED)
    drawn = client.get("/b/acme/").content.decode()
    assert "2 calls, 1 answered, 1 missed or voicemail</title>" in drawn
    assert drawn.count('<rect class="slot"') == figures.DAYS_SHOWN
    assert "Today 2 calls came in, 1 missed." in client.get("/b/acme/calls/").content.decode()


def test_the_view_of_first_time_callers_is_the_one_that_is_current(world, client):
    page = login(client, world.owner).get("/b/acme/calls/?first_time=true").content.decode()
    tabs = page.partition('id="tabs"')[2].partition("</nav>")[0]
    assert tabs.count('aria-current="page"') == 1
    assert tabs.partition('aria-current="page">')[2].startswith("First-time callers")


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_has_one_name_everywhere(outcome):
    assert mark(outcome).word == outcome.label
