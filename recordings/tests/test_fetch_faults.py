"""What goes wrong while a recording is fetched is told, leaves nothing and heals."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from callcrm.testing import ACCOUNT_ID, SECRET
from recordings import fetching, storage
from recordings.models import Recording
from recordings.storage import StorageError
from recordings.tests.waiting import (
    AUDIO,
    SECONDS,
    again,
    attempt,
    complete,
    files,
    happened,
    jobs,
    now_due,
    opened,
    told,
)
from tests import carrier as provider
from tests.carrier import MEGABYTE, Carrier, wav

pytestmark = pytest.mark.django_db
STATE = Recording.State


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
