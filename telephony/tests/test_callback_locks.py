"""Whoever changes a debt holds its person first: two that did it in two orders would wait for each other for ever."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callcrm.lib.ids import uuid7
from callcrm.testing import World, add_call, add_lead
from leads import merging
from leads.models import Lead
from telephony.bulk import changes
from telephony.callbacks import ledger, settling
from telephony.models import Call, Callback, Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(world: World) -> Lead:
    return add_lead(world.acme, name="Dana Riverstone")


@pytest.fixture
def missed(world: World, lead: Lead) -> Call:
    call = add_call(world.acme, lead, outcome=Outcome.MISSED, answered_at=None)
    with world.inside():
        ledger.follow_call(call, by=None)
    return call


def close(world: World, call: Call) -> None:
    settling.close(Callback.objects.get(), "not_needed", by=world.user)


def close_many(world: World, call: Call) -> None:
    changes.change([call.pk], "close", "not_needed", key=str(uuid7()), by=world.user)


def assign_many(world: World, call: Call) -> None:
    changes.change([call.pk], "assign", str(world.owner.pk), key=str(uuid7()), by=world.user)


def merge(world: World, call: Call) -> None:
    merging.merge(add_lead(world.acme, name="D. Riverstone", phones=[]), call.lead, {}, by=world.owner)


@pytest.mark.parametrize("act", [close, close_many, assign_many, merge])
def test_the_person_is_locked_before_his_debt(world: World, missed: Call, act) -> None:
    with world.inside(), CaptureQueriesContext(connection) as asked:
        act(world, missed)
    locks = [query["sql"] for query in asked if " FOR " in query["sql"] and "UPDATE" in query["sql"]]
    tables = [sql.split('FROM "')[1].split('"')[0] for sql in locks]
    assert "leads_lead" in tables
    debts = [n for n, table in enumerate(tables) if table == "telephony_callback"]
    writes = [query["sql"] for query in asked if query["sql"].startswith('UPDATE "telephony_callback"')]
    assert debts or writes
    assert all(n > tables.index("leads_lead") for n in debts), tables
