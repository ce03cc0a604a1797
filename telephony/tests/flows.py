"""Flows for tests, and the world around them. Each step is right by itself; what is wrong is said by the test."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from telephony.flows.lint import Around
from telephony.flows.steps import Flow, Greeting, Menu, OpenHours, Ring, Sentence, Voicemail
from telephony.flows.walk import Facts
from telephony.hours.week import Hours

ZONE = ZoneInfo("America/New_York")
OFFICE, VAN, HOME = "+15035550190", "+15035550191", "+15035550192"
NINE_TO_FIVE = Hours(ZONE, ((((9 * 60, 17 * 60),),) * 5) + ((), ()))
MONDAY_NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 17, tzinfo=UTC)

GREETING = Greeting(text="Thanks for calling.", notice="This call may be recorded.", next="hours")
HOURS = OpenHours(open="menu", closed="closed")
MENU = Menu(text="For sales press 1.", choices={"1": "sales"}, otherwise="ring")
SALES = Ring(name="Sales", to=(VAN,), whisper="A call from {source}.", press_1=True, no_answer="voicemail")
RING = Ring(to=(OFFICE, VAN), no_answer="voicemail")
VOICEMAIL = Voicemail(text="Please leave a message.")
CLOSED = Sentence(text="We are closed. Please call again tomorrow.")

WHOLE = Flow(
    {
        "greeting": GREETING,
        "hours": HOURS,
        "menu": MENU,
        "sales": SALES,
        "ring": RING,
        "voicemail": VOICEMAIL,
        "closed": CLOSED,
    },
    "greeting",
)


class Links:
    """Addresses as a provider gets them."""

    def to(self, route, **query):
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return f"https://calls.example.com/webhooks/twilio/{route}/" + (f"?{asked}" if asked else "")


def facts(at=MONDAY_NOON, **values):
    return Facts(at=at, hours=values.pop("hours", NINE_TO_FIVE), **values)


def around(hours=NINE_TO_FIVE, at=MONDAY_NOON, own=()):
    return Around(hours, at, own)


def with_step(name, flow=WHOLE, **changes):
    """The flow with some fields of one step changed."""
    return replace(flow, steps={**flow.steps, name: replace(flow.steps[name], **changes)})
