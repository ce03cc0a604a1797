"""Who works on what is owed knows how often we called back in vain: where the row is, whoever it was."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from callcrm.testing import add_call, add_lead, add_leg, assert_flat_queries, login
from telephony.callbacks import ledger, settling
from telephony.models import Callback, Placement

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
VAIN = {"outcome": "missed", "answered_at": None, "talk_seconds": None}


def owe(world):
    missed = add_call(world.acme, add_lead(world.acme), started_at=now() - 5 * HOUR, **VAIN)
    with world.inside():
        ledger.follow_call(missed, by=None)
        return Callback.objects.select_related("lead").get(lead=missed.lead)


def attempt(world, debt, hours, *, rang=True, **values):
    """Let a colleague call back, so many hours ago."""
    given = VAIN | {"direction": "outbound", "agent": world.admin} | values
    call = add_call(world.acme, debt.lead, started_at=now() - hours * HOUR, **given)
    with world.inside():
        Placement.objects.create(business=world.acme, call=call, telephone="+15035550181", state="placed")
    if rang:
        add_leg(call, state="no-answer", bridged=False, answered_at=None)
    return call


@pytest.fixture
def debt(world):
    return owe(world)


@pytest.mark.parametrize("path", ["callbacks/", "desk/", "leads/{}/"])
def test_the_row_the_desk_and_the_person_say_how_often_we_tried_and_when_last(world, client, debt, path):
    login(client, world.user)
    page = f"/b/acme/{path.format(debt.lead_id)}"
    assert "We tried" not in client.get(page).content.decode()
    attempt(world, debt, 3)
    assert "We tried once " in client.get(page).content.decode()
    attempt(world, debt, 2)
    with world.inside():
        settling.assign(debt, world.user, by=world.owner)
    html = client.get(page).content.decode()
    assert "We tried 2 times, last " in html
    assert "2 h ago" in html.split("We tried 2 times, last ")[1][:200]


@pytest.mark.parametrize(
    "values",
    [
        {"hours": 6},  # before he called in vain
        {"hours": 2, "rang": False},  # stopped before the person was rung
        {"hours": 2, "direction": "inbound"},
        {"hours": 0, "outcome": None, "state": "ringing", "ended_at": None},
    ],
)
def test_what_is_no_attempt_is_not_counted(world, client, debt, values):
    attempt(world, debt, **values)
    login(client, world.user)
    assert "We tried" not in client.get("/b/acme/callbacks/").content.decode()


def test_a_call_that_is_logged_by_hand_counts(world, client, debt):
    add_call(world.acme, debt.lead, started_at=now() - HOUR, direction="outbound", provider="manual", **VAIN)
    login(client, world.user)
    assert "We tried once " in client.get("/b/acme/callbacks/").content.decode()


def test_the_attempts_of_all_rows_cost_one_query(world, client):
    login(client, world.user)
    for page in ("callbacks/", "desk/"):
        assert_flat_queries(
            lambda page=page: client.get(f"/b/acme/{page}"), lambda: attempt(world, owe(world), 1)
        )
