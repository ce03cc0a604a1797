"""Adding the numbers of a business: nobody adds what we ring ourselves, and all that is wrong is said at once."""

import pytest

from callcrm.errors import Conflict
from callcrm.testing import DESTINATION, NUMBER, login
from telephony import numbers
from telephony.flows import simple, versions
from telephony.models import TrackingNumber
from telephony.outgoing import telephones

pytestmark = pytest.mark.django_db
NEW, MOBILE = "+15035550177", "+15035550181"
PAGE = "/b/acme/numbers/new/"


def typed(world, **more):
    return {"e164": NEW, "account": world.account.pk, "source": "Van", "forward_to": ""} | more


def add(world, e164, **more):
    with world.inside():
        return numbers.add(world.acme, e164, account=world.account, source=world.source, **more)


def refused(world, e164, **more):
    with pytest.raises(Conflict) as refusal:
        add(world, e164, **more)
    assert refusal.value.fields == {"e164": [refusal.value.message]}
    return refusal.value.message


def test_a_number_that_our_flows_ring_is_refused_and_says_which(world):
    with world.inside():
        TrackingNumber.objects.filter(pk=world.number.pk).update(label="Front door")
    assert refused(world, DESTINATION).startswith("It is rung by the call flow of Front door:")
    add(world, NEW, forward_to=[DESTINATION])
    assert "flow of +1 503-555-0177 and Front door:" in refused(world, DESTINATION)


def test_of_many_flows_that_ring_it_some_are_named(world):
    for n in range(7):
        add(world, f"+1503555016{n}", forward_to=[MOBILE], label=f"Sign {n}")
    assert "Sign 6, Sign 5, Sign 4, Sign 3, Sign 2 and 2 more:" in refused(world, MOBILE)


def test_a_draft_that_rings_a_number_does_not_keep_it_from_being_added(world):
    with world.inside():
        flow = simple.flow([MOBILE])
        versions.save(world.number, flow, state=None, by=world.owner)
        add(world, MOBILE)
        assert "own_number" in {problem.code for problem in versions.problems(world.number, flow)}


def test_a_members_telephone_is_refused_as_long_as_it_is_one(world):
    with world.inside():
        telephones.choose(world.user, MOBILE)
    assert f"the telephone of {world.user.name}:" in refused(world, MOBILE)
    with world.inside():
        telephones.forget(world.user)
    add(world, MOBILE)


def test_a_number_cannot_ring_itself(world):
    with pytest.raises(numbers.Invalid) as refusal:
        add(world, NEW, forward_to=[NEW])
    assert list(refusal.value.fields) == ["forward_to"]


def test_the_page_says_at_once_all_that_is_wrong(world, client):
    page = login(client, world.admin).post(PAGE, typed(world, e164=DESTINATION, forward_to="none", source=""))
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"e164", "forward_to", "source"}
    page = client.post(PAGE, typed(world, e164=NUMBER))
    assert page.context["form"].errors == {"e164": ["Added already."]}


def test_the_page_says_that_a_number_was_added(world, client):
    page = login(client, world.admin).post(PAGE, typed(world, forward_to=MOBILE), follow=True)
    assert "The number was added." in page.content.decode()
    with world.inside():
        assert TrackingNumber.objects.get(e164=NEW).forward_to == [MOBILE]
