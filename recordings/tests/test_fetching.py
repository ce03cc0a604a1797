"""A recording is fetched once, checked, sealed and kept, under the key of its person."""

from array import array
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from callcrm.lib.crypto.envelope import DecryptError
from callcrm.testing import ACCOUNT_ID, add_call, add_lead, ring
from leads import editing
from recordings import fetching, sealing
from recordings.models import Recording, RecordingPause
from recordings.tests.waiting import (
    AUDIO,
    SECONDS,
    again,
    attempt,
    complete,
    files,
    happened,
    opened,
    told,
    untold,
)
from telephony.models import Call, FeedFrame, ProviderAccount
from tests import carrier as provider
from tests.carrier import wav

pytestmark = pytest.mark.django_db
STATE = Recording.State


# --- It is kept


def test_a_recording_is_fetched_by_an_address_of_our_own_making_and_kept_sealed(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    done = attempt(world, recording := told(world))
    assert (done.state, done.failure, done.attempts) == (STATE.STORED, "", 1)
    assert (done.size, done.audio_seconds, done.content_type) == (len(AUDIO), SECONDS, "audio/wav")
    assert (done.next_attempt_at, done.claimed_until) == (None, None)
    assert opened(world, recording) == AUDIO
    [asked] = twilio.asked
    assert asked.path == (
        f"/2010-04-01/Accounts/{ACCOUNT_ID}/Recordings/{recording.provider_id}.wav?RequestedChannels=2"
    )
    assert asked.headers["Authorization"].startswith("Basic ")
    [file] = files(folder)
    assert AUDIO[1000:1064] not in file.read_bytes()
    assert happened(world, "recording.stored") == 1
    with world.inside():
        assert FeedFrame.objects.filter(kind="recording.changed", state="stored").count() == 1


def test_a_bucket_does_as_well(world, twilio, bucket):
    twilio.will(provider.audio(AUDIO))
    done = attempt(world, recording := told(world))
    assert done.state == STATE.STORED
    assert opened(world, recording) == AUDIO


def test_what_twilio_has_in_one_channel_is_taken_in_one(world, twilio, folder):
    mono = wav(SECONDS)
    twilio.will(provider.by_path(dual=provider.status(400), mono=provider.audio(mono)))
    done = attempt(world, recording := told(world))
    assert (done.state, done.channels) == (STATE.STORED, 1)
    assert opened(world, recording) == mono


def practised(world, seconds):
    """A recording of a practice caller."""
    call = add_call(world.acme, add_lead(world.acme), provider="practice")
    with world.inside():
        account = ProviderAccount(business=world.acme, provider="practice", account_id="PR1", secret="x" * 20)
        account.save()
    return told(world, call, provider_account="PR1", duration_seconds=seconds)


def test_a_practice_recording_plays_as_long_as_the_caller_talked(world, folder):
    done = attempt(world, recording := practised(world, 9))
    assert (done.state, done.audio_seconds, done.channels) == (STATE.STORED, 9, 2)
    assert opened(world, recording) == opened(world, recording)


@pytest.mark.parametrize(("resumed", "behind"), [(4.25, 4.25), (None, 7)])
def test_a_practice_recording_is_silent_where_it_was_paused_to_its_end_if_nobody_resumed_it(
    world, folder, resumed, behind
):
    """Of a short talk, so that no silence is the caller's own."""
    recording = practised(world, 7)
    after = {"paused_at": 1.5, "resumed_at": resumed}
    at = {name: recording.created_at + timedelta(seconds=s) for name, s in after.items() if s}
    with world.inside():
        RecordingPause.objects.create(business=world.acme, recording=recording, state="paused", **at)
    done, rate = attempt(world, recording), 8000
    samples = array("i", opened(world, recording)[44:])  # of both sides at once
    heard = {n / rate for n in range(len(samples)) if samples[n]}
    assert (done.audio_seconds, {at for at in heard if 1.5 <= at < behind}) == (7, set())
    assert any(1.4 < at < 1.5 for at in heard)
    assert behind == 7 or any(behind <= at < behind + 0.1 for at in heard)
    with world.inside():
        [mark] = again(world, recording).pause_marks
    assert (mark.start, mark.end) == (pytest.approx(1.5, abs=0.1), pytest.approx(behind, abs=0.1))


def test_who_is_about_to_fetch_locks_the_call_before_its_recording_as_deliveries_do(world, twilio, folder):
    """One that is blocked is told to its call: two in another order would wait for each other."""
    recording = told(world, untold(world))
    with CaptureQueriesContext(connection) as captured:
        fetching.fetch(recording.business_id, recording.pk)
    locks = [query["sql"] for query in captured if "FOR UPDATE" in query["sql"]]
    assert ['"telephony_call"' in sql.split("WHERE")[0] for sql in locks[:2]] == [True, False]
    with world.inside():
        assert Call.objects.get().recording_state == STATE.BLOCKED


# --- Whose key


def test_a_recording_goes_with_its_person(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    recording = told(world, add_call(world.acme, lead := add_lead(world.acme)))
    attempt(world, recording)
    with world.inside():
        editing.delete(lead, by=world.owner)
        kept = Recording.objects.select_related("call").get(pk=recording.pk)
        with pytest.raises(DecryptError):
            sealing.open_stored(kept)


def test_of_a_withheld_caller_it_hangs_on_the_call(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    recording = told(world, add_call(world.acme, withheld=True))
    attempt(world, recording)
    assert opened(world, recording) == AUDIO


def test_a_call_that_gets_its_person_late_takes_its_recordings_along(world, twilio, folder, client):
    twilio.will(provider.audio(AUDIO))
    call_sid = complete(client)
    with world.inside():
        recording = Recording.objects.get()
    attempt(world, recording)
    ring(client, "+12065550123", call_sid=call_sid)
    assert opened(world, recording) == AUDIO
    with world.inside():
        kept = Recording.objects.select_related("call").get()
        assert kept.call.lead_id
        editing.delete(kept.call.lead, by=world.owner)
        with pytest.raises(DecryptError):
            sealing.open_stored(Recording.objects.select_related("call").get())


def test_a_key_that_does_not_open_is_no_reason_to_refuse_a_call(world, client):
    call_sid = complete(client)
    with world.inside():
        Recording.objects.update(key=b"\0" * 60)
    ring(client, "+12065550123", call_sid=call_sid)
    with world.inside():
        assert Call.objects.get().lead_id


# --- What is not fetched

NOT_DUE = {
    "nothing to do": {"next_attempt_at": None},
    "later": {"next_attempt_at": now() + timedelta(hours=1)},
    "claimed": {"claimed_until": now() + timedelta(hours=1)},
    "going on": {"is_complete": False, "asked_since": None},
    "stored": {"state": STATE.STORED},
    "absent": {"state": STATE.ABSENT},
    "deleted": {"state": STATE.DELETED},
    "blocked": {"state": STATE.BLOCKED},
}


@pytest.mark.parametrize("values", NOT_DUE.values(), ids=NOT_DUE)
def test_what_is_not_due_is_not_asked_for(world, twilio, values):
    assert attempt(world, told(world, **values)).attempts == 0
    assert twilio.asked == []


def test_a_recording_of_another_business_is_not_there(world, twilio):
    fetching.fetch(world.rival.pk, told(world).pk)
    assert twilio.asked == []


def test_who_was_not_told_is_not_kept(world, twilio):
    tried = attempt(world, told(world, untold(world)))
    assert (tried.state, tried.next_attempt_at) == (STATE.BLOCKED, None)
    assert twilio.asked == []
    assert happened(world, "recording.blocked") == 1


def test_who_leaves_a_message_knows_it(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    assert attempt(world, told(world, untold(world), kind="voicemail")).state == STATE.STORED
