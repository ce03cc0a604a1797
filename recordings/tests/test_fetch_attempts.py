"""How often a recording is tried for, two who try at once, and one that was killed."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from callcrm.lib import http
from recordings import attempts, fetching, storage
from recordings.models import Recording
from recordings.storage import StorageError
from recordings.tasks import fetch_recording
from recordings.tests.waiting import (
    AUDIO,
    attempt,
    files,
    jobs,
    told,
)
from tests import carrier as provider
from tests.carrier import wav

pytestmark = pytest.mark.django_db
STATE = Recording.State


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
