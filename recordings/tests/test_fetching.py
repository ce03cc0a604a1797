"""A recording is fetched once, checked, sealed and kept; what goes wrong leaves a reason and heals."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from audit.models import Entry
from callcrm.lib import http
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.testing import ACCOUNT_ID, SECRET, add_call, add_lead, ring, sid, signed_post
from leads import editing
from recordings import attempts, fetching, sealing, storage
from recordings.models import Recording
from recordings.storage import StorageError
from recordings.tasks import fetch_recording
from recordings.tests.waiting import AUDIO, SECONDS, again, attempt, jobs, now_due, opened, told
from telephony.models import Call, FeedFrame, ProviderAccount
from tests import carrier as provider
from tests.carrier import MEGABYTE, Carrier, wav

pytestmark = pytest.mark.django_db
STATE = Recording.State


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def happened(world, name):
    return Entry.objects.filter(business_id=world.acme.pk, name=name).count()


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


def test_a_practice_recording_plays_as_long_as_the_caller_talked(world, folder):
    call = add_call(world.acme, add_lead(world.acme), provider="practice")
    with world.inside():
        account = ProviderAccount(business=world.acme, provider="practice", account_id="PR1", secret="x" * 20)
        account.save()
    done = attempt(world, recording := told(world, call, provider_account="PR1", duration_seconds=9))
    assert (done.state, done.audio_seconds, done.channels) == (STATE.STORED, 9, 2)
    assert opened(world, recording) == opened(world, recording)


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


# --- What goes wrong

FAULTS = {
    "a page": (provider.html(), STATE.FAILED, "wrong_type"),
    "a page that says it is audio": (provider.body(b"<!doctype html><p>Sorry"), STATE.FAILED, "wrong_type"),
    "nothing": (provider.body(b""), STATE.FAILED, "wrong_type"),
    "half of it": (provider.cut(AUDIO), STATE.FAILED, "cut_short"),
    "half of it as if it were all": (provider.audio(AUDIO[: len(AUDIO) // 2]), STATE.FAILED, "cut_short"),
    "less than was told": (provider.audio(wav(SECONDS - 3)), STATE.FAILED, "wrong_length"),
    "more than was told": (provider.audio(wav(SECONDS + 3)), STATE.FAILED, "wrong_length"),
    "600 MB announced": (provider.body(b"RIFF", announced=600 * MEGABYTE), STATE.FAILED, "too_large"),
    "600 MB": (provider.endless(600), STATE.FAILED, "wrong_type"),
    "not yet": (provider.status(404), STATE.PENDING, "status_404"),
    "too often": (provider.status(429, Retry_After="7"), STATE.PENDING, "status_429"),
    "a fault": (provider.status(500), STATE.PENDING, "status_500"),
    "no more": (provider.status(401), STATE.FAILED, "status_401"),
    "no http": (provider.garbage(), STATE.PENDING, "unreachable"),
    "nothing for long": (provider.silence(), STATE.PENDING, "too_slow"),
    "a drip": (provider.drip(AUDIO), STATE.PENDING, "too_slow"),
}


@pytest.mark.parametrize(("reply", "state", "code"), FAULTS.values(), ids=FAULTS)
def test_what_goes_wrong_is_told_leaves_nothing_and_heals(
    world, twilio, folder, monkeypatch, reply, state, code
):
    twilio.will(reply)
    recording = told(world)
    with monkeypatch.context() as hurried:
        hurried.setattr(fetching, "FETCH_SECONDS", 1.0)
        tried = attempt(world, recording)
    assert (tried.state, tried.failure) == (state, code)
    assert files(folder) == []
    assert twilio.sent < 100 * MEGABYTE
    assert tried.claimed_until is None
    assert now() < tried.next_attempt_at <= now() + timedelta(seconds=60)
    assert jobs().count() == 1
    twilio.will(provider.audio(AUDIO))
    now_due(world, recording)
    healed = attempt(world, recording)
    assert (healed.state, healed.failure) == (STATE.STORED, "")
    assert opened(world, recording) == AUDIO


def test_600_mb_of_audio_are_not_taken_for_five_seconds(world, twilio, folder):
    twilio.will(provider.flood(AUDIO[:44], 600))
    tried = attempt(world, told(world))
    assert (tried.state, tried.failure) == (STATE.FAILED, "too_large")
    assert files(folder) == []
    assert twilio.sent < 100 * MEGABYTE


def test_a_redirect_to_another_port_of_this_machine_is_not_followed(world, twilio, folder):
    with Carrier() as other:
        other.will(provider.audio(AUDIO))
        twilio.will(provider.redirect(f"{other.base}/a.wav"))
        tried = attempt(world, told(world))
        assert (tried.state, tried.failure) == (STATE.FAILED, "refused_host")
        assert other.asked == []


def test_a_posted_address_is_never_asked(world, twilio, folder, client):
    with Carrier() as other:
        other.will(provider.audio(AUDIO))
        complete(client, RecordingUrl=f"{other.base}/posted.wav")
        with world.inside():
            recording = Recording.objects.get()
        twilio.will(provider.audio(AUDIO))
        assert attempt(world, recording).state == STATE.STORED
        assert other.asked == []


def test_an_id_that_is_none_of_twilios_is_not_asked_for(world, twilio):
    tried = attempt(world, told(world, provider_id="../../Accounts"))
    assert (tried.state, tried.failure) == (STATE.FAILED, "refused_host")
    assert twilio.asked == []


def test_without_its_account_it_says_so(world, twilio):
    tried = attempt(world, told(world, provider_account="AC" + "9" * 32))
    assert (tried.state, tried.failure) == (STATE.FAILED, "no_account")


@pytest.mark.parametrize("code", ["storage_full", "storage_readonly"])
def test_a_storage_that_takes_nothing_is_told_and_heals(world, twilio, folder, monkeypatch, code):
    twilio.will(provider.audio(AUDIO))
    recording = told(world)

    def full(*_):
        raise StorageError(code)

    with monkeypatch.context() as broken:
        broken.setattr(storage, "_write_all", full)
        tried = attempt(world, recording)
    assert (tried.state, tried.failure) == (STATE.FAILED, code)
    assert files(folder) == []
    now_due(world, recording)
    assert attempt(world, recording).state == STATE.STORED


def test_a_place_that_is_no_folder_is_told_and_heals(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    recording = told(world)
    folder.write_text("")
    assert attempt(world, recording).failure == "storage_unreachable"
    folder.unlink()
    now_due(world, recording)
    assert attempt(world, recording).state == STATE.STORED


def test_a_fault_of_ours_is_told_like_any_other(world, twilio, folder, monkeypatch):
    monkeypatch.setattr(storage, "new_name", lambda: 1 / 0)
    tried = attempt(world, told(world))
    assert (tried.state, tried.failure) == (STATE.FAILED, "fault")
    assert jobs().count() == 1


def test_the_same_reason_is_told_once(world, twilio):
    twilio.will(provider.status(404))
    recording = told(world)
    for _ in range(3):
        attempt(world, recording)
        now_due(world, recording)
    assert again(world, recording).attempts == 3
    assert happened(world, "recording.failed") == 1


def test_an_error_does_not_repeat_the_accounts_secret(world, twilio, folder, capfd):
    twilio.will(provider.status(401))
    attempt(world, told(world))
    out = "".join(capfd.readouterr())
    assert SECRET not in out
    assert ACCOUNT_ID not in out


# --- How often


@pytest.mark.parametrize("number", [1, 2, 5, 50, 5000])
def test_for_a_day_the_next_attempt_is_at_most_a_minute_away(number):
    waits = {attempts.wait(Recording(attempts=number, asked_since=now()), OSError()) for _ in range(50)}
    assert timedelta(seconds=1) <= min(waits)
    assert max(waits) <= timedelta(seconds=60)
    assert len(waits) > 40, "they do not come all at once"


def test_after_a_day_it_is_asked_for_about_hourly_and_somebody_should_look(world, twilio):
    twilio.will(provider.status(404))
    tried = attempt(world, told(world, asked_since=now() - timedelta(hours=25)))
    assert (tried.state, tried.failure) == (STATE.FAILED, "status_404")
    assert timedelta(minutes=44) < tried.next_attempt_at - now() <= timedelta(hours=1)


@pytest.mark.parametrize(("asked", "least"), [(30, 30), (3000, 55)])
def test_who_says_when_to_come_back_is_heard_within_a_minute(asked, least):
    failure = http.FetchError("status_429", retry_after=asked)
    waits = [attempts.wait(Recording(attempts=1, asked_since=now()), failure) for _ in range(5)]
    assert set(waits) == {timedelta(seconds=least)}


def test_a_job_does_not_come_before_its_time(world, twilio):
    twilio.will(provider.status(404))
    tried = attempt(world, told(world))
    [job] = jobs()
    assert tried.next_attempt_at <= job.scheduled_at + timedelta(seconds=1)


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


def untold(world):
    """A call of which it is known what was said, and no notice was."""
    return add_call(world.acme, add_lead(world.acme), notice="", flow=world.number.published)


def test_who_was_not_told_is_not_kept(world, twilio):
    tried = attempt(world, told(world, untold(world)))
    assert (tried.state, tried.next_attempt_at) == (STATE.BLOCKED, None)
    assert twilio.asked == []
    assert happened(world, "recording.blocked") == 1


def test_who_leaves_a_message_knows_it(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    assert attempt(world, told(world, untold(world), kind="voicemail")).state == STATE.STORED


# --- Two at once, and one that was killed


def test_what_comes_after_it_was_overtaken_does_not_count_and_is_removed(world, twilio, folder, monkeypatch):
    twilio.will(provider.audio(AUDIO))
    recording = told(world)
    put = storage.Folder.put

    def slow_put(self, name, blocks):
        put(self, name, blocks)
        with world.inside():
            Recording.objects.filter(pk=recording.pk).update(attempts=7)

    monkeypatch.setattr(storage.Folder, "put", slow_put)
    tried = attempt(world, recording)
    assert (tried.state, tried.attempts, tried.failure) == (STATE.PENDING, 7, "")
    assert files(folder) == []


def test_a_failure_after_it_was_overtaken_does_not_count(world, twilio, monkeypatch):
    def overtaken(*_):
        with world.inside():
            Recording.objects.update(attempts=7)
        raise StorageError("storage_full")

    monkeypatch.setattr(storage.Folder, "put", overtaken)
    twilio.will(provider.audio(AUDIO))
    assert attempt(world, told(world)).failure == ""
    assert jobs().count() == 0


def test_a_claim_is_kept_alive_while_the_audio_comes(world, twilio, folder, monkeypatch):
    monkeypatch.setattr(attempts, "RENEWED_AFTER", 0.0)
    recording, seen = told(world), []

    def watched(self, name, blocks):
        for _ in blocks:
            with world.inside():
                seen.append(Recording.objects.get(pk=recording.pk).claimed_until)

    monkeypatch.setattr(storage.Folder, "put", watched)
    twilio.will(provider.audio(wav(20, channels=2)))
    with world.inside():
        Recording.objects.update(duration_seconds=20)
    attempt(world, recording)
    assert len(set(seen)) > 3
    assert seen == sorted(seen)


def test_what_a_killed_worker_left_is_removed_by_the_next_attempt(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    left = storage.new_name()
    storage.kept_in().put(left, [b"sealed under a key that nobody has"])
    past = now() - timedelta(seconds=1)
    done = attempt(world, told(world, stored_as=left, attempts=1, claimed_until=past))
    assert (done.state, done.attempts) == (STATE.STORED, 2)
    assert [file.name for file in files(folder)] == [done.stored_as]


def test_a_killed_workers_claim_runs_out_within_a_minute():
    assert timedelta(seconds=60) >= attempts.LEASE
    assert attempts.LEASE.total_seconds() > http.IDLE_SECONDS + attempts.RENEWED_AFTER
    assert attempts.LEASE.total_seconds() > 2 * http.HEAD_SECONDS, (
        "it may be asked for twice before anything comes"
    )


def test_the_sweep_asks_again_for_what_is_late_in_every_business_and_for_nothing_else(world):
    late, past = now() - timedelta(minutes=1), now() - timedelta(seconds=1)
    lost = told(world, next_attempt_at=late)
    killed = told(world, next_attempt_at=late, claimed_until=past)
    copied = told(world, next_attempt_at=late, state=STATE.STORED, provider_copy="leaving")
    told(world, next_attempt_at=past)  # its job is on its way
    told(world, next_attempt_at=late, claimed_until=now() + timedelta(seconds=30))
    told(world, next_attempt_at=None)
    queued = told(world, next_attempt_at=late)
    ids = {"business_id": str(world.acme.pk), "recording_id": str(queued.pk)}
    fetch_recording.defer(**ids)
    fetching.sweep()
    fetching.sweep()
    assert jobs().filter(args__recording_id=str(queued.pk)).count() == 1
    jobs().filter(args__recording_id=str(queued.pk)).delete()
    assert jobs().count() == 2
    assert {job.args["recording_id"] for job in jobs()} == {str(lost.pk), str(killed.pk)}
    assert {job.args["recording_id"] for job in jobs("delete_provider_copy")} == {str(copied.pk)}


# --- Deliveries


def complete(client, call_sid="", **more):
    """Twilio tells that a recording is complete."""
    params = {
        "CallSid": call_sid or sid("CA"),
        "RecordingSid": sid("RE"),
        "RecordingStatus": "completed",
        "RecordingDuration": str(SECONDS),
        "RecordingChannels": "2",
        "RecordingSource": "DialVerb",
    } | more
    assert signed_post(client, "recording-status", params).status_code == 204
    return params["CallSid"]


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
