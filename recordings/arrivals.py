"""The provider tells of a recording. It is kept and shown; its audio stays where it is until it is fetched."""

from recordings.models import Recording, mine
from telephony import feed
from telephony.ingest import Origin
from telephony.models import Call
from telephony.providers.base import RecordingKind, RecordingState, RecordingUpdate


def arrived(origin: Origin, update: RecordingUpdate, call: Call) -> None:
    """Take in what a delivery says of a recording. The call is locked; any order ends the same."""
    same = mine(origin.business_id, call, update.provider_id)
    recording = Recording.objects.filter(**same).first() or Recording(**same, created_at=origin.received_at)
    recording.created_at = min(recording.created_at, update.at or origin.received_at)
    recording.kind = update.kind.value if update.kind is RecordingKind.VOICEMAIL else recording.kind
    recording.duration_seconds = max(recording.duration_seconds or 0, update.duration or 0) or None
    recording.channels = max(recording.channels or 0, update.channels or 0) or None
    recording.is_complete = recording.is_complete or update.state is RecordingState.COMPLETED
    if update.state is RecordingState.ABSENT and not recording.is_complete:
        recording.state = Recording.State.ABSENT
    elif recording.is_complete:
        recording.state = Recording.State.PENDING
    recording.save()
    call.has_voicemail = call.has_voicemail or (
        recording.kind == Recording.Kind.VOICEMAIL and recording.is_complete
    )
    feed.tell(origin.business_id, "recording.changed", recording.pk, recording.state)
