"""The counts of the tabs: each is of just the list that its link opens, bounded, and never in anybody's way."""

import re

import pytest
from django.db import OperationalError, connection

from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, assert_flat_queries, login
from telephony.callbacks import ledger
from telephony.listing import counts, filters, listed, saved_views
from telephony.models import Call

LIST, COUNTS = "/b/acme/calls/", "/b/acme/calls/counts/"
UNTALKED = {"answered_at": None, "talk_seconds": None}


@pytest.fixture
def browser(world, client):
    return login(client, world.owner)


@pytest.fixture
def busy(world):
    """Some calls of every tab, and of some that differ in what tabs do not speak of."""
    for tags in (["leak"], []):
        lead = add_lead(world.acme, name="Dana Riverstone")
        missed = add_call(world.acme, lead, outcome="missed", tags=tags, first_time_caller=True, **UNTALKED)
        add_call(world.acme, lead, outcome="voicemail", tags=tags, **UNTALKED)
        add_call(world.acme, lead, outcome="missed", direction="outbound", tags=tags, **UNTALKED)
        for agent in (world.owner, world.user, None):
            add_call(world.acme, add_lead(world.acme), agent=agent, tags=tags)
        add_call(world.rival, outcome="missed", tags=tags)
        with world.inside():
            ledger.follow_call(missed, by=None)
    with world.inside():
        saved_views.save("Leaks", {"tag": "leak"}, shared=True, by=world.owner)
        saved_views.save("Talked long", {"talked": "over_10min"}, shared=True, by=world.owner)
    return world


def said(client, query="", status=200):
    """What stands at the tabs, by the keys of the tabs."""
    answer = client.get(f"{COUNTS}{query}")
    assert answer.status_code == status
    return dict(
        re.findall(r'id="tab-([\w-]+)"[^>]*>[^<]*<span class="count[^>]*>([^<]+)<', answer.content.decode())
    )


def clicked(client, query=""):
    """How many calls the link of each counted tab opens, by the keys of the tabs."""
    page = client.get(f"{LIST}{query}")
    return {
        tab.key: str(len(client.get(f"{LIST}{tab.url}").context["page"].rows))
        for tab in page.context["tabs"]
        if tab.is_counted
    }


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?tag=leak",
        "?outcome=missed",
        "?owed=true&tag=leak",
        "?from=2026-01-01&direction=inbound&cursor=",
        "?direction=outbound",
    ],
)
def test_a_count_is_of_what_a_click_shows(busy, client, query):
    for who in (busy.owner, busy.admin, busy.user):
        login(client, who)
        counted = said(client, query)
        assert counted == clicked(client, query)
        assert counted["missed"] != "0"


def test_a_search_counts_as_well(busy, browser):
    query = browser.post(LIST, {"q": "river"}).headers["Location"].removeprefix(LIST)
    counted = said(browser, query)
    assert counted == clicked(browser, query)
    assert (counted["all"], counted["mine"]) == ("6", "0")


def test_all_calls_together_are_not_counted(busy, browser):
    assert "all" not in said(browser)
    assert said(browser, "?tag=leak")["all"] == "6"
    assert "All calls</a>" in browser.get(LIST).content.decode()


def test_a_hundred_and_more_are_not_told_apart(world, browser, monkeypatch):
    monkeypatch.setattr(counts, "MOST", 3)
    for number, words in ((1, "1"), (1, "2"), (1, "2+"), (2, "2+")):
        for _ in range(number):
            add_call(world.acme, outcome="voicemail")
        assert said(browser)["voicemail"] == words


def test_who_waits_for_a_call_back_stands_out(busy, browser):
    html = browser.get(COUNTS).content.decode()
    assert 'Not called back <span class="count bad">2<span> calls</span></span></a>' in html
    assert html.count("count bad") == 1
    assert html.count("Callbacks counts people") == 1  # the menu beside it does
    assert "bad" not in login(browser, busy.rival_owner).get("/b/rival/calls/counts/").content.decode()


def test_a_list_of_what_was_not_rung_back_says_that_callbacks_are_of_people(world, browser):
    said = "Callbacks</a> lists the people"
    assert said in browser.get(f"{LIST}?owed=true").content.decode()
    assert said not in browser.get(LIST).content.decode()
    assert said not in browser.get(f"{LIST}?owed=false").content.decode()


def test_views_beyond_the_eighth_are_not_counted(world, browser):
    with world.inside():
        views = [saved_views.save(f"{n}", {"tag": f"{n}"}, shared=False, by=world.owner) for n in range(9)]
    assert len(set(said(browser)) & {str(view.pk) for view in views}) == 8
    assert browser.get(LIST).content.decode().count('class="count"') == 8 + 5


def test_nobody_counts_calls_that_he_may_not_see(world, client):
    add_call(world.acme, agent=world.owner, outcome="voicemail")
    add_call(world.acme, agent=world.user, outcome="voicemail")
    assert said(login(client, world.user))["voicemail"] == "1"
    assert said(login(client, world.owner))["voicemail"] == "2"


def test_what_takes_too_long_has_no_count_and_the_others_do(busy, browser, monkeypatch):
    slow = listed.matching

    def matching(request, params, searched):
        found = slow(request, params, searched)
        return found.extra(where=["pg_sleep(9) IS NOT NULL"]) if "tag" in params else found

    monkeypatch.setattr(listed, "matching", matching)
    monkeypatch.setattr(counts, "WITHIN_MS", 50)
    assert set(said(browser)) == {"owed", "missed", "voicemail", "first", "mine"}


def everything(world):
    return {"a": filters.by(Call.objects.visible_to(world.owner), {}, member=world.owner)}


def test_no_more_is_read_than_can_be_said(world, monkeypatch):
    monkeypatch.setattr(counts, "MOST", 2)
    for _ in range(4):
        add_call(world.acme)
    with world.inside():
        assert counts.counted(everything(world)) == {"a": 2}


def test_a_time_limit_ends_with_the_count(world):
    with world.inside(), connection.cursor() as cursor:
        assert counts.counted(everything(world)) == {"a": 0}
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_any_other_fault_is_one(world, monkeypatch):
    def away(rows):
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(counts, "Counter", away)
    with world.inside(), pytest.raises(OperationalError):
        counts.counted(everything(world))


@pytest.mark.parametrize("query", ["?talked=long", "?from=2026-11-09&to=2026-11-03"])
def test_nonsense_is_refused_and_not_asked_for(busy, browser, query):
    said(browser, query, status=400)
    assert "calls/counts/" not in browser.get(f"{LIST}{query}").content.decode()


def test_a_search_that_is_over_asks_for_no_counts(busy, browser):
    assert "calls/counts/" not in browser.get(f"{LIST}?search=over").content.decode()
    assert set(said(browser, "?search=over").values()) == {"0"}


def test_a_look_asks_as_often_for_many_views_as_for_few(world, browser):
    with world.inside():
        saved_views.save("one", {"tag": "x"}, shared=False, by=world.owner)

    def grow():
        add_call(world.acme, add_lead(world.acme), outcome="missed")
        with world.inside():
            saved_views.save(f"{uuid7()}"[-20:], {"tag": "leak"}, shared=False, by=world.owner)

    assert_flat_queries(lambda: browser.get(COUNTS), grow)


def test_today_and_who_is_owed_come_with_the_counts(busy, browser):
    html = browser.get(COUNTS).content.decode()
    page = browser.get(LIST).content.decode()
    for each in (
        r'<p class="lede" id="today"[^>]*>([^<]+)',
        r'id="owed"[^>]*>.*?<span class="count[^>]*>(\d+)',
    ):
        told = re.search(each, html, re.DOTALL)
        assert told
        assert told[1] == re.search(each, page, re.DOTALL)[1]
    assert html.count('hx-swap-oob="outerMorph"') == 3
