"""The numbers of a business: nobody adds what we ring ourselves, and of two who change one neither is overwritten."""

import pytest
from django.test import Client

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


class Tab:
    """The settings of a number, open in somebody's browser."""

    def __init__(self, world):
        self.client, self.path = login(Client(), world.owner), f"/b/acme/numbers/{world.number.pk}/"
        self.show(self.client.get(self.path))

    def show(self, page):
        self.page, form = page, page.context["form"]
        self.sent = {bound.html_name: bound.value() for bound in form if bound.value() not in (None, False)}

    def saves(self, **changes):
        answer = self.client.post(self.path, self.sent | changes)
        if answer.status_code == 422:
            self.show(answer)
        return answer.status_code


def settings_of(world):
    with world.inside():
        number = TrackingNumber.objects.select_related("source").get(pk=world.number.pk)
        return numbers.shown(number)


def test_an_older_page_changes_only_what_was_changed_in_it(world):
    older, newer = Tab(world), Tab(world)
    assert newer.saves(label="Front door", is_active="") == 302
    assert older.saves(source="Van wrap") == 302
    assert settings_of(world) == {"source": "Van wrap", "label": "Front door", "is_active": False}


def test_who_changes_what_others_have_changed_is_told_and_means_it_the_second_time(world):
    older, newer = Tab(world), Tab(world)
    newer.saves(label="Front door", source="Van wrap")
    assert older.saves(label="Back door") == 422
    assert "has made this “Front door” since you opened it" in older.page.content.decode()
    assert settings_of(world)["label"] == "Front door"
    assert (older.sent["label"], older.sent["source"]) == ("Back door", "Van wrap")
    assert older.saves() == 302
    assert settings_of(world) == {"source": "Van wrap", "label": "Back door", "is_active": True}


def test_a_page_that_is_refused_for_something_else_keeps_what_was_typed(world):
    tab = Tab(world)
    assert tab.saves(source="", label="Back door") == 422
    assert tab.sent["label"] == "Back door"
    assert tab.saves(source="Van wrap") == 302
    assert settings_of(world) == {"source": "Van wrap", "label": "Back door", "is_active": True}
