"""Asking for calls in the known world: Priya's telephone, the person she calls, and what is over."""

from datetime import timedelta

from django.utils import timezone

from callcrm.testing import (
    add_call,
)
from telephony import ledger, outgoing
from telephony.models import Call, Placement

MOBILE, THEIRS = "+15035550181", "+12065550111"


def place(world, **values):
    with world.inside():
        return outgoing.place(world.acme, values, by=world.user)


def settled(world):
    """What was asked for is over."""
    with world.inside():
        Call.objects.update(state="completed")
        Placement.objects.update(state="placed")


def miss(world, lead):
    """An hour ago nobody took his call."""
    vain = {"outcome": "missed", "answered_at": None, "talk_seconds": None}
    missed = add_call(world.acme, lead, started_at=timezone.now() - timedelta(hours=1), **vain)
    with world.inside():
        ledger.follow_call(missed, by=None)
    return missed
