"""The call list by hours, length, tag, what came of it, debts and whose it is: in the API and on the page alike."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils.timezone import now

from callcrm.lib.tenancy import business_scope
from callcrm.testing import add_call, add_lead, login, sid
from recordings.models import Recording
from telephony.callbacks import ledger, settling
from telephony.models import RECORDED, Call, Callback
from tests.api import Api, fields
from tests.catalogue import as_owner, rows

UNTALKED = {"outcome": "missed", "answered_at": None, "talk_seconds": None}


@pytest.fixture
def found(world, client):
    """What a member finds by these filters: the ids of calls, which page and API agree on."""
    login(client, world.owner)

    def ask(**params):
        answer = Api(world.owner).get("calls/", params)
        assert answer.status_code == 200, answer.content
        listed = {row["id"] for row in answer.json()["results"]}
        page = client.get("/b/acme/calls/", params)
        assert {str(call.pk) for call in page.context["page"].rows} == listed
        return listed

    return ask


def ids(*calls):
    return {str(call.pk) for call in calls}


def test_after_hours_lets_through_what_is_known(world, found):
    closed, opened = (add_call(world.acme, after_hours=value) for value in (True, False))
    add_call(world.acme, after_hours=None)
    assert found(after_hours="true") == ids(closed)
    assert found(after_hours="false") == ids(opened)


def test_every_length_begins_where_the_one_before_ends(world, found):
    made = {
        seconds: add_call(world.acme, talk_seconds=seconds) for seconds in (0, 29, 30, 119, 120, 599, 600)
    }
    add_call(world.acme, **UNTALKED)
    bounds = {"under_30s": (0, 29), "30s_to_2min": (30, 119), "2_to_10min": (120, 599), "over_10min": (600,)}
    for length, seconds in bounds.items():
        assert found(talked=length) == ids(*(made[one] for one in seconds)), length


def test_a_tag_lets_through_the_calls_that_have_it_among_others(world, found):
    leak, both = add_call(world.acme, tags=["leak"]), add_call(world.acme, tags=["roof", "leak"])
    add_call(world.acme, tags=["leaks"])
    add_call(world.rival, tags=["leak"])
    assert found(tag="leak") == ids(leak, both)
    assert found(tag="roof") == ids(both)
    assert found(tag="Leak") == found(tag="no such") == set()


def test_calls_by_tag_come_in_pages_in_the_order_of_the_list(world):
    at = now()
    made = [
        add_call(world.acme, tags=["leak", "x"], started_at=at - timedelta(hours=n // 2)) for n in range(7)
    ]
    url, seen = "/api/v1/calls/?page_size=2&tag=leak", []
    while url:
        page = Api(world.owner).get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == [str(call.pk) for call in sorted(made, key=lambda call: (call.started_at, call.pk))][::-1]


def test_what_came_of_it_or_that_nothing_was_noted(world, found):
    booked, plain = add_call(world.acme, disposition="Booked"), add_call(world.acme)
    assert found(disposition="Booked") == ids(booked)
    assert found(disposition="none") == ids(plain)


def test_not_rung_back_is_a_call_for_which_a_debt_is_open(world, found):
    lead = add_lead(world.acme)
    first, second = (add_call(world.acme, lead, **UNTALKED) for _ in range(2))
    other = add_call(world.acme, add_lead(world.acme), **UNTALKED)
    fine = add_call(world.acme, lead, started_at=now() - timedelta(days=1))
    with world.inside():
        for call in (first, second, other):
            ledger.follow_call(call, by=None)
    assert found(owed="true") == ids(first, second, other)
    assert found(owed="false") == ids(fine)
    with world.inside():
        settling.close(Callback.objects.get(lead=other.lead), "spam", by=world.owner)
    assert found(owed="true") == ids(first, second)
    assert found(owed="false") == ids(fine, other)


def test_not_rung_back_is_what_callbacks_lists_to_who_asks(world, client):
    free, his, others = (add_call(world.acme, add_lead(world.acme), **UNTALKED) for _ in range(3))
    with world.inside():
        for call in (free, his, others):
            ledger.follow_call(call, by=None)
        for call, member in ((his, world.user), (others, world.admin)):
            settling.assign(Callback.objects.get(lead=call.lead), member, by=world.owner)
    for member, listed in ((world.user, (free, his)), (world.owner, (free, his, others))):
        api = Api(member)
        calls = api.get("calls/", {"owed": "true"}).json()["results"]
        people = api.get("callbacks/", {"state": "open"}).json()["results"]
        assert {row["id"] for row in calls} == ids(*listed)
        assert {row["lead"]["id"] for row in people} == {str(call.lead_id) for call in listed}
        assert api.get("calls/", {"owed": "false"}).json()["results"] == []
        counts = login(client, member).get("/b/acme/calls/counts/").content.decode()
        assert f'Not called back <span class="count bad">{len(listed)}<span>' in counts


def test_mine_is_what_the_one_who_asks_has_taken(world, found):
    mine = add_call(world.acme, agent=world.owner)
    add_call(world.acme, agent=world.user)
    add_call(world.acme)
    assert found(mine="true") == ids(mine)
    assert Api(world.admin).get("calls/", {"mine": "true"}).json()["results"] == []


def test_a_call_is_found_by_what_became_of_its_recording(world, found):
    """By that which stands for all of them in a row: one that is here, else the last there is word of."""
    calls = {state: add_call(world.acme) for state in RECORDED}
    for state, call in calls.items():
        add_recording(call, state)
    several = add_call(world.acme)
    for state in ("stored", "absent", "failed"):
        add_recording(several, state)
    failed_after_none = add_call(world.acme)
    for state in ("absent", "pending", "failed", "absent"):
        add_recording(failed_after_none, state)
    without = add_call(world.acme)
    calls |= {"stored": several, "failed": failed_after_none} | {"none": without}
    for state in ("pending", "absent", "deleted", "blocked", "none"):
        assert found(recording=state) == ids(calls[state]), state
    assert found(recording="stored") >= ids(several)
    assert found(recording="failed") >= ids(failed_after_none)
    assert len(found(recording="stored")) == len(found(recording="failed")) == 2
    assert found(recording="none") == found(has_recording="false") == ids(without)
    assert found(recording="any") == found(has_recording="true") == found() - ids(without)


def test_filters_by_recordings_know_every_state_of_one():
    assert sorted(RECORDED) == sorted(Recording.State.values)


def test_a_call_follows_its_recording_whoever_changes_it_and_whoever_saves_the_call(world, found):
    call = add_call(world.acme)
    recording = add_recording(call, "pending")
    with world.inside():
        call.save()  # it was read before there was one
    assert found(recording="pending") == ids(call)
    with world.inside():
        Recording.objects.filter(pk=recording.pk).update(state="failed")
        Call.objects.filter(pk=call.pk).update(recording_state="stored")
    assert found(recording="failed") == ids(call)
    with world.inside():
        Recording.objects.filter(pk=recording.pk).delete()
    assert found(recording="none") == ids(call)


def test_calls_of_before_learn_what_became_of_their_recordings(world, found):
    migration = import_module("recordings.migrations.0011_states_of_calls")
    call, other = add_call(world.acme), add_call(world.acme)
    add_recording(call, "deleted")
    theirs = add_call(world.rival)
    add_recording(theirs, "stored")
    with as_owner():
        rows("SET CONSTRAINTS ALL IMMEDIATE")  # a table of which some wait cannot be altered
        rows("ALTER TABLE telephony_call DISABLE TRIGGER keep_recording_state")
    with world.inside():
        Call.objects.update(recording_state="")
    with world.inside(world.rival):
        Call.objects.update(recording_state="")
    assert found(recording="none") == ids(call, other)
    migration.tell_past_calls(apps, connection.schema_editor())
    assert found(recording="deleted") == ids(call)
    with world.inside(world.rival):
        assert Call.objects.get(pk=theirs.pk).recording_state == "stored"


def add_recording(call, state):
    with business_scope(call.business_id):
        return Recording.objects.create(
            business_id=call.business_id, call=call, provider_id=sid("RE"), state=state, created_at=now()
        )


def test_filters_narrow_each_other(world, found):
    both = add_call(world.acme, tags=["leak"], after_hours=True, talk_seconds=40, agent=world.owner)
    add_call(world.acme, tags=["leak"], after_hours=True, talk_seconds=40)
    add_call(world.acme, tags=["leak"], talk_seconds=40, agent=world.owner)
    assert found(tag="leak", after_hours="true", talked="30s_to_2min", mine="true") == ids(both)


def test_a_call_by_its_id_at_whichever_provider(world, found):
    made = [add_call(world.acme, provider=provider) for provider in ("twilio", "practice", "manual")]
    for call in made:
        assert found(provider_id=call.provider_id) == ids(call)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("after_hours", "yes"),
        ("talked", "long"),
        ("talked", "0"),
        ("tag", "x" * 41),
        ("disposition", "x" * 41),
        ("owed", "1"),
        ("mine", "false"),
        ("mine", "me"),
        ("recording", "true"),
        ("recording", "Failed"),
    ],
)
def test_an_odd_value_is_named_by_the_api_and_refused_by_the_page(world, client, name, value):
    assert name in fields(Api(world.owner).get("calls/", {name: value}))
    assert login(client, world.owner).get("/b/acme/calls/", {name: value}).status_code == 400


def test_a_tag_with_a_nul_is_refused(world, client):
    assert "tag" in fields(Api(world.owner).get("/api/v1/calls/?tag=a%00b"))
    assert login(client, world.owner).get("/b/acme/calls/?tag=a%00b").status_code == 400
