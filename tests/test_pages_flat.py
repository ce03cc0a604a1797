"""A page asks the database as often for many rows as for one."""

import pytest

from accounts import tokens
from accounts.permissions import Role
from callcrm.lib.ids import uuid7
from callcrm.testing import (
    add_call,
    add_lead,
    add_leg,
    add_member,
    add_message,
    assert_flat_queries,
    fresh_number,
    login,
    sid,
)
from leads import editing
from telephony import numbers
from telephony.callbacks import ledger, settling
from telephony.live import streams
from telephony.models import Callback, LiveStream
from tests.everything import one_of_everything


def _owe(world, lead, *, closed):
    missed = add_call(world.acme, lead, outcome="missed", answered_at=None)
    with world.inside():
        ledger.follow_call(missed, by=None)
        debt = settling.assign(Callback.objects.get(lead=lead), world.user, by=world.owner)
        if closed:
            settling.close(debt, "not_needed", by=world.owner)


@pytest.mark.parametrize(
    "page", ["", "calls/", "calls/live/", "leads/", "messages/", "callbacks/", "callbacks/?view=closed"]
)
def test_a_list_costs_as_many_queries_with_one_row_as_with_twenty(world, client, page):
    login(client, world.owner)

    def grow():
        lead = add_lead(world.acme, name="Dana Riverstone", assigned_to=world.user, source=world.source)
        add_leg(add_call(world.acme, lead, agent=world.user))
        add_call(world.acme, lead, state="ringing", outcome=None, answered_at=None, ended_at=None)
        add_message(world.acme, lead)
        for closed in (False, True):
            _owe(world, add_lead(world.acme), closed=closed)

    def get():
        assert client.get(f"/b/acme/{page}").status_code == 200

    assert_flat_queries(get, grow)


@pytest.mark.parametrize(
    "page", ["leads/{lead}/", "calls/{call}/", "audit/", "numbers/", "team/", "settings/", "integrations/"]
)
def test_a_page_costs_as_many_queries_however_much_has_happened(world, client, page):
    login(client, world.owner)
    made = one_of_everything(world.acme, world.user)

    def grow():
        member = add_member(world.acme, Role.USER, f"{uuid7()}@acme.example")
        tokens.start(member)
        add_leg(add_call(world.acme, made.lead, agent=member, note="Called back."))
        add_leg(made.call)
        add_message(world.acme, made.lead)
        with world.inside():
            editing.add_note(made.lead, "Has a dog.", by=member)
            account = numbers.connect(world.acme, "twilio", sid("AC"), "a secret of calls", by=member)
            source = editing.source_named(world.acme.pk, str(uuid7()))
            numbers.add(world.acme, fresh_number(), account=account, source=source, by=member)
            streams.admit(member, LiveStream.Kind.SSE, "192.0.2.1")

    def get():
        assert client.get(f"/b/acme/{page}".format(**made.ids)).status_code == 200

    assert_flat_queries(get, grow)


def test_a_search_costs_as_many_queries_for_twenty_people_as_for_one(world, client):
    login(client, world.owner)
    assert_flat_queries(
        lambda: client.post("/b/acme/leads/", {"q": "riverstone"}, follow=True),
        lambda: add_lead(world.acme, name="Dana Riverstone", assigned_to=world.user, source=world.source),
        times=20,
    )
