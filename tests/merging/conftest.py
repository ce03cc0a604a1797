"""Two cards of one person, and how they are merged."""

import pytest

from callcrm.testing import add_lead
from leads import merging
from leads.models import Lead

MOBILE, WORK = "+15035550142", "+15035550143"


@pytest.fixture
def kept(world):
    return add_lead(world.acme, name="Dana Riverstone", phones=[MOBILE], tags=["roof"])


@pytest.fixture
def gone(world):
    values = {"name": "D. Stone", "email": "dana@example.com", "notes": "Ask for the garage code."}
    return add_lead(world.acme, phones=[WORK], tags=["leak", "roof"], value=900, **values)


@pytest.fixture
def merge(world, kept, gone):
    def act(choices=None, *, one=kept, other=gone, by=world.user):
        with world.inside():
            return merging.merge(one, other, choices or {}, by=by)

    return act


@pytest.fixture
def inside(world):
    with world.inside():
        yield


def plain(lead):
    lead = Lead.objects.get(pk=lead.pk)
    return [value and value.reveal() for value in (lead.name, lead.email, lead.notes)]
