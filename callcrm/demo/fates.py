"""Who called, as far as anybody asked, and how it went on with them."""

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import Member
from callcrm.demo import people
from callcrm.demo.scene import Person, Scene
from callcrm.lib.ids import uuid7_at
from leads.events import LeadAssigned, LeadChanged, LeadRevealed, LeadStatusChanged, NoteAdded
from leads.models import Lead, Note

STATUS = Lead.Status
# How far it goes with somebody one has talked to, after the days that such things take.
PATHS = {
    (STATUS.CONTACTED,): 30,
    (STATUS.CONTACTED, STATUS.QUALIFIED): 24,
    (STATUS.CONTACTED, STATUS.QUALIFIED, STATUS.WON): 24,
    (STATUS.CONTACTED, STATUS.LOST): 13,
    (STATUS.CONTACTED, STATUS.QUALIFIED, STATUS.LOST): 6,
    (STATUS.SPAM,): 3,
}
WORTH = {STATUS.QUALIFIED: 0.7, STATUS.WON: 1.0, STATUS.LOST: 0.4}
LEAD_TAGS = {
    "leak": 20,
    "replacement": 18,
    "insurance": 12,
    "gutter": 10,
    "storm": 12,
    "commercial": 6,
    "repeat": 5,
}
REMARKS = (
    "Roof is from 1998, shingles curl on the south side. Estimate on Thursday at 9.",
    "Wants the gutters done together with the roof.",
    "Dog in the yard, ring first.",
    "Sent photos by text; flashing at the chimney is gone.",
    "Asked for financing. Sent the brochure.",
    "Neighbour of the job on Alder Street, saw the sign.",
    "Left a message, try again on Monday morning.",
    "Adjuster has approved the claim, waiting for the papers.",
)


def decide(scene: Scene) -> None:
    """Give everybody a name, a status and a history, as far as their calls allow."""
    for person in scene.people:
        person.lead.last_contact_at = person.last
        if person.talked:
            _learn(scene, person)
            _go_on(scene, person)
        elif scene.chance(0.03):
            _move(scene, person, [STATUS.SPAM], person.calls[-1].started_at, scene.colleague())


def _learn(scene: Scene, person: Person) -> None:
    """Whoever picked up asked for the name; not everybody asks for an address."""
    call = person.talked[0]
    learned = []
    if scene.chance(0.86):
        name = people.name(scene.rng)
        person.lead.name = name
        learned.append("name")
        if scene.chance(0.45):
            person.lead.email = people.email(scene.rng, name)
            learned.append("email")
    if learned and call.ended_at:
        scene.tell(LeadChanged(lead_id=person.lead.pk, fields=learned), call.ended_at, call.agent)


def _go_on(scene: Scene, person: Person) -> None:
    call = person.talked[0]
    at, by = call.ended_at or call.started_at, call.agent or scene.colleague()
    _move(scene, person, list(scene.rng.choices(list(PATHS), list(PATHS.values()))[0]), at, by)
    if person.lead.status == STATUS.SPAM:
        return
    if scene.chance(0.75):
        person.lead.assigned_to = by
        scene.tell(LeadAssigned(lead_id=person.lead.pk, member_id=by.pk), at + timedelta(seconds=20), by)
    if scene.chance(0.35):
        person.lead.tags = [scene.rng.choices(list(LEAD_TAGS), list(LEAD_TAGS.values()))[0]]
    if scene.chance(WORTH.get(STATUS(person.lead.status), 0.0)):
        person.lead.value = Decimal(round(scene.rng.lognormvariate(8.6, 0.8), -1)).quantize(Decimal("0.01"))
    _note(scene, person, at, by)
    _look(scene, person, at, by)


def _move(scene: Scene, person: Person, path: list[Lead.Status], at: datetime, by: Member) -> None:
    """Take the steps of the path that lie before now."""
    for step in path:
        if at > scene.now:
            return
        event = LeadStatusChanged(lead_id=person.lead.pk, before=str(person.lead.status), after=str(step))
        scene.tell(event, at, by)
        person.lead.status = step
        at += timedelta(days=scene.rng.uniform(1, 12))


def _note(scene: Scene, person: Person, at: datetime, by: Member) -> None:
    for _ in range(scene.rng.choices([0, 1, 2], [62, 28, 10])[0]):
        at += scene.seconds(60, 90_000)
        if at > scene.now:
            return
        note = Note(
            pk=uuid7_at(at), business_id=scene.business.pk, lead=person.lead, author=by,
            body=scene.rng.choice(REMARKS), created_at=at,
        )  # fmt: skip
        scene.notes.append(note)
        scene.tell(NoteAdded(lead_id=person.lead.pk, note_id=note.pk), at, by)


def _look(scene: Scene, person: Person, at: datetime, by: Member) -> None:
    """Now and then somebody looks behind the mask, and says why."""
    if scene.chance(0.3):
        reason = scene.rng.choices(["call_back", "verify", "complaint"], [8, 3, 1])[0]
        event = LeadRevealed(lead_id=person.lead.pk, fields=["phones"], reason=reason)
        scene.tell(event, at + scene.seconds(600, 200_000), by)
