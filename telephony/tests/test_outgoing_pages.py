"""The button that calls and the program that does: a press is one call, and what is missing is asked for."""

import json
import re
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client

from accounts.permissions import Role
from audit.models import Entry
from callcrm.testing import (
    NUMBER,
    add_lead,
    add_member,
    add_message,
    login,
)
from telephony.models import Call, Placement, TrackingNumber
from telephony.outgoing import telephones
from telephony.tests.asking import MOBILE, THEIRS, miss, place, settled
from tests.api import Api, fields

pytestmark = pytest.mark.django_db
NEW_CALL = "/b/acme/calls/outgoing/"


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name="Ines Palmer", phones=[THEIRS])


@pytest.fixture
def mobile(world):
    with world.inside():
        return telephones.choose(world.user, MOBILE)


# --- The button and the page


def press(client, lead, key=None, **more):
    return client.post(f"{NEW_CALL}?lead={lead.pk}", {"key": str(key or uuid4())} | more)


def test_a_press_makes_a_call_and_leads_to_it(world, client, lead, mobile):
    answer = press(login(client, world.user), lead)
    with world.inside():
        call = Call.objects.get()
        assert answer.headers["Location"] == f"/b/acme/calls/{call.pk}/"
        assert Entry.objects.filter(name="call.placed").count() == 1
    assert "Your telephone rings in a moment" in client.get(answer.headers["Location"]).content.decode()


def test_the_same_press_makes_one_call_however_often_it_arrives(world, client, lead, mobile):
    key = uuid4()
    answers = {press(login(client, world.user), lead, key).headers["Location"] for _ in range(3)}
    with world.inside():
        assert (len(answers), Call.objects.count(), Placement.objects.count()) == (1, 1, 1)
    settled(world)
    answer = press(client, lead, key)
    assert "pressed before" in client.get(answer.headers["Location"]).content.decode()
    with world.inside():
        assert Call.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same", [True, False])
def test_presses_that_race_make_one_call(world, lead, mobile, same):
    keys = [uuid4()] * 4 if same else [uuid4() for _ in range(4)]
    gate, statuses = Barrier(4), []

    def one(key):
        client = login(Client(), world.user)
        gate.wait()
        statuses.append(press(client, lead, key).status_code)
        connections.close_all()

    threads = [Thread(target=one, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.inside():
        assert Call.objects.count() == 1
    assert sorted(statuses) == ([302] * 4 if same else [302, 422, 422, 422])


def test_who_has_no_telephone_is_asked_for_it_on_the_way(world, client, lead):
    answer = press(login(client, world.user), lead)
    assert answer.status_code == 422
    assert 'name="telephone"' in answer.content.decode()
    assert press(client, lead, telephone="503 555 0181").status_code == 302
    with world.inside():
        assert Placement.objects.get().telephone == MOBILE


# --- The button of a row, with scripts

LIVE = {"HX-Request": "true"}


def ask(client, lead, **query):
    return client.get(NEW_CALL, {"lead": lead.pk} | query, headers=LIVE)


def test_a_row_asks_before_it_calls_who_from_where_and_which_telephone_rings(world, client, lead, mobile):
    with world.inside():
        phone = lead.phones.get()
    page = ask(login(client, world.user), lead, phone=phone.pk).content.decode()
    assert "<html" not in page
    assert "Call Ines P.?" in page
    assert f'<option value="{phone.pk}" selected>' in page
    assert f'<option value="{world.number.pk}" selected>' in page  # the one that the person knows
    assert "Rings first:" in page
    assert "+1 503-555-0181" in page
    assert "0142" not in page
    with world.inside():
        assert not Call.objects.exists()


def test_the_answer_calls_once_however_often_it_is_sent_and_the_rows_say_so(world, client, lead, mobile):
    [key] = re.findall(r'name="key" value="([^"]+)"', ask(login(client, world.user), lead).content.decode())
    for _ in range(2):
        answer = client.post(f"{NEW_CALL}?lead={lead.pk}", {"key": key}, headers=LIVE)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert '<hx-partial hx-target="#pop" hx-swap="innerHTML"></hx-partial>' in page
        assert "Your telephone rings in a moment" in page
        assert '"live:call.changed"' in answer.headers["HX-Trigger"]
    with world.inside():
        call = Call.objects.get()
    miss_row = miss(world, lead)
    row = client.get(f"/b/acme/calls/rows/?call={miss_row.pk}").content.decode()
    assert f'data-calling="{call.pk}"' in row
    assert f'hx-post="/b/acme/calls/{call.pk}/stops/"' in row


def test_what_is_refused_is_asked_again_where_it_was_asked(world, client, lead, mobile):
    login(client, world.user)
    press(client, lead)
    answer = client.post(f"{NEW_CALL}?lead={lead.pk}", {"key": str(uuid4())}, headers=LIVE)
    assert answer.status_code == 422
    assert "being rung already" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_who_has_no_telephone_names_it_where_he_is_asked(world, client, lead):
    assert 'name="telephone"' in ask(login(client, world.user), lead).content.decode()
    answer = client.post(f"{NEW_CALL}?lead={lead.pk}", {"key": str(uuid4())}, headers=LIVE)
    assert (answer.status_code, "Which telephone should ring first?" in answer.content.decode()) == (
        422,
        True,
    )


def test_without_a_number_in_service_the_question_is_a_refusal(world, client, lead, mobile):
    with world.inside():
        TrackingNumber.objects.update(is_active=False)
    answer = ask(login(client, world.user), lead)
    assert answer.status_code == 400
    assert "no number in service" in answer.content.decode()


def test_without_scripts_the_row_calls_and_leads_to_the_call_as_ever(world, client, lead, mobile):
    missed = miss(world, lead)
    row = login(client, world.user).get(f"/b/acme/calls/rows/?call={missed.pk}").content.decode()
    assert f'<form class="inline" method="post" action="{NEW_CALL}?lead={lead.pk}">' in row
    assert f'hx-get="{NEW_CALL}?lead={lead.pk}&amp;phone=' in row


def test_every_page_with_the_button_asks_first(world, client, lead, mobile):
    missed = miss(world, lead)
    add_message(world.acme, lead)
    login(client, world.user)
    lists, ones = ["callbacks/", "leads/", "messages/"], [f"desk/?lead={lead.pk}", f"leads/{lead.pk}/"]
    for place_ in [*lists, *ones, f"calls/{missed.pk}/"]:
        page = client.get(f"/b/acme/{place_}").content.decode()
        assert f'data-call data-asks hx-get="{NEW_CALL}?lead={lead.pk}&amp;phone=' in page, place_
        told = "calling" if place_ in lists else "call"  # a list follows the calls shown in it alone
        assert f"live:{told}.changed from:body" in page.split('id="rows"')[-1], place_


def test_the_button_is_at_once_what_stops_the_call_even_where_no_page_follows_the_feed(
    world, client, lead, mobile
):
    answer = login(client, world.user).post(f"{NEW_CALL}?lead={lead.pk}", {"key": str(uuid4())}, headers=LIVE)
    with world.inside():
        stops = f"/b/acme/calls/{Call.objects.get().pk}/stops/"
    button = answer.content.decode().split('<hx-partial hx-target="#revealing" hx-swap="outerHTML">')[1]
    assert f'hx-post="{stops}"' in button
    assert "autofocus" in button


def test_at_the_desk_one_stays_at_the_desk(world, client, lead, mobile):
    answer = press(login(client, world.user), lead, view="desk")
    assert answer.headers["Location"] == f"/b/acme/desk/?lead={lead.pk}"


def test_a_number_of_another_person_cannot_be_slipped_in(world, client, lead, mobile):
    other = add_lead(world.acme, name="Somebody Else")
    with world.inside():
        theirs = other.phones.get()
    answer = press(login(client, world.user), lead, phone=str(theirs.pk))
    assert answer.status_code == 422
    with world.inside():
        assert not Call.objects.exists()


@pytest.mark.parametrize(
    "where",
    ["calls/", "calls/{call}/", "leads/", "leads/{lead}/", "callbacks/", "messages/", "desk/?lead={lead}"],
)
def test_where_somebody_may_be_called_there_is_a_button(world, client, lead, where):
    missed = miss(world, lead)
    add_message(world.acme, lead)
    page = login(client, world.user).get("/b/acme/" + where.format(call=missed.pk, lead=lead.pk))
    assert f'action="{NEW_CALL}?lead={lead.pk}"' in page.content.decode()


def test_the_page_of_a_call_says_how_the_asking_stands(world, client, lead, mobile):
    call = place(world, lead=lead)
    page = f"/b/acme/calls/{call.pk}/"
    assert "Asking the provider" in login(client, world.user).get(page).content.decode()
    with world.inside():
        Placement.objects.update(state="failed", failure="error_21215")
    assert "does not let this account call this country" in client.get(page).content.decode()


# --- The API


def send(api, body, key=None):
    return api.client.generic(
        "POST",
        "/api/v1/calls/",
        json.dumps(body),
        "application/json",
        headers={"Idempotency-Key": key or uuid4().hex},
    )


def test_a_program_calls_a_lead_or_a_number(world, lead, mobile):
    answer = send(Api(world.user), {"lead": str(lead.pk), "from": NUMBER})
    assert answer.status_code == 201
    told = answer.json()
    assert (told["direction"], told["state"], told["provider_id"]) == ("outbound", "queued", None)
    assert (told["from"], told["to"], told["agent"]["id"]) == (NUMBER, "+1(206)***-**11", str(world.user.pk))
    settled(world)
    assert send(Api(world.user), {"to": THEIRS}).json()["lead"]["id"] == str(lead.pk)


def test_a_program_that_sends_again_gets_the_same_call(world, lead, mobile):
    api, body = Api(world.user), {"to": THEIRS}
    ids = {send(api, body, "once").json()["id"] for _ in range(3)}
    assert len(ids) == 1
    assert send(api, {"to": "+12065550112"}, "once").status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "to"), ({"to": "x"}, "to"), ({"to": THEIRS, "from": "+12065550119"}, "from"), ({"lead": "x"}, "lead"),
        ({"lead": str(uuid4())}, "lead"), ({"to": THEIRS, "note": "x"}, "note"), ({"to": MOBILE}, "to"),
    ],
)  # fmt: skip
def test_a_program_that_sends_nonsense_is_told_where(world, mobile, body, field):
    answer = send(Api(world.user), body)
    assert (answer.status_code, list(fields(answer))) == (400, [field])


def test_a_program_without_a_telephone_is_told_to_say_one(world, lead):
    assert list(fields(send(Api(world.user), {"to": THEIRS}))) == ["telephone"]
    api = Api(world.user)
    assert list(fields(api.send("PUT", "telephone/", {"e164": "12"}))) == ["e164"]
    assert api.send("PUT", "telephone/", {"e164": MOBILE}).json() == {"e164": MOBILE}
    assert send(api, {"to": THEIRS}).status_code == 201
    assert (
        api.send("PUT", "telephone/", {"e164": None}).json() == api.get("telephone/").json() == {"e164": None}
    )


def test_a_lead_that_a_member_may_not_see_cannot_be_called(world, mobile):
    theirs = add_lead(world.rival, name="Theirs", phones=[THEIRS])
    assert list(fields(send(Api(world.user), {"lead": str(theirs.pk)}))) == ["lead"]


def test_every_role_may_call_and_a_telephone_is_ones_own(world, lead, mobile):
    other = add_member(world.acme, Role.USER, "second@acme.example")
    with world.inside():
        assert telephones.of(other) is None
