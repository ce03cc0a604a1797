"""Notes at a moment of a recording, sealed like everything that is written about a person.

Who wrote one changes it; he and whoever runs the business remove it. Both name the note as they have seen it, so that
nobody writes over or removes what he has not read. Who removed one takes that back while his session has it
(`removed_notes.py`). Locks: the call, the recording, the note.
"""

from copy import copy
from uuid import UUID

from django.db import transaction
from django.utils.timezone import now

from accounts.models import Member
from accounts.permissions import Permission
from audit.events import Event
from audit.recording import record
from callcrm.errors import Conflict, Denied, Invalid
from callcrm.lib import times
from recordings.events import (
    RecordingNoteChanged,
    RecordingNoted,
    RecordingNotePutBack,
    RecordingNoteRemoved,
)
from recordings.models import Recording, RecordingNote
from telephony import feed
from telephony.models import Call

LONGEST = 1_000
UNSAID = f"Write 1 to {LONGEST:,} characters."
REMOVED = "This note was removed meanwhile."
BACK = "This note is there already."
CHANGED = "This note was changed meanwhile. Look at it as it is now."


@transaction.atomic
def add(recording: Recording, at_seconds: int, body: str, *, by: Member) -> RecordingNote:
    """Note something at a second of the recording. Raises Invalid naming what is wrong, Conflict once it is gone."""
    body = body.strip()
    check(recording, at_seconds, body)
    note = RecordingNote(
        business_id=recording.business_id, recording=_with_key(recording), at_seconds=at_seconds, author=by
    )
    note.body = body
    note.save(force_insert=True)
    event = RecordingNoted(recording_id=recording.pk, call_id=recording.call_id)
    _tell(note.recording, event, by)
    return note


@transaction.atomic
def change(note: RecordingNote, at_seconds: int, body: str, *, seen: str, by: Member) -> RecordingNote:
    """Say it of another moment or in other words; no words leave those that are there. `seen`: its `version` then.

    Raises Invalid naming what is wrong, Conflict for who has not written it and when it is not as he has seen it.
    """
    check_author(note, by)
    body = body.strip()
    check(note.recording, at_seconds, body or "as it is")
    row = _held(_with_key(note.recording), note.pk, seen)
    if not body and at_seconds == row.at_seconds:
        return row
    row.at_seconds, row.changed_at = at_seconds, now()
    if body:
        row.body = body
    row.save(update_fields=["at_seconds", "changed_at", *(["body"] if body else [])])
    _tell(row.recording, RecordingNoteChanged(**_ids(row)), by)
    return row


@transaction.atomic
def remove(note: RecordingNote, *, seen: str, by: Member) -> RecordingNote:
    """Remove it, and return what it was. Raises Denied for who may not, Conflict when it is not as he has seen it."""
    if not may_remove(note, by):
        raise Denied("A note is removed by who wrote it, or by an admin or owner.")
    row = _held(note.recording, note.pk, seen)
    gone, ids = copy(row), _ids(row)
    row.delete()
    _tell(note.recording, RecordingNoteRemoved(**ids), by)
    return gone


@transaction.atomic
def put_back(note: RecordingNote, *, by: Member) -> None:
    """Let a note that was removed be there again as it was. Raises Conflict when it is, or its recording is gone."""
    note.recording = _with_key(note.recording)
    if RecordingNote.objects.filter(pk=note.pk).exists():
        raise Conflict(BACK)
    if note.author_id and not Member.objects.filter(pk=note.author_id).exists():
        note.author = None
    note.save(force_insert=True)
    _tell(note.recording, RecordingNotePutBack(**_ids(note)), by)


def check_author(note: RecordingNote, by: Member) -> None:
    """Raise Conflict for who has not written it: no right lets anybody change the words of another."""
    if note.author_id != by.pk:
        raise Conflict("Only who wrote a note can change it.")


def may_remove(note: RecordingNote, member: Member) -> bool:
    return note.author_id == member.pk or member.can(Permission.ADMIN_PANEL)


def _held(recording: Recording, pk: UUID, seen: str) -> RecordingNote:
    row = RecordingNote.objects.select_for_update(of=("self",)).filter(recording=recording, pk=pk).first()
    if row is None:
        raise Conflict(REMOVED)
    if row.version != seen:
        raise Conflict(CHANGED)
    row.recording = recording
    return row


def check(recording: Recording, at_seconds: int, body: str) -> None:
    """Raise Invalid, naming all that is wrong with such a note."""
    wrong = {}
    length = int(recording.length.total_seconds())
    if not 0 <= at_seconds <= length + 1:  # what is rounded up is still its end
        wrong["at"] = [f"The recording is {times.duration(length)} long."]
    if not 1 <= len(body.strip()) <= LONGEST:
        wrong["body"] = [UNSAID]
    if wrong:
        raise Invalid(fields=wrong)


def _with_key(recording: Recording) -> Recording:
    """Return the recording with a key for what is written of it. Its call is locked, or it could change its person."""
    call = Call.objects.select_for_update(of=("self",)).select_related("lead").get(pk=recording.call_id)
    locked = Recording.objects.select_for_update().get(pk=recording.pk)
    if locked.state in Recording.GONE:
        raise Conflict("There is nothing left of this recording to note anything of.")
    locked.call = call
    locked.make_words_key()
    locked.save(update_fields=["words_key"])
    return locked


def _ids(note: RecordingNote) -> dict[str, UUID]:
    return {"recording_id": note.recording_id, "call_id": note.recording.call_id, "note_id": note.pk}


def _tell(recording: Recording, event: Event, by: Member) -> None:
    record(event, by=by, business_id=recording.business_id)
    feed.tell(recording.business_id, "recording.changed", recording.pk, recording.state)
