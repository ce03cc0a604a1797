"""A worker killed at any step of keeping, copying or deleting a recording: the next ones bring it to its end."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import businesses
from recordings import attempts, copies, fetching, sealing, storage
from recordings.models import Recording
from recordings.retention import deletions
from recordings.tests.waiting import SECONDS, again, now_due, opened, told
from telephony.providers.twilio import client as twilio_client
from tests import carrier as provider
from tests.carrier import wav

pytestmark = pytest.mark.django_db
AUDIO = wav(SECONDS, channels=2)
WORK = {
    "fetch_recording": fetching.fetch,
    "delete_provider_copy": copies.delete,
    "remove_deleted": deletions.remove,
}
KEEPING = [
    (attempts, "take"),
    (fetching, "_job"),
    (fetching, "_name_place"),
    (storage.Folder, "put"),
    (sealing, "wrapped"),
    (fetching, "_settle_stored"),
    (copies, "_verify"),
    (twilio_client, "delete_recording"),
    (copies, "_settle"),
]
DELETING = [
    (attempts, "take"),
    (storage.Folder, "delete"),
    (deletions, "_remove_file"),
    (twilio_client, "delete_recording"),
    (deletions, "_remove_copy"),
    (deletions, "_settle"),
]


class Killed(BaseException):
    """Nothing after it is done, nothing catches it, and what was not committed is not there."""


def steps(places):
    return [
        pytest.param(where, name, when, id=f"{when} {name.strip('_')}")
        for where, name in places
        for when in ("before", "after")
    ]


def kill_once(monkeypatch, where, name, when):
    real, killed = getattr(where, name), []

    def step(*args, **kwargs):
        if killed:
            return real(*args, **kwargs)
        killed.append(name)
        if when == "after":
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(where, name, step)
    return killed


def work_on(world, recording):
    """Let the sweep and the workers come by until there is nothing to do; returns how often one was killed."""
    killed = 0
    for _ in range(10):
        if again(world, recording).next_attempt_at is None:
            return killed
        now_due(world, recording)
        fetching.sweep()
        jobs = ProcrastinateJob.objects.filter(
            queue_name=fetching.QUEUE, args__recording_id=str(recording.pk)
        )
        names = {name.rpartition(".")[2] for name in jobs.values_list("task_name", flat=True)}
        jobs.delete()  # a job is lost with its worker
        for task in names:
            try:
                WORK[task](recording.business_id, recording.pk)
            except Killed:
                killed += 1
    raise AssertionError(again(world, recording).told)


def files(folder):
    return [file.name for file in folder.rglob("*") if file.is_file()]


def has_it():
    return provider.by_path(dual=provider.audio(AUDIO), delete=provider.status(204))


@pytest.mark.parametrize(("where", "name", "when"), steps(KEEPING))
def test_what_is_killed_on_its_way_to_us_is_kept_once_and_then_gone_at_the_provider(
    world, twilio, folder, monkeypatch, where, name, when
):
    businesses.change(world.acme, {"delete_at_provider": True}, by=world.owner)
    twilio.will(has_it())
    recording = told(world)
    killed = kill_once(monkeypatch, where, name, when)
    assert work_on(world, recording) == len(killed) == 1
    done = again(world, recording)
    assert (done.state, done.provider_copy, done.failure) == ("stored", "gone", "")
    assert files(folder) == [done.stored_as]
    assert opened(world, recording) == AUDIO


@pytest.mark.parametrize(("where", "name", "when"), steps(DELETING))
def test_what_is_killed_while_it_is_deleted_is_gone_everywhere(
    world, twilio, folder, monkeypatch, where, name, when
):
    twilio.will(has_it())
    recording = told(world)
    work_on(world, recording)
    with world.inside():
        deletions.delete(again(world, recording), Recording.Rule.CARD_DATA, by=world.owner)
    killed = kill_once(monkeypatch, where, name, when)
    assert work_on(world, recording) == len(killed) == 1
    done = again(world, recording)
    assert (done.state, done.provider_copy, done.stored_as, files(folder)) == ("deleted", "gone", "", [])
