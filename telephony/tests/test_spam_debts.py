"""Spam and debts know of each other: marking closes and closing marks, and each is undone with the other."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Entry
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, login
from leads import editing, spam
from leads.models import Lead
from telephony.bulk import changes
from telephony.callbacks import ledger, settling
from telephony.models import Callback, Outcome
from tests.api import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(world):
    return owe(world, "qualified")


def owe(world, status="new", **values):
    """Let somebody call in vain."""
    vain = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None} | values
    lead = values.get("lead") or add_lead(world.acme, name="Nora Quill", status=status)
    made = add_call(world.acme, **(vain | {"lead": lead}))
    with world.inside():
        ledger.follow_call(made, by=None)
    return made


def stands(world, *calls):
    """Return of each person where he stands, and how his debts do, the oldest first."""
    with world.inside():
        return [
            (
                Lead.objects.get(pk=call.lead_id).status,
                *(row.reason or row.state for row in Callback.objects.filter(lead=call.lead).order_by("id")),
            )
            for call in calls
        ]


def toast(client, path):
    shown = client.get(path).content.decode().split('class="toasts"')[1].split("<dialog")[0]
    [undo] = re.findall(r'action="([^"]+)"(?:(?!</form>).)*>Undo</button>', shown, re.DOTALL)
    return shown, undo


# --- Marking closes


@pytest.mark.parametrize("place", ["leads", "calls"])
def test_who_is_marked_as_spam_is_owed_no_more_and_undo_undoes_both(world, client, call, place):
    path = f"/b/acme/{place}/{call.lead_id if place == 'leads' else call.pk}/"
    login(client, world.user).post(f"{path}spam-marks/")
    assert stands(world, call) == [("spam", "spam")]
    page, undo = toast(client, path)
    assert "Marked as spam. The callback is closed with it." in page
    with world.inside():
        assert Callback.objects.get().closed_by_id == world.user.pk
        assert Entry.objects.filter(name="callback.closed", actor=world.user.audit_actor).count() == 1
    client.post(undo)
    assert stands(world, call) == [("qualified", "open")]
    assert "No longer marked as spam. The callback is open again." in client.get(path).content.decode()


def test_the_panel_says_it_where_it_was_pressed(world, client, call):
    path = f"/b/acme/calls/{call.pk}/panel/"
    said = login(client, world.user).post(f"{path}spam-marks/").content.decode()
    assert "The callback is closed with it." in said
    assert "closed: spam" in said
    said = client.post(f"{path}spam-releases/", {"from": "toast"}).content.decode()
    assert "The callback is open again." in said
    assert stands(world, call) == [("qualified", "open")]


def test_the_form_and_the_program_that_move_somebody_to_spam_do_the_same(world, client, call):
    login(client, world.user)
    moves = f"/b/acme/leads/{call.lead_id}/moves/"
    client.post(moves, {"status": "spam"})
    page = client.get(f"/b/acme/leads/{call.lead_id}/").content.decode()
    assert "Saved. The callback is closed with it." in page
    Api(world.user).patch(f"leads/{call.lead_id}/", {"status": "won"})
    assert stands(world, call) == [("won", "open")]


def test_what_a_colleague_has_taken_stays_with_him(world, client, call):
    with world.inside():
        settling.assign(Callback.objects.get(), world.admin, by=world.admin)
    path = f"/b/acme/leads/{call.lead_id}/"
    login(client, world.user).post(f"{path}spam-marks/")
    assert "callback" not in toast(client, path)[0]
    assert stands(world, call) == [("spam", "open")]
    owe(world, lead=call.lead)
    assert stands(world, call) == [("spam", "open")], "and no second one opens"


def test_whoever_takes_the_mark_off_nobody_is_forgotten(world, call):
    with world.inside():
        settling.assign(Callback.objects.get(), world.admin, by=world.admin)
        spam.mark(call.lead, by=world.owner)
    assert stands(world, call) == [("spam", "spam")]
    with world.inside():
        spam.release(call.lead, by=world.user)
    assert stands(world, call) == [("qualified", "open")]


def test_what_was_closed_for_another_reason_or_is_over_stays_closed(world, call):
    with world.inside():
        spam.mark(call.lead, by=world.user)
        spam.release(call.lead, by=world.user)
        settling.close(Callback.objects.get(), "not_needed", by=world.user)
        spam.mark(call.lead, by=world.user)
        spam.release(call.lead, by=world.user)
    assert stands(world, call) == [("qualified", "not_needed")]


def test_who_was_reached_meanwhile_is_owed_nothing_when_the_mark_is_taken_off(world, call):
    with world.inside():
        spam.mark(call.lead, by=world.user)
    reached = add_call(world.acme, call.lead)
    with world.inside():
        ledger.follow_call(reached, by=None)
        aside = spam.release(call.lead, by=world.user).aside
        assert Callback.objects.get().proof == reached.pk
    assert aside == ""
    assert stands(world, call) == [("qualified", "closed")]


# --- Closing marks


def test_who_closes_one_as_spam_marks_the_person_and_undo_undoes_both(world, client, call):
    with world.inside():
        debt = Callback.objects.get()
    page = login(client, world.user).get("/b/acme/callbacks/").content.decode()
    assert 'value="spam">Spam, and mark as such</button>' in page
    client.post(f"/b/acme/callbacks/{debt.pk}/closings/", {"reason": "spam"})
    assert stands(world, call) == [("spam", "spam")]
    page, undo = toast(client, "/b/acme/callbacks/")
    assert "The callback is closed, and the person is marked as spam." in page
    client.post(undo)
    assert stands(world, call) == [("qualified", "open")]
    page = client.get("/b/acme/callbacks/").content.decode()
    assert "The callback is open again. No longer marked as spam." in page


def test_a_program_that_closes_one_as_spam_marks_too(world, call):
    api = Api(world.user)
    [debt] = api.get("callbacks/").json()["results"]
    assert api.post(f"callbacks/{debt['id']}/closings/", {"reason": "spam"}).status_code == 201
    assert stands(world, call) == [("spam", "spam")]
    assert api.post(f"callbacks/{debt['id']}/reopenings/").json()["state"] == "open"
    assert stands(world, call) == [("qualified", "open")]


# --- Two cards of one person


@pytest.mark.parametrize(
    ("kept", "gone", "choice", "then", "said"),
    [
        ("spam", "new", "kept", ("spam", "spam"), "Merged. The callback is closed with it."),
        ("new", "spam", "gone", ("spam", "spam"), "Merged. The callback is closed with it."),
        ("spam", "new", "gone", ("new", "open"), "Merged."),
        ("won", "new", "kept", ("won", "open"), "Merged."),
    ],
)
def test_a_merge_that_makes_somebody_spam_closes_what_he_is_owed(
    world, client, kept, gone, choice, then, said
):
    owed = owe(world, "new").lead
    other = add_lead(world.acme, status=kept if gone == "new" else gone)
    stays, goes = (other, owed) if gone == "new" else (owed, other)
    page = f"/b/acme/leads/{stays.pk}/"
    login(client, world.user).post(f"{page}merges/", {"with": str(goes.pk), "status": choice})
    with world.inside():
        debt = Callback.objects.select_related("lead").get()
    assert (debt.lead_id, debt.lead.status, debt.reason or debt.state) == (stays.pk, *then)
    assert f">{said}<" in client.get(page).content.decode()


def test_who_is_no_spam_after_all_as_two_cards_say_is_owed_again(world, client, call):
    login(client, world.user).post(f"/b/acme/leads/{call.lead_id}/spam-marks/")
    other = add_lead(world.acme, status="won")
    client.post(f"/b/acme/leads/{call.lead_id}/merges/", {"with": str(other.pk), "status": "gone"})
    assert stands(world, call) == [("won", "open")]


# --- Many at once


@pytest.fixture
def change(world):
    def do(calls, what, value="", by=None):
        with world.inside():
            pks = [call.pk for call in calls]
            return changes.change(pks, what, value, key=str(uuid7()), by=by or world.user)

    return do


def test_marking_many_closes_what_they_are_owed_and_undo_undoes_both(world, client, call, change):
    others = [owe(world, "new"), add_call(world.acme, add_lead(world.acme))]
    login(client, world.user)
    client.post(
        "/b/acme/calls/changes/",
        {"call": [one.pk for one in (call, *others)], "what": "spam", "key": "a" * 20},
    )
    assert stands(world, call, *others) == [("spam", "spam"), ("spam", "spam"), ("spam",)]
    page, undo = toast(client, "/b/acme/calls/")
    assert "3 people marked as spam. 2 callbacks closed with it." in page
    client.post(undo)
    assert stands(world, call, *others) == [("qualified", "open"), ("new", "open"), ("new",)]
    assert "open again, unless somebody was reached" in client.get("/b/acme/calls/").content.decode()


def test_closing_many_as_spam_marks_their_people_and_undo_undoes_both(world, client, call):
    others = [owe(world, "spam"), add_call(world.acme, add_lead(world.acme))]
    login(client, world.user)
    data = {"call": [one.pk for one in (call, *others)], "what": "close", "reason": "spam", "key": "a" * 20}
    client.post("/b/acme/calls/changes/", data)
    assert stands(world, call, *others) == [("spam", "spam"), ("spam",), ("new",)]
    page, undo = toast(client, "/b/acme/calls/")
    assert "1 callback closed: spam. Their people are marked as spam." in page
    client.post(undo)
    assert stands(world, call, *others) == [("qualified", "open"), ("spam",), ("new",)]


@pytest.mark.parametrize(("what", "value"), [("spam", ""), ("close", "spam")])
def test_many_cost_as_many_queries_as_one(world, change, what, value):
    def act(count):
        calls = [owe(world) for _ in range(count)]
        with CaptureQueriesContext(connection) as made:
            row = change(calls, what, value, by=world.owner)
            with world.inside():
                changes.undo(row, by=world.owner)
                row.delete()
        assert stands(world, *calls) == [("new", "open")] * count
        with world.inside():
            editing.delete(calls[0].lead, by=world.owner)
        return len(made)

    assert act(1) == act(5)
