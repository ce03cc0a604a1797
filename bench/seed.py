"""Two businesses in one database, one with a hundred times the rows of the other, written by COPY.

What is written is made by the product's own code (keys, seals, tokens, masks); only the way into the tables is
quicker, past the verbs and, because a COPY of rows that fit needs no proof, past the triggers of foreign keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils.timezone import now
from psycopg import sql

from accounts import businesses, team
from accounts.models import Business, Member, User
from accounts.permissions import Role
from bench.ground import Ground
from bench.models import PlainLead, PlainPhone
from bench.people import SEED, Person, people
from bench.plain import PLAIN
from bench.setting import LARGE, PASSWORD, SECRET, SMALL, TELEPHONES, Shop, Size
from callcrm.lib.ids import uuid7_at
from callcrm.lib.tenancy import business_scope
from leads import editing, index
from leads.models import Lead, LeadPhone, Source
from recordings.models import Recording
from telephony import numbers
from telephony.callbacks.ledger import OWED
from telephony.models import (
    Call,
    Callback,
    CallbackMiss,
    CallLeg,
    CallTag,
    MissKind,
    Outcome,
    Reason,
    TrackingNumber,
)  # fmt: skip
from telephony.providers.base import CallState

BATCH = 5_000
SPAN = timedelta(days=365)
STATUSES = {Lead.Status.NEW: 30, Lead.Status.CONTACTED: 25, Lead.Status.QUALIFIED: 15, Lead.Status.WON: 15,
            Lead.Status.LOST: 12, Lead.Status.SPAM: 3}  # fmt: skip
AS_IT_IS = (models.UUIDField, models.ForeignKey, models.DateTimeField, models.IntegerField, models.BooleanField,
            models.DecimalField, ArrayField)  # fmt: skip
TokenRow = tuple[UUID, int, bytes | str, UUID]
FEW = 60  # calls of a business with what is rare: a page of them, however many calls there are
TALKS = ((5, 30), (30, 120), (120, 600), (600, 900))  # seconds, all as frequent
NOTED = ("Booked", "Quote sent", "Wrong number", "Called back", None)
OUTCOMES = {Outcome.ANSWERED: 65, Outcome.MISSED: 20, Outcome.VOICEMAIL: 9, Outcome.ABANDONED: 6}


@dataclass(frozen=True)
class Filled:
    """A business that has been filled: who looks at it, and who calls it."""

    shop: Shop
    business: Business
    owner: Member
    rows: int
    people: list[Person]


def fill(ground: Ground, size: Size) -> tuple[Filled, Filled]:
    """Make both businesses and their rows, then let the database settle."""
    small, large = _open(SMALL, 0, size.small), _open(LARGE, size.small, size.large)
    for filled in (small, large):
        _Writer(ground, filled).write()
    ground.settle()
    return small, large


def _open(shop: Shop, first: int, rows: int) -> Filled:
    owner = User.objects.create_user(f"owner@{shop.slug}.example", PASSWORD, name="Olive Owner")
    business = businesses.create(f"The {shop.slug} one", owner=owner, slug=shop.slug)
    for n in range(3):
        team.add(
            business, User.objects.create_user(f"user{n}@{shop.slug}.example", PASSWORD), Role.USER, by=None
        )
    with business_scope(business.pk):
        account = numbers.connect(business, "twilio", shop.account_id, SECRET)
        sources = [editing.source_named(business.pk, f"Source {n}", Source.Kind.OTHER) for n in range(5)]
        numbers.add(business, shop.number, account=account, source=sources[0], forward_to=TELEPHONES)
    member = Member.objects.select_related("user", "business").get(business=business, user=owner)
    return Filled(shop, business, member, rows, list(people(first, rows)))


class _Writer:
    """Makes the rows of one business and copies them in."""

    def __init__(self, ground: Ground, filled: Filled) -> None:
        self.ground, self.filled = ground, filled
        self.business = filled.business
        self.rng = Random(SEED)  # noqa: S311  # the same rows in every run
        self.now, self.owed = now(), 0
        with business_scope(self.business.pk):
            self.sources = list(Source.objects.filter(business=self.business))
            self.members = [*Member.objects.filter(business=self.business), None]
            self.number = TrackingNumber.objects.get(business=self.business)

    def write(self) -> None:
        with self.ground.owner() as connection, connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            self._make_room_for_tokens(cursor)
            numbered = iter(enumerate(self.filled.people))
            while some := list(islice(numbered, BATCH)):
                self._write_some(cursor, some)
            self._sort_tokens_in(cursor)

    def _write_some(self, cursor: psycopg.Cursor, some: list[tuple[int, Person]]) -> None:
        leads = [self._lead(n, person) for n, person in some]
        phones = [self._phone(lead, person) for lead, (_, person) in zip(leads, some, strict=True)]
        calls = [self._call(n, phone) for (n, _), phone in zip(some, phones, strict=True)]
        _copy(cursor, Lead, leads)
        _copy(cursor, LeadPhone, phones)
        _copy(cursor, Call, calls)
        _copy(cursor, CallTag, [tag for call in calls for tag in _tags(call)])
        debts = [self._debt(call) for call in calls if call.outcome in OWED]
        _copy(cursor, Callback, [debt for debt, _ in debts])
        _copy(cursor, CallbackMiss, [miss for _, miss in debts])
        _copy(cursor, CallLeg, [self._leg(call) for call in calls])
        _copy(cursor, Recording, [self._recording(call) for call in calls if call.recording_state])
        pairs = [(lead, person) for lead, (_, person) in zip(leads, some, strict=True)]
        _copy_tokens(cursor, "new_tokens", _tokens(pairs))
        _copy(cursor, PlainLead, [_plain_lead(*pair) for pair in pairs])
        _copy(cursor, PlainPhone, [_plain_phone(*pair) for pair in zip(phones, some, strict=True)])
        _copy_tokens(cursor, "new_plain_tokens", _plain_tokens(pairs))

    def _make_room_for_tokens(self, cursor: psycopg.Cursor) -> None:
        cursor.execute("CREATE TEMP TABLE new_tokens (LIKE leads_leadtoken) ON COMMIT DROP")
        cursor.execute("CREATE TEMP TABLE new_plain_tokens (LIKE bench_plain_token) ON COMMIT DROP")

    def _sort_tokens_in(self, cursor: psycopg.Cursor) -> None:
        """In the order of their index, which is several times as quick as in that of the people."""
        for table, into in (("new_tokens", "leads_leadtoken"), ("new_plain_tokens", "bench_plain_token")):
            names = sql.SQL("INSERT INTO {} SELECT * FROM {} ORDER BY business_id, kind, token, lead_id")
            cursor.execute(names.format(sql.Identifier(into), sql.Identifier(table)))

    def _at(self, n: int) -> datetime:
        """The n-th of all, evenly over a year: the last one comes an hour ago."""
        return self.now - timedelta(hours=1) - SPAN * (1 - (n + 1) / self.filled.rows)

    def _lead(self, n: int, person: Person) -> Lead:
        at = self._at(n)
        lead = Lead(pk=uuid7_at(at), business_id=self.business.pk, created_at=at, last_contact_at=at)
        lead.make_key()
        lead.name, lead.email = person.name, person.email
        lead.status = self.rng.choices(list(STATUSES), list(STATUSES.values()))[0]
        lead.source, lead.assigned_to = self.rng.choice(self.sources), self.rng.choice(self.members)
        lead.value = Decimal(self.rng.randrange(20_000)) if n % 3 else None
        lead.tags = ["estimate", "leak"][: n % 3]
        return lead

    def _phone(self, lead: Lead, person: Person) -> LeadPhone:
        return LeadPhone(
            pk=uuid7_at(lead.created_at), business_id=self.business.pk, lead=lead, number=person.phone
        )

    def _call(self, n: int, phone: LeadPhone) -> Call:
        at, ring, talk = self._at(n), self.rng.randrange(3, 20), self.rng.randrange(*self.rng.choice(TALKS))
        outcome = self.rng.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        is_rare = n % (self.filled.rows // FEW) == 1
        call = Call(
            pk=uuid7_at(at), business_id=self.business.pk, provider="twilio",
            provider_id=f"CA{self.rng.getrandbits(128):032x}", state=CallState.COMPLETED,
            rank=CallState.COMPLETED.rank, outcome=outcome, number=self.number, source=self.rng.choice(self.sources),
            lead=phone.lead, phone=phone, agent=self.rng.choice(self.members), said_at=at,
            seen_at=at, started_at=at, ring_seconds=ring, after_hours=self.rng.random() < 0.3,
            first_time_caller=is_rare or self.rng.random() < 0.5, disposition=self.rng.choice(NOTED),
            direction=self.rng.choices(["inbound", "outbound"], [9, 1])[0],
            tags=["estimate", "leak"][: n % 3] + ["rare"] * is_rare,
            ended_at=at + timedelta(seconds=ring), duration_seconds=ring, recording_state="failed" * is_rare,
        )  # fmt: skip
        if outcome == Outcome.ANSWERED:
            call.answered_at, call.talk_seconds = at + timedelta(seconds=ring), talk
            call.ended_at, call.duration_seconds = at + timedelta(seconds=ring + talk), ring + talk
            call.recording_state = call.recording_state or "pending"  # a trigger keeps it otherwise
        return call

    def _debt(self, call: Call) -> tuple[Callback, CallbackMiss]:
        """What is owed for it: of few it is open, spread evenly over all there are."""
        self.owed += 1
        is_open = self.owed % (self.filled.rows // (4 * FEW)) == 0
        debt = Callback(
            pk=uuid7_at(call.started_at), business_id=self.business.pk, lead=call.lead, opened_at=call.started_at,
            due_at=call.started_at, last_missed_at=call.started_at, misses=1,
        )  # fmt: skip
        if not is_open:
            debt.closed_at, debt.reason = call.started_at + timedelta(hours=1), Reason.OTHER
        kind, business_id = MissKind(str(call.outcome)), self.business.pk
        return debt, CallbackMiss(
            business_id=business_id, callback=debt, call=call, kind=kind, at=call.started_at
        )

    def _leg(self, call: Call) -> CallLeg:
        state = CallState.COMPLETED if call.answered_at else CallState.NO_ANSWER
        return CallLeg(
            pk=uuid7_at(call.started_at), business_id=self.business.pk, call=call, to=TELEPHONES[0],
            provider_id=f"CA{self.rng.getrandbits(128):032x}", state=state, rank=state.rank,
            bridged=call.answered, started_at=call.started_at, answered_at=call.answered_at,
            ended_at=call.ended_at, duration_seconds=call.talk_seconds,
        )  # fmt: skip

    def _recording(self, call: Call) -> Recording:
        return Recording(
            pk=uuid7_at(call.started_at), business_id=self.business.pk, call=call, is_complete=True,
            provider_id=f"RE{self.rng.getrandbits(128):032x}", duration_seconds=call.talk_seconds, channels=2,
            created_at=call.started_at, state=call.recording_state,
        )  # fmt: skip


def _tags(call: Call) -> Iterator[CallTag]:
    """What a trigger keeps otherwise."""
    for tag in call.tags:
        yield CallTag(business_id=call.business_id, call=call, tag=tag, started_at=call.started_at)


def _tokens(pairs: Iterable[tuple[Lead, Person]]) -> Iterator[TokenRow]:
    for lead, person in pairs:
        for kind, token in index.tokens(lead, [person.phone], name=person.name, email=person.email):
            yield lead.business_id, int(kind), token, lead.pk


def _plain_lead(lead: Lead, person: Person) -> PlainLead:
    same = {field.attname: getattr(lead, field.attname) for field in PlainLead._meta.concrete_fields}
    return PlainLead(**same | {"name": person.name, "email": person.email})


def _plain_phone(phone: LeadPhone, numbered: tuple[int, Person]) -> PlainPhone:
    own = {"pk": phone.pk, "business_id": phone.business_id, "lead_id": phone.lead.pk, "kind": phone.kind}
    return PlainPhone(**own, number=numbered[1].phone)


def _plain_tokens(pairs: Iterable[tuple[Lead, Person]]) -> Iterator[TokenRow]:
    for lead, person in pairs:
        for kind, value in PLAIN.tokens(person.phone, person.email, person.name):
            yield lead.business_id, int(kind), value, lead.pk


def _copy_tokens(cursor: psycopg.Cursor, table: str, rows: Iterable[TokenRow]) -> None:
    into = sql.SQL("COPY {} (business_id, kind, token, lead_id) FROM STDIN")
    with cursor.copy(into.format(sql.Identifier(table))) as copy:
        for row in rows:
            copy.write_row(row)


def _copy(cursor: psycopg.Cursor, model: type[models.Model], rows: Iterable[models.Model]) -> None:
    fields = model._meta.concrete_fields
    columns = sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields])
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(model._meta.db_table), columns)
    here = connections[DEFAULT_DB_ALIAS]
    with cursor.copy(into) as copy:
        for row in rows:
            copy.write_row([_value(field, row, here) for field in fields])


def _value(field: models.Field[Any, Any], row: models.Model, here: Any) -> Any:
    """Texts and sealed values are made ready by their fields; of the rest there are too many to ask."""
    if isinstance(field, AS_IT_IS):
        return getattr(row, field.attname)
    return field.get_db_prep_save(field.pre_save(row, True), here)
