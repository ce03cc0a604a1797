"""When the call of a trial comes, by the clock of the business: set forward, set back, and as the page opens."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.test import Client

from callcrm.testing import login
from telephony import numbers
from telephony.flows import trials, versions
from telephony.flows.walk import NOT_IN_SERVICE
from telephony.hours import opening
from telephony.tests.flows import WHOLE
from telephony.tests.test_flow_page import Editor

BERLIN = ZoneInfo("Europe/Berlin")
TWICE = "2026-10-25T02:30"


def form(data=None):
    sent = QueryDict(data) if data is not None else None
    return trials.TrialForm(sent, zone=BERLIN, region="DE", initial=trials.now_in(BERLIN))


def opened(monkeypatch, at):
    monkeypatch.setattr(trials, "now", lambda: at)
    return form()


def test_a_time_that_the_clock_leaves_out_is_refused_with_the_times_that_there_are():
    never = form("at=2027-03-28T02:30")
    assert never.errors == {
        "at": [
            "On Mar 28, 2027 the clock is set forward from 2:00 am to 3:00 am: 2:30 am never comes. "
            "Choose a time before 2:00 am, or from 3:00 am on."
        ]
    }


@pytest.mark.parametrize("text", ["2027-03-28T01:59", "2027-03-28T03:00"])
def test_the_times_beside_it_are_taken(text):
    near = form(f"at={text}")
    assert near.is_valid()
    assert near.trial().at == datetime.fromisoformat(text).replace(tzinfo=BERLIN)
    assert near.twice is None


@pytest.mark.parametrize(
    ("also", "moment"),
    [
        ("", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("&second=on", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_that_comes_twice_is_the_first_unless_the_second_is_ticked(also, moment):
    found = form(f"at={TWICE}{also}")
    assert found.is_valid()
    assert found.trial().at.astimezone(UTC) == moment
    assert found.twice.label == "The second 2:30 am"
    assert "first as CEST, then as CET. Unless you tick this" in found.twice.help_text


def test_a_tick_that_was_left_means_nothing_for_a_time_that_comes_once():
    found = form("at=2026-11-23T12:00&second=on")
    assert found.is_valid()
    assert found.trial().at.astimezone(UTC) == datetime(2026, 11, 23, 11, tzinfo=UTC)


@pytest.mark.parametrize(("hour", "second"), [(0, False), (1, True)])
def test_a_page_that_is_opened_in_such_an_hour_says_which_one_it_is(monkeypatch, hour, second):
    found = opened(monkeypatch, datetime(2026, 10, 25, hour, 30, tzinfo=UTC))
    assert found.twice.value() is second
    assert found["at"].value() == datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001  what the field shows


@pytest.mark.django_db
def test_the_page_asks_which_one_is_meant_and_no_more_than_that(world):
    client, path = login(Client(), world.owner), f"/b/acme/numbers/{world.number.pk}/flow/what-if/"
    twice = client.post(path, {"at": "2026-11-01T01:30"})
    assert twice.status_code == 200
    assert "The second 1:30 am" in twice.content.decode()
    assert "The second" not in client.post(path, {"at": "2026-11-01T02:30"}).content.decode()
    never = client.post(path, {"at": "2027-03-14T02:30"})
    assert never.status_code == 422
    assert "2:30 am never comes" in never.content.decode()


@pytest.fixture
def off(world):
    with world.inside():
        numbers.change(world.number, {"is_active": False}, by=world.owner)
    return f"/b/acme/numbers/{world.number.pk}/flow/"


@pytest.mark.django_db
def test_the_page_of_a_number_that_is_switched_off_says_what_its_callers_hear(world, off):
    page = login(Client(), world.owner).get(off)
    html = page.content.decode()
    assert [stop["title"] for stop in page.context["tried"]["stops"]] == ["This number is not in service"]
    assert [NOT_IN_SERVICE.text in document for document in page.context["tried"]["documents"]] == [True]
    assert page.context["week"].kinds == [("off", "says that the number is not in service", "168")]
    assert "rings people" not in html
    assert "Version 1 answers calls once the number is in service." in html


@pytest.mark.django_db
def test_its_flow_is_tried_as_if_it_were_in_service_where_one_asks_for_it(world, off):
    client = login(Client(), world.owner)
    tried = client.post(f"{off}what-if/", {"at": "2026-11-23T12:00", "in_service": "on"})
    assert [stop["title"] for stop in tried.context["tried"]["stops"]][1:] == [
        "2. Ring people",
        "3. Take a message",
    ]
    assert [kind for kind, _, _ in tried.context["week"].kinds] == ["ring"]
    assert "As if the number were in service" in tried.content.decode()


@pytest.mark.django_db
def test_of_a_number_in_service_nobody_asks_that(world):
    page = login(Client(), world.owner).get(f"/b/acme/numbers/{world.number.pk}/flow/")
    assert "As if the number were in service" not in page.content.decode()


@pytest.mark.django_db
def test_nothing_is_said_to_answer_calls_to_a_number_that_is_switched_off(world, off):
    client = login(Client(), world.owner)
    for page in (f"{off}versions/", f"{off}versions/1/"):
        assert "Answers calls" not in client.get(page).content.decode()
    editor = Editor(world)
    said = editor.client.get(editor.post("publications/", ring__seconds="19").url)
    told = [str(message) for message in said.context["messages"]]
    assert told == ["Version 2 answers calls once the number is in service."]
    assert "Once it is, it rings" in client.get(off.removesuffix("flow/")).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "says"),
    [("2026-12-24", "Open until noon: it is Christmas Eve."), ("2026-12-23", "Open until 5:00 pm.")],
)
def test_a_call_on_a_holiday_names_it(world, day, says):
    with world.inside():
        eve = {"2026-12-24": {"name": "Christmas Eve", "windows": ["09:00-12:00"]}}
        opening.change(world.acme, holidays=eve, by=world.owner)
        versions.put(world.number, WHOLE, by=world.owner)
    path = f"/b/acme/numbers/{world.number.pk}/flow/what-if/"
    tried = login(Client(), world.owner).post(path, {"at": f"{day}T10:00"}).context["tried"]
    assert tried["stops"][1]["does"] == says


@pytest.mark.django_db
def test_the_page_names_keys_that_nobody_asked_for_and_shows_the_way_all_the_same(world):
    client, path = login(Client(), world.owner), f"/b/acme/numbers/{world.number.pk}/flow/what-if/"
    answer = client.post(path, {"at": "2026-11-23T12:00", "keys": "12"})
    assert answer.status_code == 200
    assert "No menu asked for a key: 12 was not pressed." in answer.content.decode()
    assert "The way of this call" in answer.content.decode()
