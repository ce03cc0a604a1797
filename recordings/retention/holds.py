"""Legal holds: a recording that is held is deleted by nothing, and neither is the person whose it is.

The hold stands on the recording, because that is what is deleted; why is a code, who and when stand beside it, and
every hold and lifting in the history.
"""

from django.db import transaction
from django.utils.timezone import now

from accounts.models import Member
from audit.recording import record
from callcrm.errors import Conflict
from recordings import fetching
from recordings.events import HoldLifted, RecordingHeld
from recordings.models import Recording
from recordings.retention import deletions
from telephony import feed


@transaction.atomic
def hold(recording: Recording, reason: Recording.HoldReason, *, by: Member) -> Recording:
    """Keep it until the hold is lifted. Holding twice changes nothing. Raises Conflict for what is gone."""
    mine = deletions.locked(recording.pk)
    if mine is None or mine.is_past_keeping:
        raise Conflict("There is nothing left of this recording to hold.")
    if not mine.is_held:
        mine.held_at, mine.held_by, mine.hold_reason = now(), by, reason
        _keep(mine)
        held = RecordingHeld(recording_id=mine.pk, call_id=mine.call_id, reason=reason.value)
        record(held, by=by, business_id=mine.business_id)
    return mine


@transaction.atomic
def lift(recording: Recording, *, by: Member) -> Recording:
    """Let its rule count again. Lifting twice changes nothing."""
    mine = deletions.locked(recording.pk)
    if mine is None:
        raise Conflict
    if mine.is_held:
        mine.held_at, mine.held_by, mine.hold_reason = None, None, ""
        _keep(mine)
        lifted = HoldLifted(recording_id=mine.pk, call_id=mine.call_id)
        record(lifted, by=by, business_id=mine.business_id)
        if mine.state == Recording.State.BLOCKED:
            fetching.let_copy_go(mine)
    return mine


def _keep(recording: Recording) -> None:
    recording.save(update_fields=["held_at", "held_by", "hold_reason"])
    feed.tell(recording.business_id, "recording.changed", recording.pk, recording.state)
