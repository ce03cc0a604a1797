"""The calls of whom a search finds: with every filter, under an address that says nothing of what was typed."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils.timezone import now

from accounts import session_box, team
from accounts.permissions import Role
from callcrm.testing import add_call, add_lead, assert_flat_queries, login
from leads import merging
from telephony import pages
from telephony.listing import listed, saved_views

LIST, NEWS = "/b/acme/calls/", "/b/acme/calls/news/"


@pytest.fixture
def browser(world, client):
    return login(client, world.owner)


@pytest.fixture
def dana(world):
    return add_lead(world.acme, name="Dana Riverstone", email="dana@letters.example", phones=["+15035550182"])


def searched(browser, text, query=""):
    """Type it and return where the form leads."""
    answer = browser.post(f"{LIST}{query}", {"q": text})
    assert answer.status_code == 302
    return answer.headers["Location"]


def found(browser, text, query=""):
    return rows(browser.get(searched(browser, text, query)))


def rows(answer):
    assert answer.status_code == 200
    return [call.pk for call in answer.context["page"].rows]


def query_of(path):
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


def news(browser, path, shown):
    answer = browser.get(NEWS, query_of(path) | {"shown": str(shown)})
    return re.sub(r"<[^>]+>", "", answer.content.decode()).strip()


@pytest.mark.parametrize(
    "typed", ["river", "Riverstone", "dana riv", "0182", "(503) 555-0182", "dana@letters.example"]
)
def test_calls_are_found_by_who_called(world, browser, dana, typed):
    call = add_call(world.acme, dana)
    add_call(world.acme, add_lead(world.acme, name="Ida Brook", phones=["+12065550191"]))
    add_call(world.acme, withheld=True)
    add_call(world.rival, add_lead(world.rival, name="Dana Riverstone"))
    assert found(browser, typed) == [call.pk]


def test_what_was_typed_stands_in_the_box_and_in_no_address_or_title(browser, dana):
    path = searched(browser, "Riverstone")
    assert "iverstone" not in path
    page = browser.get(path).content.decode()
    assert 'value="Riverstone"' in page
    assert page.count("Riverstone") == 1
    assert "<title>Calls" in page


def test_calls_of_several_people_come_in_pages_in_the_order_of_the_list(world, browser, monkeypatch):
    monkeypatch.setattr(pages, "PAGE_SIZE", 2)
    people, at = [add_lead(world.acme, name=f"Anna Hill{n}") for n in "ab"], now()
    made = [
        add_call(world.acme, people[n % 2], started_at=at - timedelta(hours=n), tags=["leak"])
        for n in range(5)
    ]
    path, seen = searched(browser, "anna", "?tag=leak"), []
    while path:
        answer = browser.get(path)
        seen += rows(answer)
        older = answer.context["page"].older
        path = f"{path.partition('&cursor')[0]}&cursor={older}" if older else ""
    assert seen == [call.pk for call in made]


def test_a_search_and_filters_narrow_each_other(world, browser, dana):
    missed = add_call(world.acme, dana, outcome="missed", tags=["leak"])
    add_call(world.acme, dana, tags=["leak"])
    add_call(world.acme, outcome="missed", tags=["leak"])
    assert found(browser, "dana", "?outcome=missed&tag=leak&days=1") == [missed.pk]


def test_every_link_of_the_list_keeps_the_search_and_each_can_be_taken_off(world, browser, dana):
    add_call(world.acme, dana, tags=["leak"])
    with world.inside():
        saved_views.save("Leaks", {"tag": "leak"}, shared=False, by=world.owner)
    path = searched(browser, "dana", "?first_time=true")
    search_id = query_of(path)["search"]
    answer = browser.get(path)
    assert {query_of(tab.url).get("search") for tab in answer.context["tabs"]} == {search_id}
    html = answer.content.decode()
    chips = re.search(r'id="filter-days".*?</div>', html, re.DOTALL)[0]
    assert all(search_id in link for link in re.findall(r'href="([^"]+)"', chips))
    assert f'<input type="hidden" name="search" value="{search_id}">' in html  # choosing columns leads back
    without = {one.text: query_of(one.without) for one in answer.context["narrowing"]}
    assert without["Search"] == {"first_time": "true"}
    assert without["First call: First-time callers"] == {"search": search_id}
    assert re.search(rf'href="{re.escape(LIST)}\?first_time=true">.{{,120}}Clear search</a>', html)
    assert re.search(rf'href="{re.escape(LIST)}\?search={search_id}">.{{,120}}Clear filters</a>', html)


def test_nobody_finds_calls_that_he_may_not_see(world, client, dana):
    mine, free = add_call(world.acme, dana, agent=world.user), add_call(world.acme, dana)
    others = add_call(world.acme, dana, agent=world.owner)
    assert set(found(login(client, world.user), "dana")) == {mine.pk, free.pk}
    assert others.pk in found(login(client, world.owner), "dana")


def test_of_many_people_the_newest_count_and_the_page_says_so(world, browser, monkeypatch):
    monkeypatch.setattr(listed, "MOST_PEOPLE", 2)
    calls = [add_call(world.acme, add_lead(world.acme, name=f"Anna Hill{n}")) for n in "abc"]
    answer = browser.get(searched(browser, "anna"))
    assert set(rows(answer)) == {call.pk for call in calls[1:]}
    assert "More than 2 people agree" in answer.content.decode()
    assert "people agree" not in browser.get(searched(browser, "hillc")).content.decode()


def test_a_search_that_is_over_shows_no_other_list_and_says_how_to_go_on(world, browser, dana, monkeypatch):
    call = add_call(world.acme, dana)
    path = searched(browser, "dana", "?direction=inbound")
    other = login(type(browser)(), world.admin)
    later = session_box.time() + session_box.KEPT_FOR.total_seconds() + 1
    for who, passes in ((other, False), (browser, True)):
        if passes:
            monkeypatch.setattr(session_box, "time", lambda: later)
        answer = who.get(path)
        assert rows(answer) == []
        assert "This search is over" in answer.content.decode()
        assert f'href="{LIST}?direction=inbound">' in answer.content.decode()
        assert news(who, path, call.pk) == ""


def test_a_search_opens_in_its_own_business_alone(world, browser, dana):
    path = searched(browser, "dana")
    team.add(world.rival, world.owner.user, Role.OWNER, by=None)
    page = browser.get(path.replace("acme", world.rival.slug)).content.decode()
    assert "This search is over" in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("zz", "Type at least 3"),
        ("42", "The 2 that pages show are too few"),
        ("Dana 0182", "not for both"),
        ("Nobody", "its first 3 letters"),
    ],
)
def test_nobody_found_says_what_to_type(browser, dana, typed, said):
    page = browser.get(searched(browser, typed)).content.decode()
    assert "Nobody found" in page
    assert said in page
    assert page.count("pages show") + page.count("Pages show") == (typed in ("42", "Nobody")), (
        "why, said once"
    )


def test_somebody_without_such_calls_is_said_to_be_found(world, browser, dana):
    path = searched(browser, "dana")
    assert f"/b/acme/leads/?{urlsplit(path).query}" in browser.get(path).content.decode()
    add_call(world.acme, dana)
    page = browser.get(searched(browser, "dana", "?outcome=missed")).content.decode()
    assert "1 person is found" in page
    assert "Status: Missed" in page


def test_the_bar_of_new_calls_counts_those_of_whom_was_found(world, browser, dana):
    shown = add_call(world.acme, dana)
    path = searched(browser, "dana")
    add_call(world.acme, add_lead(world.acme, name="Ida Brook"))
    assert news(browser, path, shown.pk) == ""
    add_call(world.acme, dana)
    assert news(browser, path, shown.pk).startswith("1 new call")


def test_no_view_keeps_a_search(world, browser, dana):
    path = searched(browser, "dana", "?tag=leak")
    browser.post("/b/acme/calls/views/", query_of(path) | {"name": "Leaks"})
    with world.inside():
        [view] = saved_views.CallView.objects.visible_to(world.owner)
    assert view.filters == {"tag": "leak"}
    assert "Save the filters that are set" not in browser.get(searched(browser, "dana")).content.decode()


def test_calls_of_a_card_that_was_merged_away_are_found_by_the_one_that_stays(world, browser, dana):
    other = add_lead(world.acme, name="D. Stone", phones=["+12065550191"])
    calls = [add_call(world.acme, lead) for lead in (dana, other)]
    with world.inside():
        merging.merge(dana, other, {}, by=world.owner)
    assert set(found(browser, "0191")) == {call.pk for call in calls}


def test_an_empty_search_is_the_list_as_it_is_narrowed(browser):
    assert searched(browser, "  ", "?tag=leak&cursor=x&search=y") == f"{LIST}?tag=leak"


def test_a_search_costs_as_many_queries_for_many_people_as_for_one(world, browser, dana):
    path = searched(browser, "dana")
    assert_flat_queries(
        lambda: browser.get(path),
        lambda: add_call(world.acme, add_lead(world.acme, name="Dana Riverstone")),
        times=20,
    )
