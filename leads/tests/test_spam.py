"""Marking somebody as spam and taking it back, from his page and from that of a call."""

import re

import pytest

from audit.models import Entry
from callcrm.testing import add_call, add_lead, login, ring
from leads import editing
from leads.models import Lead
from telephony.models import Call

PHONE = "+15035550142"


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name="Dana Riverstone", phones=[PHONE], status="qualified")


@pytest.fixture
def browser(world, client):
    return login(client, world.user)


def status(world, lead):
    with world.inside():
        return Lead.objects.get(pk=lead.pk).status


def undo(browser, path):
    """Press what the toast offers on the page."""
    page = browser.get(path).content.decode()
    [action] = re.findall(r'action="([^"]+)">(?:(?!</form>).)*>Undo</button>', page)
    return browser.post(action)


@pytest.mark.parametrize("place", ["leads", "calls"])
def test_a_mark_is_set_and_undone_to_where_the_lead_stood(world, browser, lead, place):
    row = lead if place == "leads" else add_call(world.acme, lead)
    path = f"/b/acme/{place}/{row.pk}/"
    assert browser.post(f"{path}spam-marks/").headers["Location"] == path
    assert status(world, lead) == "spam"
    assert undo(browser, path).headers["Location"] == path
    assert status(world, lead) == "qualified"
    undo(browser, path)
    assert status(world, lead) == "spam", "what was undone by mistake is undone as well"


@pytest.mark.parametrize("place", ["leads", "calls"])
def test_the_button_says_the_other_thing_once_it_is_spam(world, browser, lead, place):
    row = lead if place == "leads" else add_call(world.acme, lead)
    path = f"/b/acme/{place}/{row.pk}/"
    assert "<span>Mark <span" in browser.get(path).content.decode()
    browser.post(f"{path}spam-marks/")
    assert "<span>Unmark <span" in browser.get(path).content.decode()


def test_who_is_spam_is_said_to_be_wherever_his_name_stands(world, browser, lead):
    call = add_call(world.acme, lead, state="in-progress", outcome=None, ended_at=None, answered_at=None)
    places = [
        "calls/",
        "calls/live/",
        f"calls/{call.pk}/",
        f"calls/{call.pk}/panel/",
        f"desk/?lead={lead.pk}",
        "",
    ]

    def said():
        pages = [browser.get(f"/b/acme/{place}") for place in places]
        assert [page.status_code for page in pages] == [200] * len(places)
        return ["Spam</span>" in page.content.decode() for page in pages]

    assert not any(said())
    browser.post(f"/b/acme/leads/{lead.pk}/spam-marks/")
    assert all(said())


def test_marking_is_in_the_history_once_however_often_it_is_pressed(world, browser, lead):
    for _ in range(3):
        browser.post(f"/b/acme/leads/{lead.pk}/spam-marks/")
    with world.inside():
        [entry] = Entry.objects.about(world.acme.pk, lead.pk).filter(name="lead.status_changed")
    assert (entry.data["before"], entry.data["after"]) == ("qualified", "spam")
    assert entry.actor == world.user.audit_actor


def test_a_lead_that_was_spam_from_its_beginning_becomes_new(world, browser):
    lead = add_lead(world.acme, status="spam")
    browser.post(f"/b/acme/leads/{lead.pk}/spam-releases/")
    assert status(world, lead) == "new"


def test_who_is_no_spam_stays_where_he_is(world, browser, lead):
    browser.post(f"/b/acme/leads/{lead.pk}/spam-marks/")
    with world.inside():
        editing.update(lead, {"status": "won"}, by=world.user)
    browser.post(f"/b/acme/leads/{lead.pk}/spam-releases/")
    assert status(world, lead) == "won"


def test_a_caller_who_is_nobody_can_not_be_marked_and_has_no_button(world, browser):
    call = add_call(world.acme, withheld=True)
    assert "spam" not in browser.get(f"/b/acme/calls/{call.pk}/").content.decode()
    assert browser.post(f"/b/acme/calls/{call.pk}/spam-marks/").status_code == 404


def test_a_call_that_one_may_not_see_marks_nobody(world, browser, lead):
    call = add_call(world.acme, lead, agent=world.admin)
    assert browser.post(f"/b/acme/calls/{call.pk}/spam-marks/").status_code == 404
    assert status(world, lead) == "qualified"


def test_the_list_of_spam_has_who_was_marked(browser, lead):
    path = "/b/acme/leads/?status=spam"
    assert "Dana R." not in browser.get(path).content.decode()
    browser.post(f"/b/acme/leads/{lead.pk}/spam-marks/")
    assert "Dana R." in browser.get(path).content.decode()


def test_the_next_call_is_turned_away_and_after_a_release_no_longer(world, client, browser, lead):
    browser.post(f"/b/acme/leads/{lead.pk}/spam-marks/")
    first = ring(client, PHONE)
    browser.post(f"/b/acme/leads/{lead.pk}/spam-releases/")
    second = ring(client, PHONE)
    with world.inside():
        blocked = dict(Call.objects.values_list("provider_id", "is_blocked"))
    assert blocked == {first: True, second: False}
