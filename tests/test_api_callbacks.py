"""Callbacks over the API: read by state and person, closed with a reason, opened again, taken on."""

from uuid import uuid4

import pytest

from callcrm.testing import add_call, add_lead
from telephony.callbacks import ledger
from telephony.models import Callback, Outcome
from tests.api import Api, fields


@pytest.fixture
def debt(world):
    lead = add_lead(world.acme, name="Dana Riverstone")
    missed = add_call(world.acme, lead, outcome=Outcome.VOICEMAIL, answered_at=None)
    with world.inside():
        ledger.follow_call(missed, by=None)
        return Callback.objects.select_related("lead").get()


@pytest.fixture
def api(world):
    return Api(world.user)


def listed(api, **params):
    return [row["id"] for row in api.get("callbacks/", params).json()["results"]]


def test_a_debt_says_who_how_often_and_until_when(api, debt):
    found = api.get(f"callbacks/{debt.pk}/").json()
    assert found["lead"] == {"id": str(debt.lead_id), "name": "Dana R."}
    assert (found["state"], found["misses"], found["voicemails"], found["texts"]) == ("open", 1, 1, 0)
    [attempt] = found["attempts"]
    assert (attempt["kind"], attempt["message"]) == ("voicemail", None)
    assert [found[name] for name in ("evidence", "reason", "closed_at", "closed_by", "assigned_to")] == [
        None
    ] * 5


def test_a_list_is_narrowed(api, world, debt):
    mine = str(debt.pk)
    for params in ({}, {"state": "open"}, {"lead": str(debt.lead_id)}, {"until": "2099-01-01T00:00:00Z"}):
        assert listed(api, **params) == [mine], params
    for params in ({"state": "closed"}, {"lead": str(uuid4())}, {"assigned_to": str(world.user.pk)}):
        assert listed(api, **params) == [], params
    assert "state" in fields(api.get("callbacks/", {"state": "lost"}))


def test_it_is_closed_with_a_reason_and_opened_again(api, world, debt):
    closed = api.post(f"callbacks/{debt.pk}/closings/", {"reason": "not_needed"})
    assert closed.status_code == 201
    assert (closed.json()["state"], closed.json()["reason"]) == ("closed", "not_needed")
    assert closed.json()["closed_by"]["id"] == str(world.user.pk)
    again = api.post(f"callbacks/{debt.pk}/closings/", {"reason": "spam"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    opened = api.post(f"callbacks/{debt.pk}/reopenings/")
    assert (opened.status_code, opened.json()["state"]) == (201, "open")
    assert api.post(f"callbacks/{debt.pk}/reopenings/").status_code == 409


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": None}, {"reason": "late"}, {"reason": ["spam"]}]
)
def test_a_reason_is_needed(api, debt, body):
    assert "reason" in fields(api.post(f"callbacks/{debt.pk}/closings/", body))


def test_evidence_is_named(api, world, debt):
    reached = add_call(world.acme, debt.lead)
    with world.inside():
        ledger.follow_call(reached, by=None)
    found = api.get(f"callbacks/{debt.pk}/").json()
    assert found["evidence"] == {"kind": "call", "id": str(reached.pk)}
    assert api.post(f"callbacks/{debt.pk}/reopenings/").status_code == 409


def test_of_a_call_that_one_may_not_see_it_is_only_said_that_there_is_one(api, world, debt):
    reached = add_call(world.acme, debt.lead, agent=world.owner)
    with world.inside():
        ledger.follow_call(reached, by=None)
    for found in (api.get(f"callbacks/{debt.pk}/").json(), *api.get("callbacks/").json()["results"]):
        assert (found["state"], found["closed_at"]) == ("closed", None)
        assert found["evidence"] == {"kind": None, "id": None}
    whole = Api(world.owner).get(f"callbacks/{debt.pk}/").json()
    assert whole["evidence"] == {"kind": "call", "id": str(reached.pk)}
    assert whole["closed_at"]


def test_a_member_takes_it_on(api, world, debt):
    path = f"callbacks/{debt.pk}/"
    assert api.patch(path, {"assigned_to": str(world.user.pk)}).json()["assigned_to"]["id"] == str(
        world.user.pk
    )
    assert listed(api, assigned_to=str(world.user.pk)) == [str(debt.pk)]
    assert api.patch(path, {"assigned_to": None}).json()["assigned_to"] is None
    for stranger in (world.rival_owner.pk, uuid4()):
        assert "assigned_to" in fields(api.patch(path, {"assigned_to": str(stranger)}))
    assert "state" in fields(api.patch(path, {"state": "closed"}))
    assert api.patch(path, {"assigned_to": str(world.admin.pk)}).status_code == 200
    assert api.get(path).status_code == 404  # given away
