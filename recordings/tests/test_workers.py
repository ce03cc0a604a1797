"""Real workers: two at once fetch once, and one that is killed leaves nothing that could be heard or is lost."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, connections
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from callcrm.lib.crypto import chunks
from recordings import fetching, tasks
from recordings.models import Recording
from recordings.tests.waiting import again, attempt, now_due, opened, told
from tests import carrier as provider
from tests.carrier import wait_for, wav

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
AUDIO = wav(30, channels=2)
WORK = "import django; django.setup(); from uuid import UUID; from recordings import fetching; fetching.fetch({}, {})"


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def jobs(recording):
    """Those of other tests are still there: the queue's tables are not emptied after each."""
    mine = ProcrastinateJob.objects.filter(task_name="recordings.tasks.fetch_recording")
    return list(mine.filter(args__recording_id=str(recording.pk)))


def test_two_workers_at_once_fetch_once(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    recording = told(world, duration_seconds=30)

    def work(_):
        try:
            fetching.fetch(recording.business_id, recording.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    done = again(world, recording)
    assert (done.state, done.attempts, len(twilio.asked)) == ("stored", 1, 1)
    assert [file.name for file in files(folder)] == [done.stored_as]


@pytest.fixture
def worker(twilio, folder, settings, tmp_path):
    """Starts a process that fetches a recording."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    environment = os.environ | {
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}")),
        "DJANGO_SETTINGS_MODULE": "callcrm.settings",
        "TWILIO_API_BASE_URL": twilio.base,
        "RECORDINGS_STORAGE_URL": settings.RECORDINGS_STORAGE_URL,
        "TMPDIR": str(tmp_path),
    }
    started = []

    def start(recording):
        work = WORK.format(repr(recording.business_id), repr(recording.pk))
        started.append(subprocess.Popen([sys.executable, "-c", work], cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("came", [0, 200_000, len(AUDIO) - 1], ids=["nothing", "some", "nearly all"])
def test_a_worker_killed_under_way_leaves_nothing_to_hear_and_the_next_one_brings_it(
    world, twilio, folder, worker, tmp_path, came
):
    gate = Event()
    twilio.will(provider.stalled(AUDIO, came, gate), provider.audio(AUDIO))
    recording = told(world, duration_seconds=30)
    process = worker(recording)
    written = max(0, came // chunks.CHUNK - 1) * chunks.CHUNK  # of two chunks the later one waits for its end
    wait_for(lambda: bool(twilio.asked) and sum(file.stat().st_size for file in files(folder)) >= written)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = again(world, recording)
    assert (left.state, left.attempts) == ("pending", 1)
    assert left.claimed_until <= now() + timedelta(seconds=60)
    for file in files(tmp_path):
        content = file.read_bytes()
        assert not any(AUDIO[at : at + 32] in content for at in range(44, min(len(AUDIO), 200_000), 4096))
    now_due(world, recording)
    fetching.sweep()
    assert len(jobs(recording)) == 1
    done = attempt(world, recording)
    assert (done.state, done.attempts) == ("stored", 2)
    assert opened(world, recording) == AUDIO
    assert [file.name for file in files(folder)] == [done.stored_as]


def test_a_slow_provider_does_not_take_all_threads(world, twilio, folder, monkeypatch):
    monkeypatch.setattr(tasks, "PATIENCE", 0.01)
    recording = told(world, next_attempt_at=now() - timedelta(minutes=1))
    ids = {"business_id": str(recording.business_id), "recording_id": str(recording.pk)}
    for _ in range(tasks.AT_ONCE):
        assert tasks._free.acquire(blocking=False)
    try:
        tasks.fetch_recording(**ids)
    finally:
        for _ in range(tasks.AT_ONCE):
            tasks._free.release()
    assert twilio.asked == []
    fetching.sweep()
    [job] = jobs(recording)  # what waits for a place is not asked for once more
    assert job.args == ids
    assert job.scheduled_at > now()
    assert job.priority < 0, "other jobs go first"


def test_the_job_fetches(world, twilio, folder):
    twilio.will(provider.audio(wav(5, channels=2)))
    recording = told(world)
    tasks.fetch_recording(business_id=str(recording.business_id), recording_id=str(recording.pk))
    assert again(world, recording).state == Recording.State.STORED
