"""What the Calls page shows of its filters: tabs, chips, what is set, and which of it to take off."""

import re
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.utils.timezone import now

from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, assert_flat_queries, login
from leads import editing
from telephony.listing import suggestions

LIST = "/b/acme/calls/"


@pytest.fixture
def page(world, client):
    login(client, world.owner)
    return lambda query="": client.get(f"{LIST}{query}").content.decode()


@pytest.fixture
def context(world, client):
    login(client, world.owner)
    return lambda query="": client.get(f"{LIST}{query}").context


def options(found, name):
    return {label for chip in found["filters"] if chip.name == name for _, label in chip.options}


def current(found):
    return [tab.label for tab in found["tabs"] if tab.current]


@pytest.mark.parametrize(
    ("query", "tab"),
    [
        ("", "All calls"),
        ("?owed=true", "Not called back"),
        ("?outcome=missed&direction=inbound", "Missed"),
        ("?outcome=voicemail", "Voicemail"),
        ("?first_time=true", "First-time callers"),
        ("?mine=true", "Mine"),
        ("?outcome=missed&direction=inbound&tag=leak&cursor=", "Missed"),
        ("?direction=inbound&days=30", "All calls"),
        ("?outcome=voicemail&direction=inbound", "Voicemail"),
    ],
)
def test_the_tab_that_says_the_same_is_the_current_one(context, query, tab):
    assert current(context(query)) == [tab]


def test_a_tab_keeps_the_filters_that_it_does_not_speak_of(context):
    found = context("?owed=true&tag=leak")
    [missed] = [tab for tab in found["tabs"] if tab.label == "Missed"]
    assert parse_qs(missed.url[1:]) == {"tag": ["leak"], "outcome": ["missed"], "direction": ["inbound"]}
    assert current(context("?outcome=missed&owed=true")) == []


def test_a_direction_that_no_tab_has_set_goes_on_in_all_of_them(context):
    found = context("?days=30&direction=inbound")
    urls = {tab.label: parse_qs(tab.url[1:]) for tab in found["tabs"]}
    assert urls["All calls"] == {"days": ["30"], "direction": ["inbound"]}
    assert urls["Mine"] == {"days": ["30"], "direction": ["inbound"], "mine": ["true"]}
    found = context("?outcome=missed&direction=inbound")
    [every] = [tab for tab in found["tabs"] if tab.label == "All calls"]
    assert every.url == "?", "Missed has set it, and takes it with it"


def test_every_filter_that_is_set_is_filled_and_can_be_cleared(world, page):
    add_call(world.acme, tags=["leak"], disposition="Booked")
    query = (
        "?after_hours=true&talked=over_10min&tag=leak&disposition=Booked&owed=false&mine=true&first_time=true"
    )
    html = page(query)
    assert len(re.findall(r'class="chip on" type="button"', html)) == query.count("=")
    assert "Clear filters</a>" in html
    assert "Clear filters</a>" not in page()


def test_a_chip_offers_the_words_that_were_used_lately_the_most_used_first(world, context):
    for tags in (["leak", "roof"], ["leak"]):
        add_call(world.acme, tags=tags, disposition="Booked")
    add_call(world.rival, tags=["theirs"], disposition="Theirs")
    found = context()
    assert options(found, "tag") == {"leak", "roof"}
    assert options(found, "disposition") == {"Nothing noted", "Booked"}
    with world.inside():
        assert suggestions.tags(world.acme.pk) == ["leak", "roof"]


def test_words_of_long_ago_are_not_looked_for(world, monkeypatch):
    monkeypatch.setattr(suggestions, "LATELY", 2)
    for days, word in ((9, "old"), (1, "new"), (0, "newest")):
        add_call(world.acme, tags=[word], disposition=word, started_at=now() - timedelta(days=days))
    with world.inside():
        assert suggestions.tags(world.acme.pk) == ["newest", "new"]
        assert suggestions.dispositions(world.acme.pk) == ["newest", "new"]


def test_what_is_set_is_named_although_it_is_not_offered(world, page, context):
    with world.inside():
        old = editing.source_named(world.acme.pk, "Old flyer")
        type(old).objects.filter(pk=old.pk).update(is_archived=True)
    assert "Old flyer" not in page()
    html = page(f"?source={old.pk}&tag=rare")
    assert "Source: Old flyer" in html
    assert "Tag: rare" in html
    assert options(context(f"?number={uuid7()}"), "number") >= {"Not found"}


def test_nothing_found_says_which_filter_to_drop(page, context):
    found = context("?outcome=blocked&tag=leak&days=3&lead=018f0000-0000-7000-8000-000000000000&cursor=")
    without = {one.text: set(parse_qs(one.without[1:])) for one in found["narrowing"]}
    assert without == {
        "Status: Blocked": {"tag", "days", "lead"},
        "Tag: leak": {"outcome", "days", "lead"},
        "Date: Last 3 days": {"outcome", "tag", "lead"},
        "Lead": {"outcome", "tag", "days"},
    }
    assert "No call matches these filters" in page("?outcome=blocked&tag=leak")
    html = page("?outcome=blocked")
    assert "No call matches this filter" in html
    assert 'href="?"' in html


def test_what_became_of_a_recording_is_a_chip_and_what_older_links_say_is_named_as_it(context, page):
    assert "Recording failed" in options(context(), "recording")
    assert [one.text for one in context("?recording=failed")["narrowing"]] == ["Recording: Recording failed"]
    assert [one.text for one in context("?has_recording=true")["narrowing"]] == ["Recording: Any recording"]
    assert options(context(), "has_recording") == set()
    assert "Recording: Not kept: no notice" in page("?recording=blocked")


def test_directions_have_the_same_names_everywhere(world, page, context):
    assert options(context(), "direction") == {"Incoming", "Outgoing"}
    for direction, word in (("inbound", "Incoming"), ("outbound", "Outgoing")):
        call = add_call(world.acme, direction=direction)
        html = page(f"{call.pk}/")
        assert f"<span>{word}</span>" in html
        assert f"<b>{word} call</b>" in html


def test_a_page_without_filters_is_empty_for_another_reason(page):
    assert "No call matches" not in page()


def test_what_filters_offer_costs_as_many_queries_however_many_words_there_are(world, client):
    login(client, world.owner)

    def grow():
        word = str(uuid7())
        add_call(world.acme, tags=[word], disposition=word)
        with world.inside():
            editing.source_named(world.acme.pk, word)

    assert_flat_queries(lambda: client.get(f"{LIST}?tag=x"), grow)


@pytest.mark.parametrize("path", ["calls/new/", "calls/{call}/"])
def test_a_form_suggests_the_words_of_the_business_and_the_fields_know_their_lists(world, client, path):
    call = add_call(world.acme, tags=["leak"], disposition="<b>Booked</b>")
    add_call(world.rival, tags=["theirs"], disposition="Theirs")
    html = login(client, world.user).get(f"/b/acme/{path}".format(call=call.pk)).content.decode()
    offered = dict(re.findall(r'<datalist id="([a-z-]+)".*?>(.*?)</datalist>', html))
    assert re.findall(r'value="([^"]*)"', offered["known-tags"]) == ["leak"]
    assert re.findall(r'value="([^"]*)"', offered["known-dispositions"]) == ["&lt;b&gt;Booked&lt;/b&gt;"]
    for field, words in (("tags", "known-tags"), ("disposition", "known-dispositions")):
        [drawn] = re.findall(rf'<input[^>]*name="{field}"[^>]*>', html)
        assert f'list="{words}"' in drawn


def test_a_filter_that_is_used_little_stands_behind_more_until_it_is_set(page):
    def behind(html):
        return re.search(r'<details class="more">(.*?)</details>', html, re.DOTALL)[1]

    assert "filter-direction" in behind(page(""))
    assert "filter-outcome" not in behind(page(""))
    assert "filter-direction" not in behind(page("?direction=outbound"))
    assert "filter-direction" in page("?direction=outbound")
