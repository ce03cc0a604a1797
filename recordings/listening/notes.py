"""Notes at a moment of a recording, sealed like everything that is written about a person."""

from django.db import transaction

from accounts.models import Member
from audit.recording import record
from callcrm.errors import Conflict, Invalid
from callcrm.lib import times
from recordings.events import RecordingNoted
from recordings.models import Recording, RecordingNote
from telephony import feed
from telephony.models import Call

LONGEST = 1_000


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
    _tell(note, by)
    return note


def check(recording: Recording, at_seconds: int, body: str) -> None:
    """Raise Invalid, naming all that is wrong with such a note."""
    wrong = {}
    length = int(recording.length.total_seconds())
    if not 0 <= at_seconds <= length + 1:  # what is rounded up is still its end
        wrong["at"] = [f"The recording is {times.duration(length)} long."]
    if not 1 <= len(body.strip()) <= LONGEST:
        wrong["body"] = [f"Write 1 to {LONGEST:,} characters."]
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


def _tell(note: RecordingNote, by: Member) -> None:
    recording = note.recording
    event = RecordingNoted(recording_id=recording.pk, call_id=recording.call_id)
    record(event, by=by, business_id=recording.business_id)
    feed.tell(recording.business_id, "recording.changed", recording.pk, recording.state)
