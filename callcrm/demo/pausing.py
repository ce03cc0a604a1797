"""A card number was coming: the last long talk that is kept was paused for a while."""

from datetime import timedelta

from audit.events import Event
from callcrm.demo.scene import Scene
from recordings.events import RecordingPaused, RecordingPauseWished, RecordingResumed, RecordingResumeWished
from recordings.models import Recording, RecordingPause

LONG = 120  # seconds
AFTER, FOR = timedelta(seconds=45), timedelta(seconds=32)


def pause(scene: Scene) -> None:
    """Pause it once; who talked pressed the buttons."""
    recording = next(each for each in reversed(scene.recordings) if _is_long(each))
    paused, agent = recording.created_at + AFTER, recording.call.agent
    resumed = paused + FOR
    scene.pauses.append(
        RecordingPause(
            business_id=scene.business.pk,
            recording=recording,
            state=RecordingPause.State.RESUMED,
            wished_at=resumed,
            wished_by=agent,
            paused_at=paused,
            resumed_at=resumed,
            attempts=2,
        )
    )
    ids = {"recording_id": recording.pk, "call_id": recording.call_id}
    begun: list[Event] = [RecordingPauseWished(**ids), RecordingPaused(**ids)]
    over: list[Event] = [RecordingResumeWished(**ids), RecordingResumed(**ids)]
    for event in begun:
        scene.tell(event, paused, agent)
    for event in over:
        scene.tell(event, resumed, agent)


def _is_long(recording: Recording) -> bool:
    talk = recording.kind == Recording.Kind.CALL and recording.call.records
    return talk and recording.state == Recording.State.PENDING and (recording.duration_seconds or 0) >= LONG
