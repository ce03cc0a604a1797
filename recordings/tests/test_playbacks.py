"""Who may listens by a link of his own, a part at a time, and it stands in the history once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from accounts import limits
from accounts.permissions import GRANTS, Permission, Role
from audit.models import Entry
from callcrm.testing import add_call, add_lead, login
from leads.models import Source
from recordings import sealing, storage
from recordings.listening import ranges
from recordings.models import Playback, Recording
from recordings.retention import deletions
from recordings.tests.waiting import SECONDS, told
from telephony.models import Call
from tests.api import Api
from tests.carrier import wav

pytestmark = pytest.mark.django_db
AUDIO = wav(SECONDS, channels=2)
SIZE = len(AUDIO)


@pytest.fixture
def recording(world, folder):
    """A recording that is kept, of a call that the user may know of."""
    return keep(world, told(world))


def keep(world, recording):
    from callcrm.lib.crypto import chunks

    with world.inside():
        recording = Recording.objects.select_related("call__lead").get(pk=recording.pk)
        key, name = sealing.new_key(), storage.new_name()
        storage.kept_in().put(name, chunks.seal([AUDIO], key=key, context=recording.sound_context))
        recording.key, recording.stored_as, recording.size = sealing.wrapped(recording, key), name, SIZE
        recording.state, recording.audio_seconds = Recording.State.STORED, 5.0
        recording.content_type, recording.next_attempt_at = "audio/wav", None
        recording.save()
    return recording


@pytest.fixture
def user(world):
    return login(Client(), world.user)


def begin(client, recording, slug="acme"):
    answer = client.post(f"/b/{slug}/recordings/{recording.pk}/playbacks/")
    return f"{answer['Location']}audio/" if answer.status_code == 302 else answer


def played(world):
    return Entry.objects.filter(business_id=world.acme.pk, name="recording.played").count()


def test_a_recording_is_heard_a_part_at_a_time_and_stands_in_the_history_once(world, user, recording):
    link = begin(user, recording)
    first = user.get(link, headers={"Range": "bytes=0-99"})
    assert (first.status_code, first.content) == (206, AUDIO[:100])
    assert first["Content-Range"] == f"bytes 0-99/{SIZE}"
    rest = user.get(link, headers={"Range": "bytes=100-"})
    assert rest.content == AUDIO[100:]
    assert played(world) == 1


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        (f"bytes=10-{SIZE * 9}", 10, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes=-{SIZE * 9}", 0, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes = 5 - 6", 5, 7),
    ],
)
def test_each_part_is_the_part_that_was_asked_for(user, recording, asked, start, end):
    answer = user.get(begin(user, recording), headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, AUDIO[start:end])
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert int(answer["Content-Length"]) == end - start


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=999999999999999-", "bytes=5-4", "bytes=-0"])
def test_a_part_that_is_not_there_is_416(user, recording, asked):
    answer = user.get(begin(user, recording), headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize(
    "asked", ["", "bytes=-", "bytes=a-b", "bytes=0-1,5-6", "pages=1-2", "bytes=" + "9" * 99 + "-"]
)
def test_what_is_no_range_is_answered_whole(user, recording, asked):
    answer = user.get(begin(user, recording), headers={"Range": asked})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, AUDIO)


def test_no_part_is_larger_than_a_mebibyte(user, recording, monkeypatch):
    monkeypatch.setattr(ranges, "MOST", 1000)
    answer = user.get(begin(user, recording), headers={"Range": "bytes=0-"})
    assert answer["Content-Range"] == f"bytes 0-999/{SIZE}"


def test_nothing_keeps_a_copy_and_nothing_shows_it_as_a_page(user, recording):
    answer = user.get(begin(user, recording), headers={"Range": "bytes=0-9"})
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == "inline"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "audio/wav"


def test_a_link_that_is_opened_by_itself_gives_no_file(user, recording):
    link = begin(user, recording)
    assert user.get(link, headers={"Sec-Fetch-Dest": "document"}).status_code == 409
    assert user.get(link, headers={"Sec-Fetch-Dest": "audio"}).status_code == 200


def late(world, by, **how):
    with world.inside():
        for playback in Playback.objects.all():
            playback.ends_at -= by
            playback.save(update_fields=["ends_at"])


def test_a_link_that_is_not_used_within_a_minute_opens_nothing(world, user, recording):
    link = begin(user, recording)
    late(world, timedelta(seconds=61))
    assert user.get(link).status_code == 409


def test_a_link_that_was_used_lasts_ten_minutes_longer_than_the_recording(world, user, recording):
    link = begin(user, recording)
    assert user.get(link, headers={"Range": "bytes=0-9"}).status_code == 206
    late(world, timedelta(minutes=10, seconds=2))
    assert user.get(link, headers={"Range": "bytes=0-9"}).status_code == 206
    late(world, timedelta(seconds=4))
    assert user.get(link, headers={"Range": "bytes=0-9"}).status_code == 409


def test_a_link_is_for_the_session_that_asked_for_it_and_for_no_other(world, user, recording):
    link = begin(user, recording)
    for other in (login(Client(), world.user), login(Client(), world.owner), Client()):
        assert other.get(link).status_code in (302, 409)
    assert user.get(link).status_code == 200


def test_the_right_is_asked_again_for_every_part(world, user, recording):
    link = begin(user, recording)
    assert user.get(link, headers={"Range": "bytes=0-9"}).status_code == 206
    with world.inside():
        Call.objects.update(agent=world.owner)
    assert user.get(link, headers={"Range": "bytes=0-9"}).status_code == 404


@pytest.mark.parametrize("missing", [Permission.PLAY, Permission.DOWNLOAD])
def test_listening_and_taking_away_are_rights_of_their_own(world, recording, monkeypatch, missing):
    admin, program = login(Client(), world.admin), Api(world.admin)
    link, heard = begin(admin, recording), f"recordings/{recording.pk}/audio/"
    assert program.get(heard).status_code == 200
    monkeypatch.setitem(GRANTS, Role.ADMIN, GRANTS[Role.ADMIN] - {missing})
    listening = [
        admin.get(link),
        admin.get(link.removesuffix("audio/")),
        admin.post(f"/b/acme/recordings/{recording.pk}/playbacks/"),
        program.get(heard),
    ]
    taking = [admin.post(f"/b/acme/recordings/{recording.pk}/downloads/")]
    refused, allowed = (listening, taking) if missing == Permission.PLAY else (taking, listening)
    assert {answer.status_code for answer in refused} == {403}
    assert 403 not in {answer.status_code for answer in allowed}


def test_a_member_who_is_removed_hears_no_more(world, user, recording):
    link = begin(user, recording)
    world.user.removed_at = now()
    world.user.save()
    assert user.get(link).status_code == 404


def test_a_recording_of_a_call_that_one_may_not_know_of_is_not_there(world, user, folder):
    theirs = keep(world, told(world, add_call(world.acme, add_lead(world.acme), agent=world.owner)))
    assert begin(user, theirs).status_code == 404


def test_the_rival_finds_nothing(world, recording):
    rival = login(Client(), world.rival_owner)
    assert begin(rival, recording).status_code == 404
    assert begin(rival, recording, "rival").status_code == 404


def test_what_is_not_here_cannot_be_played(world, user):
    answer = user.post(f"/b/acme/recordings/{told(world).pk}/playbacks/")
    assert answer.status_code == 409
    assert played(world) == 0


def test_who_was_not_told_is_not_played(world, user, recording):
    with world.inside():
        Call.objects.update(notice="", flow=world.number.published)
    assert user.post(f"/b/acme/recordings/{recording.pk}/playbacks/").status_code == 409


def test_the_budget_of_a_member_is_held(world, user, recording, settings):
    settings.RATE_LIMIT_PLAYS = "2/h"
    assert limits.PLAYS.rate == "2/h"
    codes = [user.post(f"/b/acme/recordings/{recording.pk}/playbacks/").status_code for _ in range(3)]
    assert codes == [302, 302, 429]
    assert played(world) == 2


def test_without_scripts_a_page_plays(user, recording):
    page = user.post(f"/b/acme/recordings/{recording.pk}/playbacks/", follow=True).content.decode()
    assert "<audio controls" in page


def test_with_scripts_the_player_takes_the_place_of_the_button(user, recording):
    path = f"/b/acme/recordings/{recording.pk}/playbacks/"
    html = user.post(path, headers={"HX-Request": "true"}).content.decode()
    assert "<audio preload" in html
    assert "<html" not in html


def test_a_download_is_a_right_of_its_own_and_stands_in_the_history(world, user, recording):
    path = f"/b/acme/recordings/{recording.pk}/downloads/"
    assert user.post(path).status_code == 403
    answer = login(Client(), world.admin).post(path)
    assert b"".join(answer.streaming_content) == AUDIO
    assert re.fullmatch(
        r'attachment; filename="call-\d{4}-\d\d-\d\d-\d{4}-[a-z0-9-]+\.wav"', answer["Content-Disposition"]
    )
    assert Entry.objects.filter(name="recording.downloaded").count() == 1


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Google Ads", "call-2026-11-20-1608-google-ads.wav"),
        ("Straße „West“\r\n../x", "call-2026-11-20-1608-strae-west-x.wav"),
        ("屋根", "call-2026-11-20-1608.wav"),
        ("a" * 80, f"call-2026-11-20-1608-{'a' * 40}.wav"),
    ],
)
def test_a_file_is_named_by_when_it_was_and_its_source(world, recording, source, name):
    with world.inside():
        Call.objects.filter(pk=recording.call_id).update(started_at=datetime(2026, 11, 21, 0, 8, tzinfo=UTC))
        Source.objects.filter(pk=recording.call.source_id).update(name=source)
    answer = login(Client(), world.admin).post(f"/b/acme/recordings/{recording.pk}/downloads/")
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("after", [0, 1], ids=["at once", "after its head"])
def test_a_storage_that_does_not_give_it_is_said_and_is_no_fault(world, recording, monkeypatch, after):
    listener = login(Client(), world.admin)
    link, asked = begin(listener, recording), []

    def broken(_, name, start, end):
        asked.append(start)
        if len(asked) > after:
            raise storage.StorageError("storage_unreachable")
        return read(place, name, start, end)

    place, read = storage.kept_in(), storage.Folder.read_range
    monkeypatch.setattr(storage.Folder, "read_range", broken)
    answer = listener.get(link, headers={"Range": "bytes=0-99"})
    assert (answer.status_code, b"Our storage could not be reached." in answer.content) == (503, True)
    if not after:
        assert listener.post(f"/b/acme/recordings/{recording.pk}/downloads/").status_code == 503
    monkeypatch.setattr(storage.Folder, "read_range", read)
    assert listener.get(link, headers={"Range": "bytes=0-99"}).content == AUDIO[:100]


def test_a_deleted_person_takes_the_sound_along(world, user, recording):
    from leads import editing

    link = begin(user, recording)
    with world.inside():
        editing.delete(recording.call.lead, by=world.owner)
    assert user.get(link).status_code in (404, 409, 410, 503)


def test_what_is_deleted_is_served_to_nobody_from_that_moment_on(world, user, recording):
    link = begin(user, recording)
    assert user.get(link, headers={"Range": "bytes=0-99"}).status_code == 206
    with world.inside():
        deletions.delete(recording, Recording.Rule.CARD_DATA, by=world.owner)
    assert user.get(link, headers={"Range": "bytes=100-"}).status_code == 409


# --- Notes at a moment


def note(client, recording, at="0:03", body="Wants a quote.", **headers):
    return client.post(f"/b/acme/recordings/{recording.pk}/notes/", {"at": at, "body": body}, headers=headers)


def test_a_note_stands_at_its_moment_and_is_sealed(world, user, recording):
    assert note(user, recording, body="Call +1 206 555 0147 back.").status_code == 302
    page = user.get(f"/b/acme/calls/{recording.call_id}/").content.decode()
    assert 'data-moment="3"' in page
    assert "0147" not in page
    with world.inside():
        [kept] = Recording.objects.select_related("call__lead").get().notes.all()
        assert kept.body.reveal() == "Call +1 206 555 0147 back."
        assert "0147" not in str(type(kept).objects.values())


def test_with_scripts_the_note_is_there_at_once(user, recording):
    html = note(user, recording, **{"HX-Request": "true"}).content.decode()
    assert "Wants a quote." in html


def test_of_what_is_deleted_nothing_is_noted_any_more(world, user, recording):
    with world.inside():
        deletions.delete(recording, Recording.Rule.CARD_DATA, by=world.owner)
    assert note(user, recording).status_code == 409
    with world.inside():
        assert Recording.objects.get(pk=recording.pk).words_key is None


@pytest.mark.parametrize(
    ("at", "body"),
    [
        ("x", "a"),
        ("9:99:9", "a"),
        ("0:99", "a"),
        ("1:x", "a"),
        ("0:09", "a"),
        ("-1", "a"),
        ("1", ""),
        ("1", "a" * 1001),
        ("", "a"),
    ],
)
def test_a_note_that_cannot_be_is_refused(world, user, recording, at, body):
    assert note(user, recording, at, body).status_code == 422
    with world.inside():
        assert not recording.notes.exists()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_was_refused_of_a_note_stands_as_it_was_typed_with_the_reason_at_its_field(
    user, recording, headers
):
    note(user, recording, body="Was there before.")
    answer = note(user, recording, "5:00", "Wants a quote.", **headers)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="5:00"' in html
    assert 'value="Wants a quote."' in html
    assert f'aria-describedby="note-at-{recording.pk}"' in html
    assert "The recording is 0:" in html
    assert ("Was there before." in html) == bool(headers)  # a page of its own asks without scripts


@pytest.mark.parametrize("at", ["3", "0:03", "0:00:03", " 00:03 "])
def test_a_moment_is_read_as_people_write_it(world, user, recording, at):
    assert note(user, recording, at).status_code == 302
    with world.inside():
        assert [noted.at_seconds for noted in recording.notes.all()] == [3]
