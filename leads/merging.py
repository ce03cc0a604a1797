"""Two cards of one person become one: what hangs on the card that goes moves to the one that stays.

All of it or nothing. What was sealed under the key of the one that goes is sealed anew before that key is destroyed,
so there is no way back; nothing is shown to anybody on the way. Leads know nothing of calls: who keeps rows that name
a lead registers a `Part`. The order of locks is that of deliveries: what hangs on a person before the person.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction

from accounts.doors import Admitted
from accounts.models import Member
from audit.recording import record
from callcrm.errors import Conflict, Invalid, NotFound
from callcrm.lib.crypto.envelope import DecryptError
from leads import editing, index
from leads.events import LeadMerged
from leads.models import Lead, LeadMerge, LeadPhone, LeadToken, Note, NoteDraft

KEPT, GONE = "kept", "gone"
SIDES = [KEPT, GONE]
FIELDS = ("name", "email", "status", "assigned_to", "source", "value")
LONGEST_NOTES = 10_000
UNREADABLE = "Something on the other card cannot be opened, so it cannot move. Nothing was merged."


class Part(Protocol):
    """Rows that hang on a lead."""

    @property
    def words(self) -> str:
        """Return what they are called, as a count has them: `calls`."""

    def count(self, lead: Lead, member: Admitted) -> int:
        """Return how many of them a member may know of."""

    def lock(self, kept: Lead, gone: Lead) -> None:
        """Wait for whoever changes one that `move` changes, before the leads themselves are locked."""

    def move(self, kept: Lead, gone: Lead) -> None:
        """Give them to the lead that stays, sealed anew under its key. Both leads are locked."""


# Filled by the apps above. In front: what hangs on rows of another part, and is to be found by these.
parts: list[Part] = []
on_merged: list[Callable[[Lead], None]] = []


@transaction.atomic
def merge(kept: Lead, gone: Lead, choices: Mapping[str, str], *, by: Member) -> Lead:
    """Move what `gone` has to `kept`, delete `gone`, and return the lead that stays.

    `choices` names for a field whose value stays, `kept` or `gone`; the kept lead's where nothing is said, and an
    empty one takes the other's. Raises Invalid for a choice that is none or one card named twice, NotFound when one of
    them is not there any more, Conflict when something cannot move.
    """
    _check(kept, gone, choices)
    _lock_parts(kept, gone)
    kept, gone = _locked(kept, gone)
    stood = {kept.status, gone.status}
    _lock_parts(kept, gone)  # what came in until the leads were locked
    problems = obstacles(kept, gone)
    if problems:
        raise Conflict(problems[0])
    try:
        taken = _take(kept, gone, choices)
        _move(kept, gone)
    except DecryptError as error:
        raise Conflict(UNREADABLE) from error
    _remember(kept, gone, by)
    Lead.objects.filter(pk=gone.pk)._raw_delete(using="default")
    record(LeadMerged(lead_id=kept.pk, gone_id=gone.pk, taken=taken), by=by, business_id=kept.business_id)
    for status in stood - {kept.status}:  # one of the cards was moved to where the other stood
        kept.aside = editing.followed({kept.pk: (status, kept.status)}, by=by)
    for tell in on_merged:
        tell(kept)
    return kept


def obstacles(kept: Lead, gone: Lead) -> list[str]:
    """Return what cannot move, in words; nothing when all of it can."""
    numbers = LeadPhone.objects.filter(lead__in=(kept, gone)).count()
    problems = []
    if numbers > editing.MOST_PHONES:
        problems.append(
            f"Together they have {numbers} numbers, and a lead has at most {editing.MOST_PHONES}. Remove some first."
        )
    try:
        if len(_joined_notes(kept, gone) or "") > LONGEST_NOTES:
            problems.append("Together their notes are too long for one card. Shorten them first.")
    except DecryptError:
        problems.append(UNREADABLE)
    return problems


def counts(gone: Lead, member: Admitted) -> dict[str, int]:
    """Return what moves, as far as a member may know of it: the words for it, and how much."""
    own = {
        "numbers": LeadPhone.objects.filter(lead=gone).count(),
        "notes": Note.objects.filter(lead=gone).count(),
    }
    return own | {part.words: part.count(gone, member) for part in reversed(parts)}


def stays(kept: Lead, gone: Lead, choices: Mapping[str, str], field: str) -> str:
    """Return on which side the value of a field stays."""
    first, second = (KEPT, GONE) if choices.get(field, KEPT) == KEPT else (GONE, KEPT)
    value = getattr(kept if first == KEPT else gone, _attribute(field))
    return second if value is None else first


def kept_of(business_id: UUID, gone_id: UUID) -> LeadMerge | None:
    """Return where a card of the business went, or None for one that was not merged."""
    return LeadMerge.objects.filter(business_id=business_id, gone_id=gone_id).first()


def ids_of(lead: Lead) -> list[UUID]:
    """Return the ids under which the history has a person: his own, and those of the cards merged into his."""
    merged = LeadMerge.objects.filter(business_id=lead.business_id, kept=lead)
    return [lead.pk, *merged.values_list("gone_id", flat=True)]


def _check(kept: Lead, gone: Lead, choices: Mapping[str, str]) -> None:
    if kept.pk == gone.pk:
        raise Invalid(fields={"with": ["Choose another lead: this is the same one."]})
    if not set(choices) <= set(FIELDS) or not set(choices.values()) <= set(SIDES):
        raise Invalid(fields={"take": [f"Say {' or '.join(SIDES)} for any of {', '.join(FIELDS)}."]})


def _lock_parts(kept: Lead, gone: Lead) -> None:
    for part in parts:
        part.lock(kept, gone)


def _locked(kept: Lead, gone: Lead) -> tuple[Lead, Lead]:
    """Lock both, always in the same order, so that two merges of the same cards wait for each other and never cross."""
    both = Lead.objects.select_for_update().filter(business_id=kept.business_id, pk__in=(kept.pk, gone.pk))
    found = {lead.pk: lead for lead in both.order_by("pk")}
    if len(found) != 2:
        raise NotFound
    return found[kept.pk], found[gone.pk]


def _take(kept: Lead, gone: Lead, choices: Mapping[str, str]) -> list[str]:
    """Write the single values that stay, and return the fields of which they are those of the one that goes."""
    taken = [field for field in FIELDS if stays(kept, gone, choices, field) == GONE]
    taken = [field for field in taken if getattr(gone, _attribute(field)) is not None]
    for field in taken:
        # a sealed value is bound to its row: as that of another it is sealed anew
        setattr(kept, _attribute(field), getattr(gone, _attribute(field)))
    kept.notes = _joined_notes(kept, gone)
    kept.tags = list(dict.fromkeys([*kept.tags, *gone.tags]))
    kept.created_at = min(kept.created_at, gone.created_at)
    kept.last_contact_at = max(filter(None, (kept.last_contact_at, gone.last_contact_at)), default=None)
    kept.save(update_fields=[*taken, "notes", "tags", "created_at", "last_contact_at"])
    return taken


def _move(kept: Lead, gone: Lead) -> None:
    for part in parts:
        part.move(kept, gone)
    last = max((phone.position for phone in LeadPhone.objects.filter(lead=kept)), default=-1)
    for place, phone in enumerate(LeadPhone.objects.filter(lead=gone), start=last + 1):
        phone.position = place
        seal_anew(phone, "number", kept, gone, "position")
    seal_all_anew(Note.objects.filter(lead=gone), "body", kept, gone)
    _move_drafts(kept, gone)
    LeadToken.objects.filter(business_id=gone.business_id, lead_id=gone.pk).delete()
    index.rewrite(kept)


def _move_drafts(kept: Lead, gone: Lead) -> None:
    """Who writes on both cards keeps that of this one; what does not open was lost before, and is in nobody's way."""
    writing = NoteDraft.objects.fresh().filter(lead=kept).values("member")
    for draft in NoteDraft.objects.fresh().filter(lead=gone).exclude(member__in=writing):
        NoteDraft.objects.filter(lead=kept, member=draft.member_id).delete()
        with suppress(DecryptError):
            seal_anew(draft, "body", kept, gone)


def seal_all_anew(rows: Iterable[Any], field: str, kept: Lead, gone: Lead) -> None:
    """Give rows to the lead that stays, with the one sealed field that they have."""
    for row in rows:
        seal_anew(row, field, kept, gone)


def seal_anew(row: Any, field: str, kept: Lead, gone: Lead, *also: str) -> None:
    """Give a row to the lead that stays, with its sealed field. Raises DecryptError when that does not open."""
    row.lead = gone  # whose key is at hand
    text = getattr(row, field).reveal()
    row.lead = kept
    setattr(row, field, text)
    row.save(update_fields=["lead", field, *also])


def _remember(kept: Lead, gone: Lead, by: Member) -> None:
    """Who was sent to the card that goes is sent on: a chain of merges is one step long."""
    LeadMerge.objects.filter(business_id=kept.business_id, kept=gone).update(kept=kept)
    LeadMerge.objects.create(business_id=kept.business_id, gone_id=gone.pk, kept=kept, by=by)


def _joined_notes(kept: Lead, gone: Lead) -> str | None:
    texts = [lead.notes.reveal() for lead in (kept, gone) if lead.notes is not None]
    return "\n\n".join(text for text in texts if text) or None


def _attribute(field: str) -> str:
    """Return what holds the value: of another row its id, so that the row is not asked for."""
    return f"{field}_id" if field in ("assigned_to", "source") else field
