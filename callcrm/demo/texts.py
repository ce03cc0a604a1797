"""What was written: short conversations after a call, in both directions."""

from datetime import datetime, timedelta

from callcrm.demo.scene import PROVIDER, Person, Scene
from callcrm.lib.ids import uuid7_at
from telephony.events import MessageReceived
from telephony.models import Message
from telephony.providers.base import Direction, MessageState

IN, OUT = Direction.INBOUND, Direction.OUTBOUND
CONVERSATIONS = (
    (
        (IN, "Hi, are you open on Saturday?"),
        (OUT, "Yes, until noon. Shall we call you?"),
        (IN, "Please, after 10."),
    ),
    (
        (OUT, "This is Cascade Roofing: we are on our way and will be there in 20 minutes."),
        (IN, "Great, thanks!"),
    ),
    ((IN, "Here are the photos of the leak."), (OUT, "Thank you, we will look at them today.")),
    ((OUT, "Your estimate is ready. Which e-mail shall we send it to?"),),
    ((IN, "Running late, can we make it 3 instead of 2?"), (OUT, "3 is fine.")),
    ((IN, "STOP"),),
    (
        (OUT, "Sorry that we missed your call. When is a good time to call back?"),
        (IN, "Any time before 5"),
        (OUT, "We will call at 4."),
        (IN, "ok"),
    ),
)
LOST = ("30003", "30005", "30006")  # unreachable, unknown, landline


def write(scene: Scene) -> None:
    """Let some people write, after their first call."""
    for person in scene.people:
        if person.calls and scene.chance(0.13):
            _converse(scene, person, person.calls[0].started_at + scene.seconds(240, 90_000))


def _converse(scene: Scene, person: Person, at: datetime) -> None:
    shares = [2] * (len(CONVERSATIONS) - 2) + [1, 3]
    for direction, body in scene.rng.choices(CONVERSATIONS, shares)[0]:
        if at > scene.now:
            return
        message = _message(scene, person, direction, body, at)
        scene.messages.append(message)
        person.lead.last_contact_at = max(at, person.lead.last_contact_at or at)
        if message.state == MessageState.UNDELIVERED:
            return
        at += scene.seconds(40, 2_400)


def _message(scene: Scene, person: Person, direction: Direction, body: str, at: datetime) -> Message:
    message = Message(
        pk=uuid7_at(at), business_id=scene.business.pk, provider=PROVIDER, provider_id=scene.provider_id("SM"),
        direction=direction, number=person.calls[0].number, lead=person.lead, phone=person.phone, body=body,
        segments=1, created_at=at,
    )  # fmt: skip
    state = MessageState.RECEIVED
    if direction is Direction.INBOUND:
        scene.tell(MessageReceived(message_id=message.pk, lead_id=person.lead.pk), at)
    elif scene.chance(0.06):
        state, message.error_code = MessageState.UNDELIVERED, scene.rng.choice(LOST)
    else:
        state, message.delivered_at = MessageState.DELIVERED, at + timedelta(seconds=2)
    message.state, message.rank = state, state.rank
    return message
