"""What happened between a person and the business: calls, texts, notes and what members did, newest first.

Looking at a person often is one line a day for each who looked, or it would push away what happened. That somebody
became a lead stands with the call or text that made him one, whatever the provider's clock says of that.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, groupby
from typing import Any

from django.db.models import prefetch_related_objects

from accounts.doors import MemberRequest
from audit.actors import name_actors
from audit.models import Entry
from callcrm.lib import times
from leads import merging
from leads.models import Lead, Note
from telephony.models import Call, Message, Outcome
from telephony.providers.base import Direction

SHOWN = 50  # of each kind; older ones are behind the lists
REVEALED = "lead.revealed"
BECAME = "Became a lead"
OF_INTEREST = (
    "lead.created",
    "lead.status_changed",
    "lead.assigned",
    "lead.changed",
    "lead.merged",
    "callback.closed",
    "callback.reopened",
)
CAME_BY = {"call": "by calling", "text": "by texting"}
MADE_WITHIN = timedelta(minutes=1)  # of the delivery that made the lead, by our own clock


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline: `kind` says what `of` is; an entry of the history has its words ready."""

    kind: str
    at: datetime
    of: Any
    text: str = ""
    head: str = ""
    seen_at: datetime | None = None  # when we heard of it, where that is not when it was
    message: Any = None  # the recording of what was left with a call


def of_lead(request: MemberRequest, lead: Lead) -> list[Moment]:
    """Return the newest moments, as far as the member may know of them."""
    found = chain(_calls(request, lead), _messages(request, lead), _notes(lead), _entries(request, lead))
    newest = sorted(
        _joined(list(found)), key=lambda moment: (moment.at, moment.kind == "entry"), reverse=True
    )
    return list(_folded(request, newest))[: 2 * SHOWN]


def latest_recording(moments: list[Moment]) -> Any:
    """Return the recording of the newest call that can be listened to, with what was noted in it."""
    told = (moment.of.main_recording for moment in moments if moment.kind == "call")
    found = next((recording for recording in told if recording and recording.is_here), None)
    if found:
        prefetch_related_objects([found], "notes__author__user")
    return found


def _joined(moments: list[Moment]) -> Iterator[Moment]:
    """Put what made somebody a lead to the call or text that did: its own time is of another clock."""
    for moment in moments:
        came = _came_with(moment, moments) if moment.head == BECAME else None
        yield replace(moment, at=came.at) if came else moment


def _came_with(entry: Moment, moments: list[Moment]) -> Moment | None:
    kind = entry.of.data["via"]
    apart = [(entry.at - one.seen_at, one) for one in moments if one.kind == kind and one.seen_at]
    near = [found for found in apart if abs(found[0]) < MADE_WITHIN]
    before = [found for found in near if found[0] >= timedelta(0)]
    return min(before or near, key=lambda found: abs(found[0]), default=(None, None))[1]


def _calls(request: MemberRequest, lead: Lead) -> Iterator[Moment]:
    visible = Call.objects.visible_to(request.member).for_list()
    calls = visible.filter(lead=lead).prefetch_related("recordings__pauses").order_by("-started_at")
    return (_called(call) for call in calls[:SHOWN])


def _called(call: Call) -> Moment:
    """One that a member asked for stands where he did: before that it did not ring, whatever the provider says."""
    if call.direction == Direction.INBOUND:
        message = _message(call) if call.outcome == Outcome.VOICEMAIL else None
        said = ", ".join(_came_in(call, message))
        return Moment("call", call.started_at, call, said, seen_at=call.seen_at, message=message)
    asked_at = call.placement.created_at if call.placement else call.started_at
    return Moment("call", max(call.started_at, asked_at), call, ", ".join(_went_out(call)))


def _message(call: Call) -> Any:
    """Return the last recording of a message that there is word of, from what was brought."""
    left = [one for one in call.recordings.all() if one.kind == "voicemail" and one.state != "absent"]
    return left[-1] if left else None


def _came_in(call: Call, message: Any) -> Iterator[str]:
    if call.is_live:
        yield "going on now"
    elif call.outcome == "answered":
        by = f" by {call.agent.name}" if call.agent else ""
        yield f"answered{by} in {times.in_words(call.ring_seconds)}" if call.ring_seconds else f"answered{by}"
        yield from _talked(call)
    elif message:
        yield message.in_short if not message.is_here else times.duration(int(message.length.total_seconds()))
    elif call.ring_seconds and call.outcome != "voicemail":
        yield f"waited {times.in_words(call.ring_seconds)}"
    if call.source:
        yield f"from {call.source.name}"
    yield from _by_hand(call)


def _went_out(call: Call) -> Iterator[str]:
    if call.agent:
        yield f"by {call.agent.name}"
    if call.is_live:
        yield "going on now"
    elif call.outcome == "answered":
        yield "answered"
        yield from _talked(call)
    else:
        yield "stopped" if call.stage == "stopped" else "not reached"
    yield from _by_hand(call)


def _talked(call: Call) -> Iterator[str]:
    if call.talk_seconds is not None:
        yield f"talked {times.duration(call.talk_seconds)}"


def _by_hand(call: Call) -> Iterator[str]:
    if call.is_manual:
        yield call.how_logged


def _messages(request: MemberRequest, lead: Lead) -> Iterator[Moment]:
    messages = Message.objects.visible_to(request.member).filter(lead=lead).select_related("lead", "number")
    for message in messages.order_by("-created_at")[:SHOWN]:
        at = message.created_at
        yield Moment("text", at, message, message.shown_body or "", seen_at=at)


def _notes(lead: Lead) -> Iterator[Moment]:
    """A note is read by everybody who works with the person, without the digits and addresses that stand in it."""
    notes = Note.objects.filter(business_id=lead.business_id, lead=lead)
    for note in notes.select_related("lead", "author__user").order_by("-id")[:SHOWN]:
        yield Moment("note", note.created_at, note, note.shown_body)


def _entries(request: MemberRequest, lead: Lead) -> Iterator[Moment]:
    """Reveals are read apart: many of them must not crowd out how the lead has moved."""
    about = Entry.objects.about(request.business.pk, *merging.ids_of(lead))
    entries = [*about.filter(name__in=OF_INTEREST)[:SHOWN], *about.filter(name=REVEALED)[:SHOWN]]
    name_actors(entries)
    for entry in entries:
        yield _told(entry)


def _told(entry: Any) -> Moment:
    if entry.name == "lead.created" and entry.data.get("via") in CAME_BY:
        return Moment("entry", entry.at, entry, CAME_BY[entry.data["via"]], head=BECAME)
    return Moment("entry", entry.at, entry, entry.sentence, head=entry.who)


def _folded(request: MemberRequest, moments: list[Moment]) -> Iterator[Moment]:
    """Where reveals stand next to each other in a day, make one line of those of one member that show the same."""

    def run(moment: Moment) -> Any:
        revealed = moment.kind == "entry" and moment.of.name == REVEALED
        return moment.at.astimezone(request.business.tz).date() if revealed else moment

    for key, neighbours in groupby(moments, key=run):
        rows = list(neighbours)
        yield from rows if isinstance(key, Moment) else _counted(rows)


def _counted(reveals: list[Moment]) -> Iterator[Moment]:
    alike: dict[tuple[str, str], list[Moment]] = {}
    for moment in reveals:
        what = moment.text.partition(" (")[0]  # the reasons differ, and stand in the history
        alike.setdefault((moment.of.actor, what), []).append(moment)
    for (_, what), group in alike.items():
        yield replace(group[0], text=f"{what}, {len(group)} times") if len(group) > 1 else group[0]
