"""What the provider tells of a recording, however often and late, lets it be fetched once."""

import pytest

from callcrm.testing import ACCOUNT_ID, sid
from recordings.models import Recording
from recordings.tests.waiting import AUDIO, again, attempt, complete, jobs, opened, untold
from tests import carrier as provider

pytestmark = pytest.mark.django_db
STATE = Recording.State


def test_a_complete_recording_is_asked_for_once_however_often_it_is_told(world, client):
    recording_sid = sid("RE")
    call_sid = complete(client, RecordingSid=recording_sid)
    complete(client, call_sid, RecordingSid=recording_sid, RecordingDuration="6")
    [job] = jobs()
    with world.inside():
        recording = Recording.objects.get()
    assert job.args == {"business_id": str(world.acme.pk), "recording_id": str(recording.pk)}
    assert (recording.state, recording.provider_account) == (STATE.PENDING, ACCOUNT_ID)


def test_a_late_delivery_does_not_reopen_what_is_kept(world, client, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    recording_sid = sid("RE")
    call_sid = complete(client, RecordingSid=recording_sid)
    with world.inside():
        recording = Recording.objects.get()
    kept = attempt(world, recording)
    for status in ("in-progress", "absent", "completed"):
        complete(client, call_sid, RecordingSid=recording_sid, RecordingStatus=status, Timestamp=status)
    after = again(world, recording)
    assert (after.state, after.stored_as, after.next_attempt_at) == (STATE.STORED, kept.stored_as, None)
    assert opened(world, recording) == AUDIO


def test_a_recording_without_a_notice_is_blocked_when_it_would_be_fetched(world, client, twilio):
    call = untold(world)
    complete(client, call.provider_id)
    with world.inside():
        recording = Recording.objects.get()
    assert recording.state == STATE.PENDING
    assert attempt(world, recording).state == STATE.BLOCKED
    complete(client, call.provider_id, RecordingSid=recording.provider_id)
    with world.inside():
        assert Recording.objects.get().state == STATE.BLOCKED
    assert twilio.asked == []
