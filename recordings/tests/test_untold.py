"""A recording of whose end the provider's word was lost: it does not come again, so it is asked for all the same."""

from datetime import timedelta

import pytest
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from callcrm.lib.http import FetchError
from callcrm.testing import add_call, add_lead, ring, sid, signed_post
from recordings import fetching
from recordings.models import Recording
from recordings.tests.waiting import AUDIO, again, attempt, jobs, opened, told
from telephony.models import Call, CallbackMiss
from tests import carrier as provider

pytestmark = pytest.mark.django_db
CALLER = "+12065550147"
POSTED = "https://elsewhere.example/2010-04-01/Accounts/AC1/Recordings/"


@pytest.fixture
def over(world, client):
    """Post how a call went of which one delivery was lost, and let a minute pass."""

    def act(route, recording_sid, **more):
        call_sid = ring(client, CALLER)
        about = {"CallSid": call_sid, "From": CALLER, "To": world.number.e164, "Direction": "inbound"}
        action = about | {"CallStatus": "in-progress", "RecordingUrl": POSTED + recording_sid} | more
        assert signed_post(client, route, action).status_code == 200
        ended = about | {"CallStatus": "completed", "CallDuration": "30", "SequenceNumber": "0"}
        assert signed_post(client, "voice-status", ended).status_code == 204
        with world.inside():
            Call.objects.filter(provider_id=call_sid).update(ended_at=now() - timedelta(seconds=61))
            return Recording.objects.get(provider_id=recording_sid)

    return act


def test_a_talk_is_fetched_though_nobody_said_that_it_is_complete(world, over, twilio, folder):
    leg = {"DialCallSid": sid("CA"), "DialCallStatus": "completed", "DialBridged": "true"}
    recording = over("dial-action", sid("RE"), **leg)
    assert attempt(world, recording).attempts == 0
    twilio.will(provider.audio(AUDIO))
    fetching.sweep()
    [job] = jobs()
    assert job.args["recording_id"] == str(recording.pk)
    done = attempt(world, recording)
    assert (done.state, done.is_complete, opened(world, done)) == ("stored", True, AUDIO)
    [asked] = twilio.asked
    assert "elsewhere" not in asked.path
    assert recording.provider_id in asked.path
    fetching.sweep()
    assert len(jobs()) == 1


def test_a_message_becomes_one_once_it_is_here(world, over, twilio, folder):
    recording = over("record-action", sid("RE"), RecordingDuration="5", Digits="hangup")
    assert again(world, recording).call.outcome == "missed"
    twilio.will(provider.audio(AUDIO))
    fetching.sweep()
    done = attempt(world, recording)
    assert (done.state, done.kind, done.call.outcome) == ("stored", "voicemail", "voicemail")
    with world.inside():
        assert [miss.kind for miss in CallbackMiss.objects.filter(call=done.call)] == ["voicemail"]


def begun(world, **values):
    call = add_call(world.acme, add_lead(world.acme), **values)
    return told(world, call, is_complete=False, asked_since=None, next_attempt_at=None)


@pytest.mark.parametrize(
    ("ended", "begun_ago", "is_asked"),
    [
        (timedelta(seconds=30), timedelta(minutes=5), False),  # it may still be told
        (timedelta(seconds=61), timedelta(minutes=5), True),
        (None, timedelta(minutes=5), False),  # it goes on
        (None, timedelta(hours=5), True),  # and so may it, but the end of the call was lost as well
    ],
)
def test_it_is_asked_for_a_minute_after_the_call(world, ended, begun_ago, is_asked):
    recording = begun(world, ended_at=ended and now() - ended)
    with world.inside():
        Recording.objects.update(created_at=now() - begun_ago)
    fetching.sweep()
    assert bool(again(world, recording).asked_since) is is_asked
    assert len(jobs()) == is_asked


@pytest.mark.parametrize("values", [{"state": "absent"}, {"state": "deleted"}, {"state": "blocked"}])
def test_what_is_settled_is_left_alone(world, values):
    recording = begun(world, ended_at=now() - timedelta(hours=1))
    with world.inside():
        Recording.objects.update(**values)
    fetching.sweep()
    assert again(world, recording).asked_since is None


def absent(client, recording):
    told = {"CallSid": recording.call.provider_id, "RecordingSid": recording.provider_id}
    assert signed_post(client, "recording-status", told | {"RecordingStatus": "absent"}).status_code == 204


def test_a_message_has_begun_as_long_ago_as_it_is_long(world, over):
    recording = over("record-action", sid("RE"), RecordingDuration="20")
    began = recording.created_at - again(world, recording).call.started_at
    assert timedelta(seconds=-21) < began < timedelta(seconds=-19)
    assert recording.duration_seconds == 20


def test_what_was_asked_for_and_is_absent_is_asked_for_no_more(world, over, twilio, folder, client):
    recording = over("record-action", sid("RE"))
    fetching.sweep()
    assert attempt(world, recording).failure == "status_404"
    absent(client, again(world, recording))
    gone = again(world, recording)
    assert (gone.state, gone.failure, gone.next_attempt_at) == ("absent", "", None)
    waiting = ProcrastinateJob.objects.count()
    fetching.sweep()
    assert ProcrastinateJob.objects.count() == waiting


def test_absent_counts_though_somebody_is_fetching_it(world, over, twilio, folder, client):
    recording = over("record-action", sid("RE"))
    fetching.sweep()
    claim = fetching._claim(recording.business_id, recording.pk)
    absent(client, again(world, recording))
    fetching._settle_failed(claim, FetchError("status_404"))
    assert again(world, recording).state == "absent"


@pytest.mark.parametrize("word", ["absent", "completed"])
def test_one_that_was_given_up_still_hears_what_is_told(world, client, word):
    recording = begun(world, ended_at=now() - timedelta(days=2))
    with world.inside():
        tried = {"state": "failed", "failure": "status_404", "asked_since": now() - timedelta(days=2)}
        Recording.objects.update(next_attempt_at=now() + timedelta(hours=1), **tried)
    told = {"CallSid": recording.call.provider_id, "RecordingSid": recording.provider_id}
    assert signed_post(client, "recording-status", told | {"RecordingStatus": word}).status_code == 204
    after = again(world, recording)
    assert after.state == ("absent" if word == "absent" else "pending")
    assert len(jobs()) == (word == "completed")


def test_what_the_provider_says_late_is_taken_in(world, over, twilio, folder, client):
    leg = {"DialCallSid": sid("CA"), "DialCallStatus": "completed", "DialBridged": "true"}
    recording = over("dial-action", sid("RE"), **leg)
    twilio.will(provider.audio(AUDIO))
    fetching.sweep()
    kept = attempt(world, recording)
    late = {"CallSid": kept.call.provider_id, "RecordingSid": kept.provider_id, "RecordingDuration": "5"}
    assert signed_post(client, "recording-status", late | {"RecordingStatus": "completed"}).status_code == 204
    after = again(world, recording)
    assert (after.state, after.stored_as, after.next_attempt_at) == ("stored", kept.stored_as, None)
