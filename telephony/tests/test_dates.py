"""Dates of one's own on the Calls page: whole days of the business, combined, named, saved, refused in their place."""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from callcrm.errors import Invalid
from callcrm.lib import times
from callcrm.testing import add_call, login
from telephony.listing import dates, saved_views
from tests.api import Api, fields

LIST = "/b/acme/calls/"
PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def browser(world, client):
    return login(client, world.owner)


@pytest.fixture
def page(browser):
    return lambda query: browser.get(f"{LIST}?{query}")


def ids(answer):
    assert answer.status_code == 200, answer.context
    return {call.pk for call in answer.context["page"].rows}


def local(*moment):
    return datetime(*moment, tzinfo=PACIFIC)


def hours(day, zone):
    since, until = dates.span({"from": day, "to": day}, ZoneInfo(zone))
    return (until - since) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "zone", "length"),
    [
        ("2026-11-09", "America/Los_Angeles", 24),
        ("2026-11-01", "America/Los_Angeles", 25),
        ("2026-03-08", "America/Los_Angeles", 23),
        ("2026-09-06", "America/Santiago", 23),  # its midnight is skipped
        ("2026-11-01", "America/Havana", 25),  # its midnight comes twice
        ("2026-11-09", "Asia/Kathmandu", 24),
    ],
)
def test_a_day_is_as_long_as_the_clock_of_the_business_makes_it(day, zone, length):
    assert hours(day, zone) == length
    since, _ = dates.span({"from": day}, ZoneInfo(zone))
    eve = (since - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert eve.date() == date.fromisoformat(day) - timedelta(days=1)
    assert since.astimezone(ZoneInfo(zone)).date() == date.fromisoformat(day)


def test_today_began_at_the_first_midnight_also_in_the_hour_that_comes_twice(monkeypatch):
    havana = ZoneInfo("America/Havana")
    again = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # half past midnight, for the second time
    monkeypatch.setattr(dates, "now", lambda: again)
    assert dates.span({"days": "1"}, havana)[0] == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_both_ends_count_and_either_may_be_missing(world, page):
    before, first, last, after = (
        add_call(world.acme, started_at=at)
        for at in (
            local(2026, 11, 2, 23, 59, 59),
            local(2026, 11, 3),
            local(2026, 11, 9, 23, 59, 59),
            local(2026, 11, 10),
        )
    )
    assert ids(page("from=2026-11-03&to=2026-11-09")) == {first.pk, last.pk}
    assert ids(page("from=2026-11-03")) == {first.pk, last.pk, after.pk}
    assert ids(page("from=&to=2026-11-09")) == {before.pk, first.pk, last.pk}
    assert ids(page("from=2026-11-03&to=2026-11-03")) == {first.pk}


def test_dates_combine_with_other_filters_and_with_a_tag(world, page):
    at = local(2026, 11, 5, 12)
    both = add_call(world.acme, started_at=at, tags=["leak"], outcome="missed")
    add_call(world.acme, started_at=at, tags=["leak"])
    add_call(world.acme, started_at=at - timedelta(days=9), tags=["leak"], outcome="missed")
    assert ids(page("from=2026-11-03&to=2026-11-09&tag=leak&outcome=missed")) == {both.pk}


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-11-03", "2026-11-09", "Nov 3 to Nov 9, 2026"),
        ("2025-12-30", "2026-01-02", "Dec 30, 2025 to Jan 2, 2026"),
        ("2026-11-03", "2026-11-03", "Nov 3, 2026"),
        ("2026-11-03", "", "From Nov 3, 2026"),
        ("", "2026-11-09", "Up to Nov 9, 2026"),
        ("", "", ""),
    ],
)
def test_a_range_has_a_name(first, last, words):
    assert times.days(*(date.fromisoformat(text) if text else None for text in (first, last))) == words


def test_a_range_is_one_filter_that_is_taken_off_at_once(page):
    answer = page("from=2026-11-03&to=2026-11-09&tag=leak")
    without = {one.text: set(parse_qs(one.without[1:])) for one in answer.context["narrowing"]}
    assert without == {"Date: Nov 3 to Nov 9, 2026": {"tag"}, "Tag: leak": {"from", "to"}}
    assert (
        "Nov 3 to Nov 9, 2026"
        in re.search(r'popovertarget="filter-days">(.*?)</button>', answer.content.decode())[1]
    )


def test_a_number_of_days_takes_the_place_of_dates_and_they_of_it(page):
    menu = re.search(
        r'id="filter-days".*?</form>', page("from=2026-11-03&tag=leak").content.decode(), re.DOTALL
    )[0]
    for link in re.findall(r'href="\?([^"]*)"', menu):
        assert not {"from", "to"} & set(parse_qs(link.replace("&amp;", "&")))
    menu = re.search(
        r'id="filter-days".*?</form>', page("days=7&tag=leak&cursor=").content.decode(), re.DOTALL
    )[0]
    assert re.findall(r'type="hidden" name="(\w+)"', menu) == ["tag"]
    assert page("days=7&from=2026-11-03").status_code == 400


@pytest.mark.parametrize(
    ("first", "last", "wrong"),
    [
        ("2026-11-09", "2026-11-03", "to"),
        ("2026-13-01", "", "from"),
        ("", "2026-02-29", "to"),
        ("20261103", "", "from"),
        ("2026-W45-2", "", "from"),
        ("٢٠٢٦-١١-٠٣", "", "from"),
        ("1999-12-31", "", "from"),
        ("9999-12-31", "", "from"),
    ],
)
def test_dates_that_cannot_be_are_refused_beside_what_was_typed(page, first, last, wrong):
    with pytest.raises(Invalid) as refused:
        dates.span({"from": first, "to": last}, PACIFIC)
    assert set(refused.value.fields) == {wrong}
    answer = page(f"from={first}&to={last}&tag=leak")
    assert answer.status_code == 400
    form = re.search(r"These dates are not understood.*?</form>", answer.content.decode(), re.DOTALL)[0]
    assert f'name="from" value="{first}"' in form
    assert f'name="to" value="{last}"' in form
    assert f'id="wrong-{wrong}-error"' in form
    assert 'name="tag" value="leak"' in form
    assert f'href="{LIST}?tag=leak">Show the list' in answer.content.decode()


def test_dates_are_saved_in_a_view_and_nonsense_is_not(world, browser):
    views = "/b/acme/calls/views/"
    browser.post(views, {"name": "A week", "from": "2026-11-03", "to": "2026-11-09"})
    assert browser.post(views, {"name": "No", "from": "2026-11-09", "to": "2026-11-03"}).status_code == 422
    assert browser.post(views, {"name": "Both", "from": "2026-11-09", "days": "7"}).status_code == 422
    with world.inside():
        [view] = saved_views.CallView.objects.visible_to(world.owner)
    assert view.filters == {"from": "2026-11-03", "to": "2026-11-09"}
    answer = browser.get(f"{LIST}?from=2026-11-03&to=2026-11-09")
    assert [tab.label for tab in answer.context["tabs"] if tab.current] == ["A week"]


def test_the_api_knows_no_dates_of_the_page(world):
    assert "from" in fields(Api(world.owner).get("calls/", {"from": "2026-11-03"}))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("talked=long", "not known: Talked."),
        ("tag=a%07b&days=x", "not known: Tag, Date."),
        ("number=x", "not known: Number."),
        ("mine=me", "not known: Mine."),
        ("since=x&until=x&lead=x&provider_id=%07", "not known: Since, Until, Lead, Provider&#x27;s id."),
    ],
)
def test_a_filter_that_is_nonsense_is_named_on_the_page_which_offers_the_list_without_it(page, query, said):
    answer = page(f"{query}&outcome=missed&search=x")
    html = answer.content.decode()
    assert answer.status_code == 400
    assert said in html
    assert f'href="{LIST}?outcome=missed">' in html
    assert answer.context["page"].rows == []
    for tab in answer.context["tabs"]:
        assert not set(parse_qs(query)) & set(parse_qs(tab.url[1:])) - {"mine"}


@pytest.mark.parametrize("state", ["busy", "no-answer", "completed", "ringing"])
def test_a_state_is_chosen_and_named(world, page, state):
    call = add_call(world.acme, state=state)
    add_call(world.acme, state="failed")
    answer = page(f"state={state}")
    assert ids(answer) == {call.pk}
    [one] = answer.context["narrowing"]
    assert one.text.startswith("Connection: ")
