"""The provider's copy goes only where the business wants it, and only after ours was read back."""

import pytest
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import businesses
from audit.models import Entry
from callcrm.testing import ACCOUNT_ID
from recordings import copies, storage
from recordings.models import Recording
from recordings.tests.waiting import SECONDS, again, attempt, now_due, told
from tests import carrier as provider
from tests.carrier import wav

pytestmark = pytest.mark.django_db
AUDIO = wav(SECONDS, channels=2)
COPY = Recording.Copy


@pytest.fixture
def kept(world, twilio, folder):
    """A recording that is kept, of a business that wants the provider's copy gone."""
    businesses.change(world.acme, {"delete_at_provider": True}, by=world.owner)
    twilio.will(provider.audio(AUDIO))
    recording = attempt(world, told(world))
    twilio.asked.clear()
    twilio.will(provider.status(204))
    return recording


def deleted(world, recording):
    now_due(world, recording)
    copies.delete(recording.business_id, recording.pk)
    return again(world, recording)


def deletions(twilio):
    return [asked.path for asked in twilio.asked if asked.method == "DELETE"]


def test_unless_the_business_wants_it_the_provider_keeps_its_copy(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    done = attempt(world, told(world))
    assert (done.provider_copy, done.next_attempt_at) == (COPY.KEPT, None)
    assert not ProcrastinateJob.objects.filter(task_name="recordings.tasks.delete_provider_copy").exists()


def test_a_copy_that_shall_go_is_deleted_once_with_the_accounts_credentials(world, twilio, kept):
    assert kept.provider_copy == COPY.LEAVING
    [job] = ProcrastinateJob.objects.filter(task_name="recordings.tasks.delete_provider_copy")
    assert job.args["recording_id"] == str(kept.pk)
    done = deleted(world, kept)
    assert (done.provider_copy, done.state, done.next_attempt_at) == (COPY.GONE, "stored", None)
    assert deletions(twilio) == [f"/2010-04-01/Accounts/{ACCOUNT_ID}/Recordings/{kept.provider_id}.json"]
    assert twilio.asked[0].headers["Authorization"].startswith("Basic ")
    assert (
        Entry.objects.filter(business_id=world.acme.pk, name="recording.provider_copy_deleted").count() == 1
    )
    deleted(world, kept)
    assert len(deletions(twilio)) == 1


def test_one_that_is_gone_already_counts_as_deleted(world, twilio, kept):
    twilio.will(provider.status(404))
    assert deleted(world, kept).provider_copy == COPY.GONE


def altered(folder, name):
    place = folder / name[:2] / name
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (altered, "altered"),
        (lambda folder, name: storage.kept_in().delete(name), "storage_missing"),
        (lambda folder, name: (folder / name[:2] / name).write_bytes(b""), "altered"),
    ],
    ids=["a bit", "lost", "empty"],
)
def test_it_is_not_deleted_when_ours_does_not_open(world, twilio, kept, folder, harm, code):
    harm(folder, kept.stored_as)
    tried = deleted(world, kept)
    assert (tried.provider_copy, tried.failure, tried.state) == (COPY.LEAVING, code, "stored")
    assert tried.next_attempt_at > now()
    assert deletions(twilio) == []


def test_it_is_not_deleted_when_ours_is_not_what_was_fetched(world, twilio, kept):
    with world.inside():
        Recording.objects.update(sha256="0" * 64)
    assert deleted(world, kept).failure == "altered"
    assert deletions(twilio) == []


def test_a_provider_that_refuses_is_asked_again(world, twilio, kept):
    twilio.will(provider.status(500), provider.status(204))
    tried = deleted(world, kept)
    assert (tried.provider_copy, tried.failure) == (COPY.LEAVING, "status_500")
    done = deleted(world, kept)
    assert (done.provider_copy, done.failure) == (COPY.GONE, "")
