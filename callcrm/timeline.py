"""What happened between a person and the business: calls, texts, notes and what members did, newest first.

Looking at a person often is one line a day for each who looked, or it would push away what happened.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, groupby
from typing import Any

from accounts.doors import MemberRequest
from audit.models import Entry
from audit.pages import name_actors
from leads import merging
from leads.models import Lead, Note
from telephony.models import Call, Message

SHOWN = 50  # of each kind; older ones are behind the lists
REVEALED = "lead.revealed"
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


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline: `kind` says what `of` is; an entry of the history has its words ready."""

    kind: str
    at: datetime
    of: Any
    text: str = ""
    head: str = ""


def of_lead(request: MemberRequest, lead: Lead) -> list[Moment]:
    """Return the newest moments, as far as the member may know of them."""
    found = chain(_calls(request, lead), _messages(request, lead), _notes(lead), _entries(request, lead))
    newest = sorted(found, key=lambda moment: moment.at, reverse=True)
    return list(_folded(request, newest))[: 2 * SHOWN]


def _calls(request: MemberRequest, lead: Lead) -> Iterator[Moment]:
    visible = Call.objects.visible_to(request.member).for_list()
    calls = visible.filter(lead=lead).prefetch_related("recordings__pauses").order_by("-started_at")
    return (Moment("call", call.started_at, call) for call in calls[:SHOWN])


def _messages(request: MemberRequest, lead: Lead) -> Iterator[Moment]:
    messages = Message.objects.visible_to(request.member).filter(lead=lead).select_related("lead", "number")
    for message in messages.order_by("-created_at")[:SHOWN]:
        yield Moment("text", message.created_at, message, message.shown_body or "")


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
        return Moment("entry", entry.at, entry, CAME_BY[entry.data["via"]], head="Became a lead")
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
