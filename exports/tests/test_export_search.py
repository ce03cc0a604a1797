"""Who exports while a search is on gets the calls that he sees, masked; what he has typed is kept nowhere."""

import json
import re
from datetime import timedelta

import pytest
from django.core.serializers import serialize
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import session_box
from audit.models import Entry
from callcrm.errors import Invalid
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, login
from exports import taking, writing
from exports.models import KEPT, Export
from exports.tests.reading import again, rows

pytestmark = pytest.mark.django_db
LIST, EXPORTS = "/b/acme/calls/", "/b/acme/exports/"


@pytest.fixture
def calls(world, lead):
    """One of Dana that was booked, one of hers that was not, and one of Ida's."""
    ida = add_lead(world.acme, name="Ida Brook", phones=["+12065550191"])
    booked = add_call(world.acme, lead, disposition="Booked")
    return [booked, add_call(world.acme, lead), add_call(world.acme, ida, disposition="Booked")]


@pytest.fixture
def press(world, client, calls):
    """Search, and press what the list then offers, once for each key; return the last answer."""
    login(client, world.admin)

    def act(typed, query="", meanwhile=lambda: None, keys=("",)):
        page = client.get(client.post(f"{LIST}{query}", {"q": typed}).url).content.decode()
        form = page[page.index(f'action="{EXPORTS}"') :]
        [back] = re.findall(r'name="back" value="([^"]*)"', form[: form.index("</form>")])
        for key in keys:
            meanwhile()
            form = {"key": key or str(uuid7()), "back": back.replace("&amp;", "&")}
            answer = client.post(EXPORTS, form)
        return answer

    return act


def made(world):
    with world.inside():
        return Export.objects.get()


@pytest.mark.parametrize(("query", "lines"), [("", 2), ("?disposition=Booked", 1)])
def test_the_file_has_the_calls_that_the_list_shows(world, press, query, lines):
    press("Riverstone", query)
    writing.carry_out(world.acme.pk, made(world).pk)
    written = rows(world, made(world))
    assert {line["Person"] for line in written} == {"Dana R."}
    assert len(written) == lines


def test_what_was_typed_is_kept_nowhere(world, client, press, lead):
    press("Riverstone")
    asked = made(world)
    with world.inside():
        entries = [entry.data for entry in Entry.objects.about(world.acme.pk, asked.pk)]
    jobs = list(ProcrastinateJob.objects.values_list("args", flat=True))
    kept = serialize("json", [asked]) + json.dumps([entries, jobs], default=str)
    assert "riverstone" not in kept.lower()
    assert entries[0]["filters"] == ["search"]
    assert (asked.people, asked.filters) == ([str(lead.pk)], {})
    assert "Calls of 1 person that a search found" in client.get(EXPORTS).content.decode()


def test_whom_it_found_is_forgotten_with_the_file(world, client, press):
    press("Riverstone", "?disposition=Booked")
    writing.carry_out(world.acme.pk, made(world).pk)
    with world.inside():
        Export.objects.update(ends_at=now() - timedelta(seconds=1), created_at=now() - KEPT)
    taking.end_all(world.acme.pk)
    found = again(world, made(world))
    assert (found.people, found.had_people, found.had_filters) == ([], 1, 1)
    assert "Calls of 1 person that a search found, by 1 filter</div>" in client.get(EXPORTS).content.decode()


def test_a_search_that_is_over_exports_nothing_and_leads_back(world, client, press, monkeypatch):
    later = session_box.time() + session_box.KEPT_FOR.total_seconds() + 1
    answer = press("Riverstone", meanwhile=lambda: monkeypatch.setattr(session_box, "time", lambda: later))
    assert answer.url.startswith(f"{LIST}?search=")
    page = client.get(answer.url).content.decode()
    assert "Nothing was exported" in page
    assert "This search is over" in page
    with world.inside():
        assert not Export.objects.exists()


def test_the_second_press_of_one_button_is_told_of_its_export_though_the_search_is_over(
    world, client, press, monkeypatch
):
    later = session_box.time() + session_box.KEPT_FOR.total_seconds() + 1
    moments = iter([session_box.time(), later])

    def pass_time():
        at = next(moments)
        monkeypatch.setattr(session_box, "time", lambda: at)

    answer = press("Riverstone", meanwhile=pass_time, keys=("one", "one"))
    assert answer.url == EXPORTS
    assert "Nothing was exported" not in client.get(answer.url).content.decode()
    assert made(world).people


@pytest.mark.parametrize("odd", ["\0", "a key"])
def test_an_odd_key_after_the_search_is_over_leads_back(press, monkeypatch, odd):
    later = session_box.time() + session_box.KEPT_FOR.total_seconds() + 1
    answer = press(
        "Riverstone", meanwhile=lambda: monkeypatch.setattr(session_box, "time", lambda: later), keys=(odd,)
    )
    assert answer.url.startswith(f"{LIST}?search=")


def test_a_search_that_finds_nothing_offers_no_export(world, client, calls):
    login(client, world.admin)
    page = client.get(client.post(LIST, {"q": "Nobody"}).url).content.decode()
    assert "This search finds no call to export." in page
    assert f'action="{EXPORTS}"' not in page


def test_a_search_that_nobody_has_looked_up_is_refused(ask):
    with pytest.raises(Invalid, match="Nothing was exported"):
        ask({"search": "x"})


def test_chosen_calls_of_a_search_are_those_alone(world, client, calls):
    login(client, world.admin)
    path = client.post(LIST, {"q": "Riverstone"}).url
    form = {"key": str(uuid7()), "chosen": "1", "call": [calls[0].pk], "back": path.partition("?")[2]}
    client.post(EXPORTS, form)
    assert (made(world).calls, made(world).people) == ([str(calls[0].pk)], [])
