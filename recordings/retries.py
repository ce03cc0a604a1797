"""Somebody asks for a recording again, sooner than it comes by itself."""

from django.db import transaction
from django.utils.timezone import now

from accounts.models import Member
from audit.recording import record
from callcrm.errors import Conflict
from recordings import fetching
from recordings.events import RecordingRetried
from recordings.models import Recording


@transaction.atomic
def retry(recording: Recording, *, by: Member) -> None:
    """Let it be fetched now, and often for another day. Raises Conflict for what is not waiting for another attempt."""
    locked = Recording.objects.select_for_update().get(pk=recording.pk)
    if not locked.can_be_retried:
        raise Conflict("This recording is not waiting to be fetched again.")
    locked.asked_since = now()
    locked.save(update_fields=["asked_since"])
    fetching.ask(locked)
    record(
        RecordingRetried(recording_id=locked.pk, call_id=locked.call_id),
        by=by,
        business_id=locked.business_id,
    )
