"""What a message says is kept sealed, whichever comes first, and goes with its person."""

import pytest
from django.test import Client

from audit.models import Entry
from callcrm.testing import add_call, add_lead, login, ring, sid, signed_post
from leads import editing
from recordings.models import Recording

pytestmark = pytest.mark.django_db
WORDS = "Hi, this is Nora. My number is 206 555 0147, please call me."


def tell(client, call_sid, recording_sid, text=WORDS, status="completed"):
    params = {
        "CallSid": call_sid,
        "RecordingSid": recording_sid,
        "TranscriptionSid": sid("TR"),
        "TranscriptionStatus": status,
        "TranscriptionText": text,
    }
    return signed_post(client, "transcription", params)


def complete(client, call_sid, recording_sid):
    params = {
        "CallSid": call_sid,
        "RecordingSid": recording_sid,
        "RecordingStatus": "completed",
        "RecordingDuration": "9",
        "RecordingSource": "RecordVerb",
    }
    assert signed_post(client, "recording-status", params).status_code == 204


@pytest.mark.parametrize("first", ["words", "sound"])
def test_the_words_are_kept_whichever_comes_first(world, client, first):
    call, recording_sid = ring(client, "+12065550147"), sid("RE")
    if first == "sound":
        complete(client, call, recording_sid)
    assert tell(client, call, recording_sid).status_code == 204
    if first == "words":
        complete(client, call, recording_sid)
    with world.inside():
        kept = Recording.objects.select_related("call__lead").get()
        assert (kept.transcript.reveal(), kept.kind, kept.state) == (WORDS, "voicemail", "pending")
        assert "0147" not in str(Recording.objects.values())


def test_words_that_come_twice_are_kept_once(world, client):
    call, recording_sid = ring(client, "+12065550147"), sid("RE")
    for _ in range(2):
        tell(client, call, recording_sid)
    with world.inside():
        assert Recording.objects.count() == 1


def test_words_that_the_provider_could_not_make_out_are_none(world, client):
    call = ring(client, "+12065550147")
    assert tell(client, call, sid("RE"), "", "failed").status_code == 204
    with world.inside():
        assert not Recording.objects.filter(transcript__isnull=False).exists()


def test_words_are_shown_without_numbers_and_revealed_for_a_reason(world, client):
    call = ring(client, "+12065550147")
    tell(client, call, sid("RE"))
    with world.inside():
        recording = Recording.objects.get()
    owner = login(Client(), world.owner)
    page = owner.get(f"/b/acme/calls/{recording.call_id}/").content.decode()
    assert "this is Nora" in page
    assert "0147," not in page
    path = f"/b/acme/recordings/{recording.pk}/transcript-reveals/"
    assert "206 555 0147" in owner.post(path, {"reason": "call_back"}).content.decode()
    assert Entry.objects.filter(name="recording.transcript_revealed").count() == 1


def test_words_follow_a_call_that_gets_its_person_late(world, client):
    call_sid, recording_sid = sid("CA"), sid("RE")
    tell(client, call_sid, recording_sid)
    ring(client, "+12065550147", call_sid=call_sid)
    with world.inside():
        kept = Recording.objects.select_related("call__lead").get()
        assert kept.call.lead is not None
        assert kept.transcript.reveal() == WORDS


def test_words_go_with_the_person(world, client):
    call = ring(client, "+12065550147")
    tell(client, call, sid("RE"))
    with world.inside():
        editing.delete(Recording.objects.get().call.lead, by=world.owner)
        left = Recording.objects.get()
    assert (left.state, left.transcript, left.words_key) == ("deleted", None, None)


def test_the_page_of_a_call_whose_person_is_gone_still_opens(world, client):
    lead = add_lead(world.acme, phones=["+12065550148"])
    call = add_call(world.acme, lead)
    tell(client, call.provider_id, sid("RE"))
    with world.inside():
        editing.delete(lead, by=world.owner)
    assert login(Client(), world.owner).get(f"/b/acme/calls/{call.pk}/").status_code == 200
