"""What does not go right with recordings: of each kind one or two, so that each can be looked at, and asked for again.

The provider's mistakes are over: whoever presses "Try again" has the recording, and so has everybody half a day later.
"""

from collections.abc import Iterator
from datetime import timedelta

from audit.events import Event
from callcrm.demo.scene import Scene
from callcrm.lib.ids import uuid7_at
from recordings.events import RecordingBlocked, RecordingFailed
from recordings.models import Recording
from telephony.models import Call, Outcome
from telephony.providers.base import Direction

LATER = timedelta(hours=12)  # so long there is something to look at
State, Kind = Recording.State, Recording.Kind


def happen(scene: Scene) -> None:
    """Let them happen to calls of the last days."""
    talks, messages = _on_their_way(scene, Kind.CALL), _on_their_way(scene, Kind.VOICEMAIL)
    _fail(scene, next(talks), State.FAILED, "cut_short")
    _fail(scene, next(talks), State.PENDING, "status_429")
    _fail(scene, next(messages), State.FAILED, "wrong_length")
    missed = (call for call in reversed(scene.calls) if _rang_in_vain(call))
    for call in (next(missed), next(missed)):
        scene.recordings.append(_told(scene, call, State.ABSENT))
    _block(scene)


def _on_their_way(scene: Scene, kind: Recording.Kind) -> Iterator[Recording]:
    """Yield what is about to be fetched, the newest first; the one that was paused is for listening."""
    paused = {pause.recording_id for pause in scene.pauses}
    for one in reversed(scene.recordings):
        may_be_kept = one.kind == Kind.VOICEMAIL or one.call.records
        if one.kind == kind and one.state == State.PENDING and may_be_kept and one.pk not in paused:
            yield one


def _fail(scene: Scene, recording: Recording, state: Recording.State, code: str) -> None:
    recording.state, recording.failure, recording.attempts = state, code, 4
    recording.next_attempt_at = scene.now + LATER
    _tell(scene, recording, RecordingFailed(recording_id=recording.pk, call_id=recording.call_id, why=code))


def _rang_in_vain(call: Call) -> bool:
    return call.records and call.outcome == Outcome.MISSED and call.direction == Direction.INBOUND


def _told(scene: Scene, call: Call, state: Recording.State) -> Recording:
    at = call.answered_at or call.started_at
    return Recording(
        pk=uuid7_at(at), business_id=scene.business.pk, call=call, provider_id=scene.provider_id("RE"),
        state=state, kind=Kind.CALL, channels=2, created_at=at, attempts=1,
        is_complete=state != State.ABSENT, duration_seconds=call.talk_seconds,
    )  # fmt: skip


def _block(scene: Scene) -> None:
    """Beside the one that its job is about to block: of this it has been done."""
    recorded = {recording.call_id for recording in scene.recordings}
    call = next(
        call
        for call in reversed(scene.calls)
        if call.answered_at and not call.records and call.pk not in recorded
    )
    recording = _told(scene, call, State.BLOCKED)
    scene.recordings.append(recording)
    _tell(scene, recording, RecordingBlocked(recording_id=recording.pk, call_id=call.pk))


def _tell(scene: Scene, recording: Recording, event: Event) -> None:
    lasts = timedelta(seconds=(recording.duration_seconds or 0) + 20)
    scene.tell(event, recording.created_at + lasts, None)
