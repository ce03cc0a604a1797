"""What people do to leads: add, correct, move, assign, note, delete. Each verb writes its event."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Business, Member
from audit.recording import record
from callcrm.errors import Conflict, Invalid, NotFound
from callcrm.lib import phones
from leads import index
from leads.events import LeadAssigned, LeadChanged, LeadCreated, LeadDeleted, LeadStatusChanged, NoteAdded
from leads.models import Lead, LeadPhone, Note, Source, fresh_lead

SEALED = ("name", "email", "notes")
PLAIN = ("value", "tags", "source")
TAKEN = "This number belongs to another lead of the business."
MOST_PHONES = 10
LONGEST_NOTE = 5_000

# Called in the transaction that deletes a person, before he is gone, by apps that lie above this one: what they keep of
# him goes first. Who raises Conflict keeps him.
before_deletion: list[Callable[[Lead, Member], None]] = []

# Called in the transaction that moves people from one status to another, who are locked by then, by apps that lie
# above: each does what follows from it there, and says so in a sentence to who has moved them, or nothing.
Moves = Mapping[UUID, tuple[str, str]]
status_handlers: list[Callable[[Moves, Member], str]] = []


@transaction.atomic
def create(business: Business, values: Mapping[str, Any], *, by: Member, via: str = "hand") -> Lead:
    """Make a lead. `values`: name, phones (E.164), email, notes, status, source, assigned_to, value, tags.

    Raises Invalid naming a wrong field, Conflict when a phone belongs to another lead.
    """
    numbers = _numbers(values.get("phones", ()), business.region)
    if not numbers and not values.get("email") and not values.get("name"):
        raise Invalid(fields={"phones": ["A lead needs a phone, an e-mail or a name."]})
    lead = fresh_lead(business.pk, **_given(values, (*SEALED, *PLAIN, "status")))
    lead.assigned_to = values.get("assigned_to")
    lead.save(force_insert=True)
    _write_phones(lead, numbers)
    _index(lead)
    record(LeadCreated(lead_id=lead.pk, via=via), by=by, business_id=business.pk)
    return lead


@transaction.atomic
def update(lead: Lead, values: Mapping[str, Any], *, by: Member) -> Lead:
    """Change what `values` names and leave the rest. Raises Invalid or Conflict like `create`; then nothing changed."""
    lead = held(lead)
    if "status" in values:
        set_status(lead, values["status"], by=by)
    if "assigned_to" in values:
        assign(lead, values["assigned_to"], by=by)
    changed = _change(lead, values)
    if changed:
        record(LeadChanged(lead_id=lead.pk, fields=changed), by=by, business_id=lead.business_id)
    return lead


@transaction.atomic
def change_phones(
    lead: Lead,
    *,
    add: Iterable[tuple[str, str]] = (),
    remove: Collection[UUID] = (),
    kinds: Mapping[UUID, str] | None = None,
    by: Member,
) -> None:
    """Add numbers with their kinds, take some away, call others another kind, and leave the rest as it is.

    Raises Invalid or Conflict naming `phones`, like `create`; then nothing changed.
    """
    lead = held(lead)
    kept = list(LeadPhone.objects.filter(lead=lead).select_related("lead"))
    gone = [phone.pk for phone in kept if phone.pk in remove]
    LeadPhone.objects.filter(pk__in=gone)._raw_delete(using="default")
    kept = [phone for phone in kept if phone.pk not in gone]
    done = [bool(gone), _rename(kept, kinds or {}), _add_phones(lead, kept, add)]
    if any(done):
        _index(lead)
        record(LeadChanged(lead_id=lead.pk, fields=["phones"]), by=by, business_id=lead.business_id)


@transaction.atomic
def set_status(lead: Lead, status: str, *, by: Member) -> None:
    """Move the lead along. Raises Invalid for a status that does not exist."""
    if status not in Lead.Status.values:
        raise Invalid(fields={"status": [f"Choose from {', '.join(Lead.Status.values)}."]})
    if status == lead.status:
        return
    before, lead.status = lead.status, status
    lead.save(update_fields=["status"])
    event = LeadStatusChanged(lead_id=lead.pk, before=before, after=status)
    record(event, by=by, business_id=lead.business_id)
    lead.aside = followed({lead.pk: (before, status)}, by=by)


def followed(moves: Moves, *, by: Member) -> str:
    """Do what follows elsewhere from people having been moved, and return what is to be said of it."""
    return " ".join(filter(None, [follow(moves, by) for follow in status_handlers]))


@transaction.atomic
def assign(lead: Lead, member: Member | None, *, by: Member) -> None:
    """Say who looks after the lead, or that nobody does."""
    if member and (member.business_id != lead.business_id or member.removed_at):
        raise Invalid(fields={"assigned_to": ["This is no member of the business."]})
    if lead.assigned_to_id == (member.pk if member else None):
        return
    lead.assigned_to = member
    lead.save(update_fields=["assigned_to"])
    event = LeadAssigned(lead_id=lead.pk, member_id=member.pk if member else None)
    record(event, by=by, business_id=lead.business_id)


@transaction.atomic
def add_note(lead: Lead, text: str, *, by: Member) -> Note:
    """Keep what a member writes about a person."""
    text = text.strip()
    if not text or len(text) > LONGEST_NOTE or "\0" in text:
        raise Invalid(fields={"body": [f"Write between 1 and {LONGEST_NOTE:,} characters."]})
    lead = held(lead)
    note = Note(business_id=lead.business_id, lead=lead, author=by, body=text)
    note.save(force_insert=True)
    record(NoteAdded(lead_id=lead.pk, note_id=note.pk), by=by, business_id=lead.business_id)
    return note


@transaction.atomic
def delete(lead: Lead, *, by: Member) -> None:
    """Delete a person with his key, phones, notes, tokens and what apps above keep of him; his calls stay, without him.

    Raises Conflict.
    """
    for go_first in before_deletion:
        go_first(lead, by)
    record(LeadDeleted(lead_id=lead.pk), by=by, business_id=lead.business_id)
    Lead.objects.filter(pk=lead.pk)._raw_delete(
        using="default"
    )  # the database cascades (`rls.tie`), in one statement


def held(lead: Lead) -> Lead:
    """Lock a lead and return it as it is now. Raises NotFound when it was deleted or merged meanwhile."""
    found = Lead.objects.select_for_update().filter(pk=lead.pk).first()
    if found is None:
        raise NotFound
    return found


def _change(lead: Lead, values: Mapping[str, Any]) -> list[str]:
    given = _given(values, (*SEALED, *PLAIN))
    given = {field: new for field, new in given.items() if field in SEALED or getattr(lead, field) != new}
    for field, value in given.items():
        setattr(lead, field, value)
    if given:
        lead.save(update_fields=list(given))
    changed = list(given)
    if "phones" in values:
        _write_phones(lead, _numbers(values["phones"], lead.business.region))
        changed.append("phones")
    if {"phones", "name", "email"} & set(changed):
        _index(lead)
    return changed


def _given(values: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Pick the fields that were given; an emptied text is none."""
    return {f: (values[f] or None) if f in SEALED else values[f] for f in fields if f in values}


def _numbers(typed: Sequence[str], region: str) -> list[str]:
    if len(typed) > MOST_PHONES:
        raise Invalid(fields={"phones": [f"Give up to {MOST_PHONES} numbers."]})
    try:
        return list(dict.fromkeys(phones.typed(text, region) for text in typed))
    except ValueError as error:
        raise Invalid(fields={"phones": [str(error)]}) from None


def _write_phones(lead: Lead, numbers: Sequence[str]) -> None:
    """Make the lead's phones exactly these, and keep the rows of those that stay, because calls point at them."""
    kept = {}
    for phone in LeadPhone.objects.filter(lead=lead).select_related("lead"):
        number = phone.number.reveal()
        if number in numbers:
            kept[number] = phone
        else:
            LeadPhone.objects.filter(pk=phone.pk)._raw_delete(using="default")
    for position, number in enumerate(numbers):
        phone = kept.get(number) or LeadPhone(business_id=lead.business_id, lead=lead, number=number)
        phone.position = position
        phone.save()


def _rename(rows: Iterable[LeadPhone], kinds: Mapping[UUID, str]) -> bool:
    """Give phones other kinds, and say whether any was another before."""
    changed = [phone for phone in rows if kinds.get(phone.pk, phone.kind) != phone.kind]
    for phone in changed:
        phone.kind = kinds[phone.pk]
        phone.save(update_fields=["kind"])
    return bool(changed)


def _add_phones(lead: Lead, kept: Sequence[LeadPhone], add: Iterable[tuple[str, str]]) -> bool:
    """Put numbers behind those that are there, and say whether any was new."""
    known = {phone.number.reveal() for phone in kept}
    position = max((phone.position for phone in kept), default=-1) + 1
    fresh = {
        number: kind
        for text, kind in add
        for number in _numbers([text], lead.business.region)
        if number not in known
    }
    if len(kept) + len(fresh) > MOST_PHONES:
        raise Invalid(fields={"phones": [f"A lead has at most {MOST_PHONES} numbers."]})
    for number, kind in fresh.items():
        phone = LeadPhone(
            business_id=lead.business_id, lead=lead, number=number, kind=kind, position=position
        )
        phone.save(force_insert=True)
        position += 1
    return bool(fresh)


def _index(lead: Lead) -> None:
    try:
        with transaction.atomic():
            index.rewrite(lead)
    except IntegrityError as error:
        raise Conflict(TAKEN, fields={"phones": [TAKEN]}) from error


def source_named(business_id: UUID, name: str, kind: str = Source.Kind.OTHER) -> Source:
    """Return the source of this name, made if there is none."""
    found = Source.objects.filter(business_id=business_id, name__iexact=name.strip()).first()
    return found or Source.objects.create(business_id=business_id, name=name.strip()[:80], kind=kind)


def money(text: str) -> Decimal | None:
    """Read an amount as people type it, or None for nothing. Raises Invalid for what is no amount."""
    cleaned = text.replace(",", "").replace("$", "").strip()
    if not cleaned:
        return None
    if not cleaned.replace(".", "", 1).isdecimal() or not cleaned.isascii() or len(cleaned) > 13:
        raise Invalid(fields={"value": ["Write an amount such as 14200 or 480.50."]})
    return Decimal(cleaned).quantize(Decimal("0.01"))
