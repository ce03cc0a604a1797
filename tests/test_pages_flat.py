"""A page asks the database as often for many rows as for one."""

import pytest

from callcrm.testing import add_call, add_lead, add_leg, add_message, assert_flat_queries, login


@pytest.mark.parametrize("page", ["", "calls/", "calls/live/", "leads/", "messages/"])
def test_a_list_costs_as_many_queries_with_one_row_as_with_twenty(world, client, page):
    login(client, world.owner)

    def grow():
        lead = add_lead(world.acme, name="Dana Riverstone", assigned_to=world.user, source=world.source)
        add_leg(add_call(world.acme, lead, agent=world.user))
        add_call(world.acme, lead, state="ringing", outcome=None, answered_at=None, ended_at=None)
        add_message(world.acme, lead)

    def get():
        assert client.get(f"/b/acme/{page}").status_code == 200

    assert_flat_queries(get, grow)
