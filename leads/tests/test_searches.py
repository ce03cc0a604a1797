"""The list and its search: every page has an address that says nothing of what was typed, and Back finds it again."""

import base64
from importlib import import_module
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts import session_box
from callcrm.testing import add_lead, login
from leads import pages, search, searches
from leads.models import Lead

LIST = "/b/acme/leads/"


@pytest.fixture
def browser(world, client):
    return login(client, world.user)


def searched(browser, text, query=""):
    """Type it and go where the form leads."""
    answer = browser.post(f"{LIST}{query}", {"q": text})
    assert answer.status_code == 302
    return answer.headers["Location"]


def names(answer):
    return [lead.pk for lead in answer.context["page"].rows]


def search_id(path):
    return parse_qs(urlsplit(path).query)["search"][0]


def test_a_search_has_an_address_that_can_be_come_back_to(world, browser):
    lead, _ = add_lead(world.acme, name="Dana Riverstone"), add_lead(world.acme, name="Ida Brook")
    path = searched(browser, "Riverstone")
    assert "iverstone" not in path
    for _ in range(2):  # there, and back from the lead
        answer = browser.get(path)
        assert names(answer) == [lead.pk]
        assert 'value="Riverstone"' in answer.content.decode()


def test_what_was_typed_lies_sealed_in_the_session_and_opens_in_its_business_alone(world, browser):
    path = searched(browser, "Riverstone")
    [row] = Session.objects.all()
    kept = row.get_decoded()
    assert "iverstone" not in str(kept)
    [[sealed, _]] = kept["searches"].values()
    assert b"iverstone" not in base64.b64decode(sealed)
    with world.inside():
        assert searches.recall(browser.session, world.acme.pk, search_id(path)) == "Riverstone"
    with world.inside(world.rival):
        assert searches.recall(browser.session, world.rival.pk, search_id(path)) is None


def test_a_search_is_its_sessions_own(world, browser):
    path = searched(browser, "Riverstone")
    other = login(type(browser)(), world.owner)
    assert "This one is over" in other.get(path).content.decode()


def test_a_search_ends_and_is_forgotten(world, browser, monkeypatch):
    lead = add_lead(world.acme, name="Ida Brook")
    path = searched(browser, "Riverstone")
    later = session_box.time() + session_box.KEPT_FOR.total_seconds() + 1
    monkeypatch.setattr(session_box, "time", lambda: later)
    answer = browser.get(path)
    assert "This one is over" in answer.content.decode()
    assert names(answer) == [lead.pk]
    assert browser.session["searches"] == {}


def test_a_session_keeps_few_searches(world):
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    with world.inside():
        ids = [searches.keep(session, world.acme.pk, f"text {n}") for n in range(7)]
        kept = [searches.recall(session, world.acme.pk, one) for one in ids]
    assert kept == [None, None, "text 2", "text 3", "text 4", "text 5", "text 6"]


def test_hits_come_page_by_page(world, browser, monkeypatch):
    monkeypatch.setattr(pages, "PAGE_SIZE", 2)
    leads = [add_lead(world.acme, name=f"Anna Hill{n}").pk for n in "abc"]
    path = searched(browser, "anna")
    first = browser.get(path)
    second = browser.get(f"{path}&cursor={first.context['page'].older}")
    assert names(first) + names(second) == leads[::-1]
    assert second.context["page"].older == ""
    assert 'rel="next"' in first.content.decode()


@pytest.mark.parametrize("typed", ["anna", "0142"])
def test_a_search_keeps_the_chosen_filters(world, browser, typed):
    won = add_lead(world.acme, name="Anna Hill", phones=["+15035550142"], status="won")
    add_lead(world.acme, name="Anna Brook", phones=["+12065550142"])
    path = searched(browser, typed, "?status=won")
    assert names(browser.get(path)) == [won.pk]
    page = browser.get(path).content.decode()
    assert f'href="{LIST}?status=won">' in page  # to clear the search alone


def test_an_empty_search_is_the_list(world, browser):
    assert searched(browser, "  ", "?status=new") == f"{LIST}?status=new"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dana", ""),
        ("dana@example.com", ""),
        ("0142", ""),
        ("(503) 555-0142", ""),
        ("Dana 0142", "not for both at once"),
        ("Da", "Type at least 3"),
        ("D. R.", "Type at least 3"),
        ("Dana R.", ""),
        ("14", "last 4 digits"),
        ("42", "2 that pages show are too few"),
    ],
)
def test_what_cannot_find_much_says_what_to_type(text, said):
    assert said in search.advice(text)
    assert bool(search.advice(text)) == bool(said)


def test_an_empty_result_says_what_works(world, browser):
    for typed, said in (
        ("zz", "Type at least 3"),
        ("Dana 0142", "not for both"),
        ("Nobody", "first 3 letters"),
    ):
        assert said in browser.get(searched(browser, typed)).content.decode()


@pytest.mark.parametrize("query", ["status=hum", "source=hum", "assigned=hum", "cursor=hum"])
def test_an_unknown_choice_is_no_empty_list(world, browser, query):
    assert browser.get(f"{LIST}?{query}").status_code == 400


def test_an_odd_cursor_of_a_search_is_refused(world, browser):
    assert browser.get(f"{searched(browser, 'anna')}&cursor=hum").status_code == 400


def test_the_column_shows_the_time_by_which_the_list_is_ordered(world, browser):
    add_lead(world.acme, name="Ida Brook")
    with world.inside():
        [lead] = Lead.objects.all()
        Lead.objects.filter(pk=lead.pk).update(last_contact_at=lead.created_at)
    page = browser.get(LIST).content.decode()
    assert "Added <time" in page
    assert "Last contact <time" in page
