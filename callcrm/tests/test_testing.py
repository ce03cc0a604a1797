"""The world of tests is what it says."""

import pytest

from callcrm import testing
from callcrm.testing import add_call, add_lead, add_leg, add_message, assert_flat_queries, login
from leads.models import Lead
from telephony.models import Call, Message


def test_every_role_and_a_rival_exist(world):
    assert [world.owner.role, world.admin.role, world.user.role] == ["owner", "admin", "user"]
    assert world.rival_owner.business == world.rival != world.acme
    assert world.user.user.check_password(testing.PASSWORD)


def test_rows_are_seen_inside_their_business_alone(world):
    lead = add_lead(world.acme, name="Robin Vale")
    call = add_call(world.acme, lead)
    add_leg(call)
    message = add_message(world.acme, lead)
    assert not Lead.objects.exists()
    with world.inside():
        assert Lead.objects.get() == lead
        assert Call.objects.get().phone == lead.phone
        assert Message.objects.get() == message
    with world.inside(world.rival):
        assert not Call.objects.exists()


def test_who_logs_in_is_known_to_the_next_request(world, client):
    login(client, world.admin)
    assert client.session["_auth_user_id"] == str(world.admin.user.pk)


def test_flat_queries_tells_a_list_that_asks_for_each_row(world):
    def get():
        with world.inside():
            return [call.lead.pk for call in Call.objects.all()]

    with pytest.raises(AssertionError, match="queries became"):
        assert_flat_queries(get, lambda: add_call(world.acme, add_lead(world.acme)))
