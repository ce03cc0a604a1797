"""Somebody who does not want to wait asks for a recording again, on the page of its call."""

import pytest
from django.urls import reverse
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.permissions import Role
from audit.models import Entry
from callcrm.testing import add_call, add_member, login
from recordings import retries
from recordings.models import Recording
from recordings.tests.waiting import again, told

pytestmark = pytest.mark.django_db
FAILED = {"state": "failed", "failure": "wrong_type"}


def page(recording):
    return reverse("call", args=["acme", recording.call_id])


def address(recording):
    return reverse("recording-retries", args=["acme", recording.pk])


def jobs():
    return ProcrastinateJob.objects.filter(task_name="recordings.tasks.fetch_recording").count()


def test_a_failed_recording_says_why_and_offers_another_try(world, client):
    recording = told(world, **FAILED)
    shown = login(client, world.user).get(page(recording)).content.decode()
    assert "What the provider sent is no audio. It is tried again by itself." in shown
    assert address(recording) in shown


def test_asking_again_fetches_now_and_stands_in_the_history(world, client):
    recording = told(world, **FAILED, next_attempt_at=None)
    answer = login(client, world.user).post(address(recording))
    assert (answer.status_code, answer.headers["Location"]) == (302, page(recording))
    asked = again(world, recording)
    assert asked.next_attempt_at <= now()
    assert jobs() == 1
    [entry] = Entry.objects.filter(name="recording.retried")
    assert (entry.actor, entry.subject_id) == (world.user.audit_actor, recording.pk)


@pytest.mark.parametrize("state", ["stored", "absent", "deleted", "blocked", "pending"])
def test_what_does_not_wait_for_another_try_is_not_asked_for(world, client, state):
    recording = told(world, state=state, next_attempt_at=None)
    login(client, world.user)
    assert address(recording) not in client.get(page(recording)).content.decode()
    assert client.post(address(recording)).status_code == 409
    assert jobs() == 0


def test_the_recording_of_a_colleagues_call_is_not_there(world, client):
    colleague = add_member(world.acme, Role.USER, "second@acme.example")
    recording = told(world, add_call(world.acme, agent=colleague), **FAILED)
    assert login(client, world.user).post(address(recording)).status_code == 404
    assert login(client, world.rival_owner).post(address(recording)).status_code == 404
    assert jobs() == 0


def test_looking_changes_nothing(world, client):
    assert login(client, world.owner).get(address(told(world, **FAILED))).status_code == 405


def test_a_retry_that_is_rolled_back_asks_for_nothing(world, monkeypatch):
    recording = told(world, **FAILED)
    monkeypatch.setattr(retries, "record", lambda *_, **__: 1 / 0)
    with world.inside(), pytest.raises(ZeroDivisionError):
        retries.retry(Recording.objects.get(pk=recording.pk), by=world.owner)
    assert jobs() == 0
