"""What became of each ring: who it was, which telephone was picked up, how long they talked."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from accounts.models import Member
from callcrm.demo import people, setting
from callcrm.demo.answering import NOTICE, TELEPHONES, UNRECORDED
from callcrm.demo.scene import PROVIDER, Person, Scene
from callcrm.demo.traffic import JUST_NOW, is_open
from callcrm.lib.ids import uuid7_at
from leads.events import LeadCreated
from leads.models import Lead, LeadPhone
from recordings.events import RecordingDeleted, RecordingStored
from recordings.models import Recording
from recordings.retention import rules
from telephony.events import CallAnswered, CallEnded, CallRinging
from telephony.models import Call, CallLeg, Outcome, TrackingNumber
from telephony.providers.base import CallState, Direction

INTO_THE_NIGHT = timedelta(minutes=49)  # before the end of its quiet hour, the nightly job has come
SHARE_OF_NUMBERS = [34, 23, 17, 16, 10]  # in the order of `setting.SOURCES`
WHILE_OPEN = {Outcome.ANSWERED: 76, Outcome.MISSED: 11, Outcome.VOICEMAIL: 7, Outcome.ABANDONED: 6}
WHILE_CLOSED = {Outcome.ANSWERED: 14, Outcome.MISSED: 34, Outcome.VOICEMAIL: 42, Outcome.ABANDONED: 10}
CALLED_BACK = (Outcome.MISSED, Outcome.VOICEMAIL)
CAME_OF_IT = {
    "Estimate booked": 30, "Question answered": 20, "Existing customer": 18, "Call back later": 12,
    "Price too high": 7, "Outside our area": 5, "Wrong number": 5, "Sales call": 3,
}  # fmt: skip
TAGS = {
    "leak": 18, "estimate": 16, "storm": 12, "gutter": 9, "insurance": 8, "skylight": 5, "commercial": 5, "urgent": 6,
}  # fmt: skip
REMARKS = (
    "Leak over the kitchen since the last storm, wants somebody this week.",
    "Comparing three offers; decides at the end of the month.",
    "Flat roof of the garage, about 40 square metres.",
    "Prefers to be called after 4 pm.",
    "Insurance adjuster comes on Tuesday.",
)


def ring(scene: Scene, moments: Iterable[datetime]) -> None:
    """Let it ring at each of these moments, and call back some of those whom nobody answered."""
    fresh = people.numbers(scene.rng)
    for at in moments:
        number = scene.rng.choices(scene.numbers, SHARE_OF_NUMBERS)[0]
        person, is_new = _caller(scene, fresh, number, at)
        call = _inbound(scene, number, person, at, is_new=is_new)
        if person and call.outcome in CALLED_BACK and scene.chance(0.45):
            _call_back(scene, person, call)
    _record_untold(scene)


def _record_untold(scene: Scene) -> None:
    """One recording nobody was told of: the job that comes to fetch it finds that it may not."""
    untold = [each for each in scene.calls if each.answered_at and not each.records]
    _record(scene, untold[-1], Recording.Kind.CALL, untold[-1].talk_seconds or 0)


def _caller(
    scene: Scene, fresh: Iterator[str], number: TrackingNumber, at: datetime
) -> tuple[Person | None, bool]:
    """Somebody new, somebody who called before (rather lately than long ago), or nobody who says who he is."""
    if scene.chance(0.03):
        return None, False
    if scene.people and scene.chance(0.44):
        back = min(int(scene.rng.expovariate(1 / 40)), len(scene.people) - 1)
        return scene.people[-1 - back], False
    return _stranger(scene, next(fresh), number, at), True


def _stranger(scene: Scene, e164: str, number: TrackingNumber, at: datetime) -> Person:
    lead = Lead(pk=uuid7_at(at), business_id=scene.business.pk, source=number.source, created_at=at)
    lead.make_key()
    phone = LeadPhone(
        pk=uuid7_at(at), business_id=scene.business.pk, lead=lead, number=e164, kind=LeadPhone.Kind.MOBILE
    )
    person = Person(lead, phone, e164)
    scene.people.append(person)
    scene.tell(LeadCreated(lead_id=lead.pk, via="call"), at, None)
    return person


def _inbound(
    scene: Scene, number: TrackingNumber, person: Person | None, at: datetime, *, is_new: bool
) -> Call:
    shares = WHILE_OPEN if is_open(at, scene.business.tz) else WHILE_CLOSED
    outcome = scene.rng.choices(list(shares), list(shares.values()))[0]
    call = _call(scene, number, person, at, Direction.INBOUND)
    call.first_time_caller, call.withheld = is_new, person is None
    scene.tell(
        CallRinging(call_id=call.pk, lead_id=person.lead.pk if person else None, first_time=is_new), at
    )
    if outcome == Outcome.ANSWERED:
        _answered(scene, call, scene.colleague())
    else:
        _unanswered(scene, call, outcome)
    return call


def _call_back(scene: Scene, person: Person, missed: Call) -> None:
    at = missed.started_at + scene.seconds(300, 9_000)
    if at > scene.now - JUST_NOW or not is_open(at, scene.business.tz) or missed.number is None:
        return
    call = _call(scene, missed.number, person, at, Direction.OUTBOUND)
    if scene.chance(0.7):
        _answered(scene, call, scene.colleague())
    else:
        call.agent = scene.colleague()
        _unanswered(scene, call, Outcome.MISSED)


def _call(
    scene: Scene, number: TrackingNumber, person: Person | None, at: datetime, direction: Direction
) -> Call:
    call = Call(
        pk=uuid7_at(at), business_id=scene.business.pk, provider=PROVIDER, provider_id=scene.provider_id("CA"),
        direction=direction, number=number, source_id=number.source_id,
        lead=person.lead if person else None, phone=person.phone if person else None,
        said_at=at, seen_at=at + timedelta(seconds=1), started_at=at, after_hours=not scene.hours.is_open(at),
        flow=number.published,
    )  # fmt: skip
    if number.label != UNRECORDED:
        call.records, call.notice, call.notice_language = True, NOTICE, "en-US"
        call.notice_at = at + timedelta(seconds=1)
    scene.calls.append(call)
    if person:
        person.calls.append(call)
        person.last = at
    return call


def _answered(scene: Scene, call: Call, agent: Member) -> None:
    """Pick up one telephone; the other one stops ringing."""
    ring, talk = scene.seconds(3, 19), timedelta(seconds=min(1_500, 25 + int(scene.rng.expovariate(1 / 170))))
    call.agent, call.answered_at = agent, call.started_at + ring
    call.talk_seconds = int(talk.total_seconds())
    _end(call, Outcome.ANSWERED, CallState.COMPLETED, ring, ring + talk + timedelta(seconds=2))
    _legs(scene, call, ring, CallState.COMPLETED, talk)
    scene.tell(CallAnswered(call_id=call.pk), call.answered_at)
    _tell_end(scene, call)
    if call.records:
        _record(scene, call, Recording.Kind.CALL, call.talk_seconds)
    _describe(scene, call)


def _describe(scene: Scene, call: Call) -> None:
    if scene.chance(0.55):
        call.disposition = scene.rng.choices(list(CAME_OF_IT), list(CAME_OF_IT.values()))[0]
    if scene.chance(0.4):
        call.tags = list(
            dict.fromkeys(scene.rng.choices(list(TAGS), list(TAGS.values()), k=scene.rng.choice([1, 1, 2])))
        )
    if scene.chance(0.06):
        call.note = scene.rng.choice(REMARKS)


def _unanswered(scene: Scene, call: Call, outcome: Outcome) -> None:
    """Nobody picks up; who waits to the end may leave a message."""
    ring = scene.seconds(3, 13) if outcome == Outcome.ABANDONED else scene.seconds(20, 27)
    left = scene.seconds(9, 55) if outcome == Outcome.VOICEMAIL else timedelta()
    busy = outcome == Outcome.MISSED and scene.chance(0.2)
    state = CallState.BUSY if busy and scene.chance(0.4) else CallState.COMPLETED
    if outcome == Outcome.MISSED and not busy and (call.direction == Direction.OUTBOUND or scene.chance(0.3)):
        state = CallState.NO_ANSWER
    whole = ring + (left + timedelta(seconds=7) if left else timedelta(seconds=1))
    _end(call, outcome, state, whole, whole)
    leg = (
        CallState.CANCELED
        if outcome == Outcome.ABANDONED
        else CallState.BUSY
        if busy
        else CallState.NO_ANSWER
    )
    _legs(scene, call, ring, leg, None)
    _tell_end(scene, call)
    if left:
        call.has_voicemail = True
        _record(scene, call, Recording.Kind.VOICEMAIL, int(left.total_seconds()))


def _end(call: Call, outcome: Outcome, state: CallState, ring: timedelta, whole: timedelta) -> None:
    call.outcome, call.state, call.rank = outcome, state, state.rank
    call.ended_at = call.said_ended_at = call.started_at + whole
    call.ring_seconds, call.duration_seconds = int(ring.total_seconds()), int(whole.total_seconds())


def _tell_end(scene: Scene, call: Call) -> None:
    if call.ended_at:
        scene.tell(CallEnded(call_id=call.pk, outcome=str(call.outcome)), call.ended_at)


def _legs(scene: Scene, call: Call, ring: timedelta, state: CallState, talk: timedelta | None) -> None:
    """Ring every telephone; where they talked, it was on one of them."""
    telephones = list(call.number.forward_to if call.number and call.direction == Direction.INBOUND else [""])
    scene.rng.shuffle(telephones)
    if call.agent and call.direction == Direction.INBOUND:
        his = TELEPHONES[call.agent.role]
        telephones = [his, *(each for each in telephones if each != his)]
    for nth, telephone in enumerate(telephones):
        talked = talk if nth == 0 else None
        leg_state = state if talk is None or talked is not None else CallState.CANCELED
        answered = call.started_at + ring if talked is not None else None
        scene.legs.append(
            CallLeg(
                pk=uuid7_at(call.started_at), business_id=scene.business.pk, call=call, to=telephone,
                member=scene.holder(telephone),
                provider_id=scene.provider_id("CA"), state=leg_state, rank=leg_state.rank,
                bridged=talked is not None, started_at=call.started_at + timedelta(seconds=1),
                said_answered_at=answered, answered_at=answered,
                ended_at=call.started_at + ring + (talked or timedelta()),
                duration_seconds=int(talked.total_seconds()) if talked else 0,
            )
        )  # fmt: skip


def _record(scene: Scene, call: Call, kind: Recording.Kind, seconds: int) -> None:
    """The provider tells of a recording. Three months of sound would fill the disk: a rule lets the older ones go."""
    at = call.answered_at or call.started_at
    recording = Recording(
        pk=uuid7_at(at), business_id=scene.business.pk, call=call, provider_id=scene.provider_id("RE"),
        kind=kind, is_complete=True, duration_seconds=seconds, created_at=at,
        channels=2 if kind == Recording.Kind.CALL else 1,
        asked_since=scene.now, next_attempt_at=scene.now,
    )  # fmt: skip
    scene.recordings.append(recording)
    night = _night_of(scene, at + timedelta(days=setting.KEPT_DAYS[kind]))
    if night <= scene.now:
        _let_go(scene, recording, night)


def _night_of(scene: Scene, due: datetime) -> datetime:
    """Return when what is due from a moment on is deleted: in the night after."""
    return rules.tonight(scene.business, due + INTO_THE_NIGHT) - INTO_THE_NIGHT


def _let_go(scene: Scene, recording: Recording, at: datetime) -> None:
    """It was kept, and deleted by its rule, here and at the provider."""
    recording.state, recording.deleted_by = Recording.State.DELETED, Recording.Rule.RETENTION
    recording.deleted_at = recording.asked_since = at
    recording.next_attempt_at, recording.attempts = None, 3
    recording.provider_copy, recording.audio_seconds = Recording.Copy.GONE, recording.duration_seconds
    stored = recording.created_at + timedelta(seconds=(recording.duration_seconds or 0) + 20)
    named = {"recording_id": recording.pk, "call_id": recording.call_id}
    scene.tell(RecordingStored(**named), stored, None)
    days = recording.deleted_days = setting.KEPT_DAYS[Recording.Kind(recording.kind)]
    scene.tell(RecordingDeleted(**named, rule=Recording.Rule.RETENTION.value, days=days), at, None)
