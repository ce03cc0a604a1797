"""Where a business asks for it, who listens to a recording says why first, and that stands in the history."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils.timezone import now

from accounts import businesses
from audit.models import Entry
from audit.recording import record
from callcrm.errors import Invalid
from callcrm.testing import login
from recordings.events import RecordingPlayed
from recordings.listening import playbacks
from recordings.listening.playbacks import ASKED_ONCE_IN
from recordings.models import Playback, Recording
from recordings.retention import deletions
from recordings.tests.test_playbacks import keep
from recordings.tests.waiting import told
from tests.api import Api

pytestmark = pytest.mark.django_db
ASKED = "Why do you listen?"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def recording(world, folder):
    businesses.change(world.acme, {"asks_why_played": True}, by=world.owner)
    return keep(world, told(world))


@pytest.fixture
def play(world, recording):
    browser = login(Client(), world.user)

    def post(client=browser, headers=None, **data):
        return client.post(f"/b/acme/recordings/{recording.pk}/playbacks/", data, headers=headers or {})

    return post


def said(world, name="recording.played"):
    return [entry.sentence for entry in Entry.objects.of(world.acme.pk).filter(name=name)]


def test_the_first_play_asks_and_the_answer_stands_in_the_history(world, play):
    asked = play()
    assert (asked.status_code, said(world)) == (200, []), "a question is no refusal"
    assert ASKED in asked.content.decode()
    assert "<html" in asked.content.decode(), "without scripts it is a page of its own"
    assert play(reason="dispute").status_code == 302
    assert said(world) == ["listened to a recording (for a dispute)"]


@pytest.mark.parametrize(("face", "place"), [("", "player"), ("row", "mini")])
def test_with_scripts_it_is_asked_over_the_player(recording, play, face, place):
    asked = play(headers=FRAGMENT, face=face)
    assert (asked.headers["HX-Retarget"], asked.headers["HX-Reswap"]) == (
        f"#why-{place}-{recording.pk}",
        "innerHTML",
    )
    assert f'hx-target="#{place}-{recording.pk}"' in asked.content.decode()
    assert "<html" not in asked.content.decode()
    answer = play(headers=FRAGMENT, face=face, reason="quality")
    assert "HX-Retarget" not in answer.headers
    assert f'id="{place}-{recording.pk}"' in answer.content.decode()
    assert f'id="why-{place}-{recording.pk}"' in answer.content.decode()
    assert "<audio" in answer.content.decode()


@pytest.mark.parametrize("headers", [{}, FRAGMENT])
def test_an_answer_without_a_reason_is_told_so(play, headers):
    assert "Choose a reason." not in play(headers=headers).content.decode()
    again = play(headers=headers, reason="")
    assert again.status_code == 422
    assert "Choose a reason." in again.content.decode()


def test_a_download_is_asked_each_time_and_its_reason_stands_in_the_history(world, recording):
    admin, path = login(Client(), world.admin), f"/b/acme/recordings/{recording.pk}/downloads/"
    assert (
        admin.post(f"/b/acme/recordings/{recording.pk}/playbacks/", {"reason": "quality"}).status_code == 302
    )
    for odd in ({}, {"reason": ""}, {"reason": "x"}, {"reason": "\x00"}):
        asked = admin.post(path, odd)
        assert asked.status_code == (422 if odd else 200)
        assert "Why do you download it?" in asked.content.decode()
        assert f'action="{path}"' in asked.content.decode()
    assert said(world, "recording.downloaded") == []
    assert admin.post(path, {"reason": "legal"}).status_code == 302
    assert said(world, "recording.downloaded") == ["downloaded a recording (for a legal request)"]
    assert "Why do you download it?" in admin.post(path).content.decode()


def test_after_the_question_the_file_comes_by_itself_once_and_the_way_back_stands_there(world, recording):
    admin, path = login(Client(), world.admin), f"/b/acme/recordings/{recording.pk}/downloads/"
    assert admin.get(f"{path}file/").status_code == 409
    answer = admin.post(path, {"reason": "legal"})
    page = admin.get(answer.url).content.decode()
    assert f'<meta http-equiv="refresh" content="0; url={path}file/">' in page
    assert f'href="/b/acme/calls/{recording.call_id}/"' in page
    other = login(Client(), world.admin)
    assert other.get(f"{path}file/").status_code == 409, "it belongs to the session that gave the reason"
    file = admin.get(f"{path}file/")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(file.streaming_content)
    assert admin.get(f"{path}file/").status_code == 409
    assert "http-equiv" not in admin.get(answer.url).content.decode()
    assert len(said(world, "recording.downloaded")) == 1


def test_a_file_that_nobody_fetches_in_time_is_asked_for_again(world, recording):
    admin, path = login(Client(), world.admin), f"/b/acme/recordings/{recording.pk}/downloads/"
    admin.post(path, {"reason": "legal"})
    session = admin.session
    session["taken"] = {str(recording.pk): session["taken"][str(recording.pk)] - 61}
    session.save()
    assert admin.get(f"{path}file/").status_code == 409
    admin.post(path, {"reason": "legal"})
    with world.inside():
        deletions.delete(recording, Recording.Rule.REQUEST, by=world.owner)
    assert admin.get(f"{path}file/").status_code == 409


def test_no_verb_lets_a_recording_be_taken_away_unexplained(world, recording):
    with world.inside(), pytest.raises(Invalid):
        playbacks.download(recording, by=world.admin)


def test_within_ten_minutes_it_is_asked_once_in_the_same_session(world, play):
    play(reason="quality")
    assert play().status_code == 302
    assert said(world)[0] == "listened to a recording"
    assert ASKED in play(login(Client(), world.user)).content.decode()
    with world.inside():
        Playback.objects.update(created_at=now() - ASKED_ONCE_IN - timedelta(seconds=1))
    assert ASKED in play().content.decode()


def test_a_play_without_a_reason_puts_the_next_question_off_for_nobody(world, play):
    play(reason="quality")
    for status in (302, 200):
        with world.inside():
            Playback.objects.update(created_at=F("created_at") - timedelta(minutes=9))
        assert play().status_code == status


@pytest.mark.parametrize("odd", ["x", "\x00", "Dispute", "dispute ", "verify", "9" * 5000])
def test_what_is_no_reason_is_asked_for_again(world, play, odd):
    play(reason="quality")
    assert play(reason=odd).status_code == 422
    assert len(said(world)) == 1


def test_a_program_says_it_in_a_header(world, recording):
    path = f"recordings/{recording.pk}/audio/"
    api = Api(world.user)
    refused = api.get(path)
    assert (refused.status_code, refused.json()["error"]["fields"].keys()) == (400, {"reason"})
    header = {"X-Play-Reason": "legal"}
    assert api.client.get(f"/api/v1/{path}", headers=header).status_code == 200
    assert api.get(path).status_code == 200  # the same playback goes on
    assert said(world) == ["listened to a recording (for a legal request)"]


def test_where_nobody_asks_nothing_changes(world, recording, play):
    businesses.change(world.acme, {"asks_why_played": False}, by=world.owner)
    assert play(reason="odd").status_code == 302
    assert said(world) == ["listened to a recording"]
    path = f"/b/acme/recordings/{recording.pk}/downloads/"
    assert login(Client(), world.admin).post(path, {"reason": "legal"}).status_code == 200
    assert said(world, "recording.downloaded") == ["downloaded a recording"]


def test_what_was_played_before_still_reads_well(world):
    with world.inside():
        record(
            RecordingPlayed(recording_id=world.acme.pk, call_id=world.acme.pk),
            by=world.user,
            business_id=world.acme.pk,
        )
    entry = Entry.objects.of(world.acme.pk).get(name="recording.played")
    entry.data["reason"] = "complaint"
    assert entry.sentence == "listened to a recording (for a complaint)"
    del entry.data["reason"]
    assert entry.sentence == "listened to a recording"


def test_an_admin_switches_it_on_in_the_settings(world, client):
    page = login(client, world.admin).get("/b/acme/settings/").content.decode()
    assert "Ask for a reason before somebody listens" in page
    values = {"name": "Acme Roofing", "timezone": "America/Los_Angeles", "region": "US"}
    assert client.post("/b/acme/settings/", values | {"asks_why_played": "on"}).status_code == 302
    world.acme.refresh_from_db()
    assert world.acme.asks_why_played
    client.post("/b/acme/settings/", values)
    world.acme.refresh_from_db()
    assert not world.acme.asks_why_played
