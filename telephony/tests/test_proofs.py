"""Who may not know of the call or text that reached somebody hears of a colleague alone, and that he sees less."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from callcrm.testing import add_call, add_lead, add_message, login
from leads.models import Lead
from telephony.callbacks import ledger
from telephony.models import Callback, Outcome

pytestmark = pytest.mark.django_db
LIST, CLOSED = "/b/acme/calls/", "/b/acme/callbacks/?view=closed"


@pytest.fixture
def missed(world):
    """A call of a while ago that nobody took, and that is owed a call back."""
    at = now() - timedelta(hours=2)
    values = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None, "started_at": at}
    call = add_call(world.acme, add_lead(world.acme), **values)
    with world.inside():
        ledger.follow_call(call, by=None)
    return call


@pytest.fixture
def reached(world, missed):
    """Let a member call the person back, an hour after the call."""

    def by(agent):
        at = missed.started_at + timedelta(hours=1)
        back = add_call(
            world.acme, missed.lead, direction="outbound", agent=agent, started_at=at, answered_at=at
        )
        with world.inside():
            ledger.follow_call(back, by=None)
            assert Callback.objects.get().is_proven
        return back

    return by


@pytest.fixture
def pages(world, client, missed):
    """Return what each page that speaks of the debt says to a member."""

    def of(user):
        login(client, user)
        rows = f"/b/acme/calls/rows/?call={missed.pk}"
        paths = (LIST, f"{LIST}{missed.pk}/", rows, CLOSED)
        return [client.get(path).content.decode() for path in paths]

    return of


def test_who_may_not_see_the_call_that_reached_somebody_is_not_told_when(world, reached, pages):
    reached(world.owner)
    for page in pages(world.user):
        assert "by a colleague" in page
        assert "after 1 h" not in page
    for page in pages(world.owner):
        assert "by a colleague" not in page
        assert "after 1 h" in page


@pytest.mark.parametrize("agent", ["user", None])
def test_who_may_see_it_is_told_when(world, reached, pages, agent):
    reached(getattr(world, agent) if agent else None)
    for page in pages(world.user):
        assert "by a colleague" not in page
        assert "after 1 h" in page


def test_a_text_of_a_colleague_tells_no_more_than_his_call(world, missed, pages):
    at = missed.started_at + timedelta(hours=1)
    text = add_message(world.acme, missed.lead, direction="outbound", state="delivered", created_at=at)
    with world.inside():
        Lead.objects.filter(pk=missed.lead_id).update(assigned_to=world.owner)
        ledger.follow_text(text, None, by=None)
        assert Callback.objects.get().is_proven
    for page in pages(world.user):
        assert "by a colleague" in page
        assert "by a text" not in page


@pytest.mark.parametrize("path", [LIST, "/b/acme/leads/", "/b/acme/desk/", "/b/acme/"])
def test_who_sees_less_than_all_is_told_so_and_nobody_else(world, client, missed, path):
    said = "your own"
    assert said in login(client, world.user).get(path).content.decode()
    for member in (world.admin, world.owner):
        assert "data-own" not in login(client, member).get(path).content.decode()
