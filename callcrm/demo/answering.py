"""How the demo's numbers answer: the oldest one day and night, the others in opening hours, one of them with a menu,
one without a notice, so that nothing is recorded but messages."""

from datetime import datetime

from accounts.models import Member
from accounts.permissions import Role
from telephony.flows import documents
from telephony.flows.steps import Flow, Greeting, Menu, OpenHours, Ring, Step, Voicemail
from telephony.models import FlowVersion, TrackingNumber

OFFICE, VAN = "+15035550190", "+15035550191"
TELEPHONES: dict[str, str] = {Role.OWNER: "+15035550192", Role.ADMIN: VAN, Role.USER: OFFICE}
NOTICE = "This call may be recorded to help us serve you."
DAY_AND_NIGHT, WITH_MENU, UNRECORDED = "Search campaign", "Contact page", "Signs and vans"


def publish(number: TrackingNumber, *, at: datetime, by: Member) -> None:
    """Give the number its first flow, as if it had been published then."""
    flow = {DAY_AND_NIGHT: _always, WITH_MENU: _menu, UNRECORDED: _unrecorded}.get(number.label, _plain)()
    number.published = FlowVersion.objects.create(
        business_id=number.business_id,
        number=number,
        version=1,
        document=documents.write(flow),
        published_at=at,
        published_by=by,
    )
    number.forward_to = flow.rings
    number.save(update_fields=["published", "forward_to"])


def _always() -> Flow:
    ring = Ring(to=(OFFICE, VAN), no_answer="voicemail")
    message = _messages()["voicemail"]
    return Flow({"greeting": _greeting("ring"), "ring": ring, "voicemail": message}, "greeting")


def _plain() -> Flow:
    ring = Ring(to=(OFFICE, VAN), whisper="A call from {source}.", no_answer="voicemail")
    return Flow(
        {"greeting": _greeting("hours"), "hours": _hours("ring"), "ring": ring} | _messages(), "greeting"
    )


def _unrecorded() -> Flow:
    ring = Ring(to=(OFFICE, VAN), record=False, whisper="A call from {source}.", no_answer="voicemail")
    return Flow({"hours": _hours("ring"), "ring": ring} | _messages(), "hours")


def _menu() -> Flow:
    menu = Menu(
        text="For a leak or storm damage, press 1. For an estimate, press 2. Or stay on the line.",
        choices={"1": "urgent", "2": "office"},
        otherwise="office",
    )
    urgent = Ring(
        name="Leaks", to=(VAN, OFFICE), order="in_turn", whisper="A leak, from {source}.", press_1=True,
        no_answer="voicemail",
    )  # fmt: skip
    office = Ring(name="Office", to=(OFFICE, VAN), no_answer="voicemail")
    ways = {"greeting": _greeting("hours"), "hours": _hours("menu"), "menu": menu, "urgent": urgent}
    return Flow(ways | {"office": office} | _messages(), "greeting")


def _greeting(then: str) -> Greeting:
    return Greeting(text="Thanks for calling Cascade Roofing.", notice=NOTICE, next=then)


def _hours(then: str) -> OpenHours:
    return OpenHours(open=then, closed="closed")


def _messages() -> dict[str, Step]:
    busy = "Sorry, we are all on a roof. Please leave a message, and we will call you back today."
    closed = "We are closed right now. Please leave a message, and we will call you back in the morning."
    return {
        "voicemail": Voicemail(name="All busy", text=busy),
        "closed": Voicemail(name="Closed", text=closed),
    }
