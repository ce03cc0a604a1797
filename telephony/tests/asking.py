"""Asking for calls in the known world: Priya's telephone, whom she calls, what the provider tells, what is over."""

from datetime import timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

from django.utils import timezone

from callcrm.testing import NUMBER, add_call, sid, signed_post
from telephony.callbacks import ledger
from telephony.models import Call, Placement
from telephony.outgoing import calling

MOBILE, THEIRS = "+15035550181", "+12065550111"


def place(world, **values):
    with world.inside():
        return calling.place(world.acme, values, by=world.user)


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


class Line:
    """The member's telephone and the one he calls, as a provider tells of them."""

    def __init__(self, client, call):
        self.client, self.call, self.id, self.leg = client, call, sid("CA"), sid("CA")

    def picks_up(self):
        return self.post(f"/webhooks/twilio/bridge/?call={self.call.pk}", CallStatus="in-progress")

    def post(self, url, **said):
        parts = urlsplit(url)
        about = {"CallSid": self.id, "From": NUMBER, "To": MOBILE, "Direction": "outbound-api"} | said
        answer = signed_post(self.client, parts.path.split("/")[-2], about, query=parts.query)
        return ElementTree.fromstring(answer.content) if answer.content else None  # noqa: S314  our own document

    def other(self, url, state, **said):
        """What happens at the other end."""
        leg = {"CallSid": self.leg, "ParentCallSid": self.id, "From": NUMBER, "To": THEIRS}
        return self.post(url, **leg | {"Direction": "outbound-dial", "CallStatus": state} | said)

    def presses(self, key="1"):
        gather = self.picks_up().find("Gather")
        return self.post(gather.get("action"), CallStatus="in-progress", **({"Digits": key} if key else {}))

    def ends(self, dial, state, **said):
        bridged = "true" if state == "completed" else "false"
        told = {"DialCallSid": self.leg, "DialCallStatus": state, "DialBridged": bridged}
        last = self.post(dial.get("action"), CallStatus="in-progress", **told | said)
        self.post(
            f"/webhooks/twilio/voice-status/?call={self.call.pk}", CallStatus="completed", CallDuration="70"
        )
        return last
