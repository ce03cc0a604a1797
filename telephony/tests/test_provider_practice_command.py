"""`manage.py practice` against a product that really listens: what is played is what is seen."""

import json
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from callcrm.testing import make_world
from leads.models import Lead
from telephony import practice as verbs
from telephony.models import Call, Message, NumberRoute, TrackingNumber
from telephony.providers.practice.scenarios import SCENARIOS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db):
    return make_world()


def practice(*arguments, base_url="http://127.0.0.1:9"):
    out = StringIO()
    call_command("practice", *arguments, "--fast", "--json", "--base-url", base_url, stdout=out)
    return json.loads(out.getvalue())


OUTCOMES = {
    "answered": ["answered"],
    "missed": ["missed"],
    "busy": ["missed"],
    "abandoned": ["abandoned"],
    "voicemail": ["voicemail"],
    "withheld": ["answered"],
    "returning": ["missed", "answered"],
}


@pytest.mark.parametrize("scenario", OUTCOMES)
def test_calls_end_as_their_scenario_says(world, live_server, scenario):
    played = practice("acme", scenario, base_url=live_server.url)
    with world.inside():
        calls = {call.provider_id: call for call in Call.objects.filter(provider="practice")}
        assert set(calls) == set(played["calls"])
        assert [calls[provider_id].outcome for provider_id in played["calls"]] == OUTCOMES[scenario]
        assert {call.state for call in calls.values()} == {"completed"}
    assert played["messages"] == []


@pytest.mark.parametrize("scenario", sorted(set(SCENARIOS) - set(OUTCOMES)))
def test_texts_arrive_once(world, live_server, scenario):
    played = practice("acme", scenario, base_url=live_server.url)
    with world.inside():
        assert [text.provider_id for text in Message.objects.all()] == played["messages"]
        assert Lead.objects.count() == 1
    assert played["calls"] == []


def test_the_lengths_of_an_answered_call_are_the_scripts(world, live_server):
    practice("acme", "answered", base_url=live_server.url)
    with world.inside():
        call = Call.objects.get()
        assert (call.talk_seconds, call.duration_seconds) == (8, 14)
        assert [leg.state for leg in call.legs.all()] == ["completed"]


def test_somebody_who_returns_is_one_lead(world, live_server):
    practice("acme", "returning", base_url=live_server.url)
    with world.inside():
        assert Lead.objects.count() == 1
        newest_last = Call.objects.order_by("id")
        assert [call.first_time_caller for call in newest_last] == [True, False]


def test_the_practice_number_is_made_once_and_can_be_named(world, live_server):
    practice("acme", "sms", "--count", "2", base_url=live_server.url)
    with world.inside():
        [number] = TrackingNumber.objects.filter(account__provider="practice")
    assert len(practice("acme", "sms", "--number", number.e164, base_url=live_server.url)["messages"]) == 1
    with world.inside():
        assert Message.objects.count() == 3
    assert NumberRoute.objects.get(e164=number.e164).business_id == world.acme.pk


def test_the_neighbour_sees_nothing_of_it(world, live_server):
    practice("acme", "answered", base_url=live_server.url)
    with world.inside(world.rival):
        assert not Call.objects.exists()
        assert not TrackingNumber.objects.exists()


def test_a_list_needs_nothing_to_call():
    out = StringIO()
    call_command("practice", "--list", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {name: one.sentence for name, one in SCENARIOS.items()}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name the business"),
        (["acme"], "Choose a scenario"),
        (["acme", "opera"], "Choose a scenario"),
        (["acme", "sms", "--number", "+15035550100"], "no practice number"),
        (["acme", "sms", "--count", "0"], "from 1 to 1000"),
        (["acme", "sms", "--count", "٣"], "from 1 to 1000"),
        (["acme", "sms"], "cannot be reached at http://127.0.0.1:9"),
    ],
)
def test_what_cannot_be_played_is_one_sentence(world, arguments, sentence):
    with pytest.raises(CommandError, match=sentence) as refusal:
        practice(*arguments)
    assert "\n" not in str(refusal.value)


def test_another_public_address_is_hinted_at(world, live_server, monkeypatch):
    """As from a shell whose environment is not the product's."""
    practice("acme", "sms", base_url=live_server.url)
    monkeypatch.setattr(verbs, "settings", SimpleNamespace(PUBLIC_BASE_URL="https://elsewhere.example"))
    with pytest.raises(CommandError, match=r"answered 403 .* is PUBLIC_BASE_URL the same"):
        practice("acme", "sms", base_url=live_server.url)
