"""What a message says, in words, as the provider wrote it down: kept sealed, shown without numbers and addresses."""

from django.template.defaultfilters import pluralize

from accounts.models import Member
from leads import reveals
from recordings.events import TranscriptRevealed
from recordings.models import Recording, RecordingNote, RecordingQuerySet, mine
from telephony import feed
from telephony.ingest import Origin
from telephony.models import Call
from telephony.providers.base import TranscriptionUpdate


def written(origin: Origin, update: TranscriptionUpdate, call: Call) -> None:
    """Keep the words of a recording. The call is locked; they may come before the recording is told of."""
    same = mine(origin.business_id, call, update.recording_provider_id)
    recording = Recording.objects.select_for_update().filter(**same).first()
    recording = recording or Recording(**same, created_at=origin.received_at)
    recording.call = call
    if update.text is None or recording.state == Recording.State.DELETED:
        return
    recording.make_words_key()
    recording.transcript = update.text
    recording.save()
    feed.tell(origin.business_id, "recording.changed", recording.pk, recording.state)


def forget_words(recordings: RecordingQuerySet) -> None:
    """Recordings are deleted: what is written of them and their pictures go with them."""
    recordings.update(transcript=None, words_key=None, peaks=b"")
    RecordingNote.objects.filter(recording__in=recordings).delete()


def written_of(recording: Recording) -> str:
    """Say what is written of it and goes with it: "2 notes and the written message". Empty where nothing is."""
    notes = recording.notes.count()
    parts = [f"{notes} note{pluralize(notes)}"] * bool(notes)
    return " and ".join([*parts, *["the written message"] * bool(recording.transcript)])


def reveal(recording: Recording, reason: str, *, by: Member) -> reveals.Revealed:
    """Return the words as they were said. Raises like `leads.reveals.reveal`."""

    def told(why: str) -> TranscriptRevealed:
        return TranscriptRevealed(recording_id=recording.pk, call_id=recording.call_id, reason=why)

    return reveals.reveal_text(recording.transcript, told, reason, by=by)
