"""A call says whether it came while the business was closed, by the hours of then; what nobody knows stays unknown."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import now

from callcrm.testing import World, add_call, ring
from telephony import express
from telephony.hours import after_hours, opening
from telephony.hours.week import WEEKDAYS
from telephony.manual import entries
from telephony.models import Call, OpeningHours
from telephony.providers.base import CallState
from telephony.tests import debts

OPEN = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # a Friday, ten in the morning in Los Angeles
CLOSED = OPEN + timedelta(hours=10)
OPENS = OPEN - timedelta(hours=1)

pytestmark = pytest.mark.django_db


def only(world: World) -> Call:
    with world.inside():
        return Call.objects.get()


def never(world: World, *, since: datetime, windows: Sequence[str] = ()) -> None:
    """From then on, acme is closed day and night, or has these hours."""
    with world.inside():
        opening.change(world.acme, week=dict.fromkeys(WEEKDAYS, windows), by=None)
        OpeningHours.objects.update(updated_at=since)


@pytest.fixture(params=["quick", "ordinary"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "ordinary":
        monkeypatch.setattr(express, "ring", lambda *args: None)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("windows", "closed"), [(["00:00-24:00"], False), ([], True)])
def test_a_call_that_rings_says_whether_it_came_after_hours(
    world: World, client: Client, windows: list[str], closed: bool
) -> None:
    never(world, since=now() - timedelta(days=1), windows=windows)
    ring(client, debts.ANNA)
    assert only(world).after_hours is closed


@pytest.mark.usefixtures("way")
def test_what_was_before_the_hours_of_now_is_not_known(world: World, client: Client) -> None:
    never(world, since=now() + timedelta(hours=1))
    ring(client, debts.ANNA)
    assert only(world).after_hours is None


def test_hours_that_change_later_change_no_call_of_before(world: World) -> None:
    debts.deliver(world, [debts.call("CA1", OPEN, CallState.RINGING)], OPEN)
    never(world, since=OPEN + timedelta(seconds=5))
    end = debts.call("CA1", OPEN + timedelta(seconds=30), CallState.COMPLETED, duration=31)
    debts.deliver(world, [end], OPEN + timedelta(seconds=31))
    call = only(world)
    assert call.started_at < OPEN  # it is learnt by the end that it began a second before
    assert call.after_hours is False


def test_a_beginning_that_is_learnt_late_counts(world: World) -> None:
    late = debts.call("CA1", OPENS + timedelta(seconds=2), CallState.IN_PROGRESS)
    debts.deliver(world, [late], OPENS + timedelta(seconds=2))
    assert only(world).after_hours is False
    early = debts.call("CA1", OPENS - timedelta(seconds=2), CallState.RINGING)
    debts.deliver(world, [early], OPENS + timedelta(seconds=3))
    assert only(world).after_hours is True


def test_a_call_that_is_logged_by_hand_says_it_where_it_is_known(world: World) -> None:
    values: dict[str, Any] = {"direction": "inbound", "outcome": "answered", "duration_seconds": 60}
    never(world, since=now() - timedelta(days=1))
    known = {timedelta(hours=1): True, timedelta(days=2): None}
    with world.inside():
        for ago, said in known.items():
            person = {"phone": debts.ANNA, "started_at": now() - ago}
            assert entries.log(world.acme, values | person, by=world.user).after_hours is said


def test_calls_of_before_are_taken_up_as_far_as_the_hours_of_now_hold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(after_hours, "BATCH", 2)
    unknown = add_call(world.acme, started_at=OPEN - timedelta(days=7))
    closed = [add_call(world.acme, started_at=OPEN + timedelta(hours=n)) for n in range(3)]
    told = add_call(world.acme, started_at=OPEN, after_hours=False)
    rival = add_call(world.rival, started_at=OPEN)
    never(world, since=OPEN)
    said = StringIO()
    call_command("note_after_hours", "acme", "--json", stdout=said)
    assert '"calls": 3' in said.getvalue()
    assert after_hours.take_up(world.acme) == 0
    with world.inside():
        kept = dict(Call.objects.values_list("pk", "after_hours"))
    assert kept == {unknown.pk: None, told.pk: False} | {call.pk: True for call in closed}
    with world.inside(world.rival):
        assert Call.objects.get(pk=rival.pk).after_hours is None


def test_a_business_that_never_set_hours_has_always_had_the_same(world: World) -> None:
    for at in (OPEN, CLOSED):
        add_call(world.acme, started_at=at)
    assert after_hours.take_up(world.acme) == 2
    with world.inside():
        assert list(Call.objects.order_by("started_at").values_list("after_hours", flat=True)) == [
            False,
            True,
        ]
