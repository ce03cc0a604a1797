"""What the demo gathers before any of it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any

from django.db.models import Model

from accounts.models import Business, Member
from accounts.permissions import Role
from audit.events import Event
from audit.models import Entry
from audit.recording import Actor, entry_for
from callcrm.demo.answering import TELEPHONES
from callcrm.lib.ids import uuid7_at
from leads import index
from leads.models import Lead, LeadPhone, LeadToken, Note
from recordings.models import Recording, RecordingPause
from telephony.hours import opening
from telephony.hours.week import Hours
from telephony.models import Call, Callback, CallbackMiss, CallLeg, Message, TrackingNumber

BATCH = 500
PROVIDER = "practice"
BY_PROVIDER = f"provider:{PROVIDER}"


@dataclass
class Person:
    """A caller: his lead, his number in clear until it is sealed, and how it went with him."""

    lead: Lead
    phone: LeadPhone
    number: str
    calls: list[Call] = field(default_factory=list)
    last: datetime | None = None

    @property
    def talked(self) -> list[Call]:
        return [call for call in self.calls if call.answered_at]


@dataclass
class Scene:
    """The business, and everything that happens in it."""

    business: Business
    members: Mapping[str, Member]
    numbers: Sequence[TrackingNumber]
    rng: Random
    now: datetime
    people: list[Person] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    legs: list[CallLeg] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    pauses: list[RecordingPause] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    misses: list[CallbackMiss] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @cached_property
    def hours(self) -> Hours:
        """Return the hours that hold without any of its own."""
        return opening.hours_of(self.business, None)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def seconds(self, least: float, most: float) -> timedelta:
        return timedelta(seconds=round(self.rng.uniform(least, most)))

    def holder(self, telephone: str) -> Member | None:
        """Return the member whose telephone it is."""
        return next((each for role, each in self.members.items() if TELEPHONES[role] == telephone), None)

    def colleague(self) -> Member:
        """Whoever is at the telephone: mostly the user."""
        role = self.rng.choices([Role.USER, Role.ADMIN, Role.OWNER], [11, 6, 3])[0]
        return self.members[role]

    def provider_id(self, prefix: str) -> str:
        return f"{prefix}{self.rng.getrandbits(128):032x}"

    def tell(self, event: Event, at: datetime, by: Actor | str | None = BY_PROVIDER) -> None:
        """Put an entry into the history, at its time; what would lie ahead of now has not happened."""
        if at > self.now:
            return
        entry = entry_for(event, by=by, business_id=self.business.pk)
        entry.pk, entry.at = uuid7_at(at), at
        self.entries.append(entry)

    def save(self) -> None:
        """Write everything, each kind in few statements; later kinds point at earlier ones."""
        tokens = [token for person in self.people for token in _tokens(person)]
        rows: list[Sequence[Model]] = [
            [person.lead for person in self.people],
            [person.phone for person in self.people],
            tokens,
            self.calls,
            self.legs,
            self.recordings,
            self.pauses,
            self.messages,
            self.callbacks,
            self.misses,
            self.notes,
            self.entries,
        ]
        for kind in rows:
            if kind:
                manager: Any = type(kind[0])._default_manager
                manager.bulk_create(kind, batch_size=BATCH)


def _tokens(person: Person) -> list[LeadToken]:
    lead = person.lead
    name = lead.name.reveal() if lead.name else None
    email = lead.email.reveal() if lead.email else None
    return [
        LeadToken(business_id=lead.business_id, kind=kind, token=token, lead_id=lead.pk)
        for kind, token in sorted(index.tokens(lead, [person.number], name=name, email=email))
    ]
