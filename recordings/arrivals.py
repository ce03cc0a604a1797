"""The provider tells of a recording. Once it is complete, a job fetches it."""

from django.utils.timezone import now

from recordings import fetching
from recordings.models import Recording, mine
from telephony import feed
from telephony.ingest import Origin
from telephony.models import Call
from telephony.providers.base import RecordingKind, RecordingState, RecordingUpdate

# From the others nothing that is delivered leads back.
_OPEN = (Recording.State.PENDING, Recording.State.ABSENT, Recording.State.BLOCKED)


def arrived(origin: Origin, update: RecordingUpdate, call: Call) -> None:
    """Take in what a delivery says of a recording. The call is locked; any order ends the same."""
    same = mine(origin.business_id, call, update.provider_id)
    recording = Recording.objects.select_for_update().filter(**same).first()
    recording = recording or Recording(**same, created_at=origin.received_at)
    recording.call = call
    was_complete = recording.is_complete
    _merge(recording, origin, update)
    if recording.state in _OPEN or (recording.state == Recording.State.FAILED and not was_complete):
        _decide(recording, update, was_complete=was_complete)
    recording.save()
    call.has_voicemail = call.has_voicemail or (
        recording.kind == Recording.Kind.VOICEMAIL and recording.is_complete
    )
    feed.tell(origin.business_id, "recording.changed", recording.pk, recording.state)


def _merge(recording: Recording, origin: Origin, update: RecordingUpdate) -> None:
    recording.provider_account = update.account_id
    recording.created_at = min(recording.created_at, update.at or origin.received_at)
    recording.kind = update.kind.value if update.kind is RecordingKind.VOICEMAIL else recording.kind
    recording.duration_seconds = max(recording.duration_seconds or 0, update.duration or 0) or None
    if recording.state != Recording.State.STORED:  # what is kept says itself how many it has
        recording.channels = max(recording.channels or 0, update.channels or 0) or None
    recording.is_complete = recording.is_complete or update.state is RecordingState.COMPLETED


def _decide(recording: Recording, update: RecordingUpdate, *, was_complete: bool) -> None:
    if not recording.is_complete:
        if update.state is RecordingState.ABSENT:
            _leave(recording)
    elif recording.state != Recording.State.BLOCKED:  # whether it may be kept is asked when it is fetched
        recording.state = Recording.State.PENDING
        if recording.asked_since is None or not was_complete:
            recording.asked_since = now()
            recording.save()
            fetching.ask(recording)


def _leave(recording: Recording) -> None:
    """There is nothing to fetch: whoever has been asked to, because nothing was told, is overtaken."""
    recording.state, recording.failure = Recording.State.ABSENT, ""
    recording.attempts += 1
    recording.asked_since = recording.next_attempt_at = recording.claimed_until = None
