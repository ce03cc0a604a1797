"""A note at a moment is changed by who wrote it, removed by him or who runs the business, never overwritten."""

import re
from time import time

import pytest
from django.test import Client

from audit.models import Entry
from callcrm.errors import Conflict, Denied, Invalid
from callcrm.testing import add_call, add_lead, add_member, assert_flat_queries, login
from recordings.listening import notes, removed_notes
from recordings.models import Recording, RecordingNote
from recordings.retention import deletions
from telephony.models import Call

LIVE = {"HX-Request": "true"}


@pytest.fixture
def recording(world):
    """One of 94 seconds."""
    call = add_call(world.acme, add_lead(world.acme, name="Nora Quill"))
    values = {"provider_id": "RE1", "state": "stored", "audio_seconds": 94.0, "is_complete": True}
    with world.inside():
        Recording.objects.create(business=world.acme, call=call, created_at=call.started_at, **values)
        return Recording.objects.select_related("call__lead").get()


@pytest.fixture
def write(world, recording):
    def add(body="Wants a quote.", by=None):
        with world.inside():
            return notes.add(recording, 3, body, by=by or world.user)

    return add


@pytest.fixture
def press(world, client, recording):
    """Post what a form of a note holds when it is opened, with what is typed into it."""
    login(client, world.user)

    def post(note, what, headers=None, **typed):
        shown = {"at": "0:03", "body": "Wants a quote.", "seen": note.version} if what == "edits" else {}
        address = f"/b/acme/recording-notes/{note.pk}/{what}/"
        return client.post(address, shown | {"seen": note.version} | typed, headers=headers)

    return post


def kept(world, recording):
    with world.inside():
        found = RecordingNote.objects.filter(recording=recording).select_related("recording__call__lead")
        return [(note.at_seconds, note.body.reveal()) for note in found]


def told(world, name):
    with world.inside():
        return [(entry.actor, sorted(entry.data)) for entry in Entry.objects.filter(name=name)]


IDS = ["call_id", "note_id", "recording_id"]


def test_who_wrote_a_note_changes_its_words_and_its_moment(world, recording, write, press):
    note = write()
    assert (
        press(note, "edits", at="1:05", body="Wants two quotes.").url == f"/b/acme/calls/{recording.call_id}/"
    )
    assert kept(world, recording) == [(65, "Wants two quotes.")]
    assert told(world, "recording.note_changed") == [(world.user.audit_actor, IDS)]


def test_with_scripts_the_notes_stand_there_as_they_are_by_then(world, client, recording, write, press):
    note = write()
    html = press(note, "edits", LIVE, body="Wants two quotes.").content.decode()
    assert html.startswith(f'<div class="noted" id="noted-{recording.pk}">')
    assert "Wants two quotes." in html
    assert "user, changed</span>" in html
    with world.inside():
        note.refresh_from_db()
    html = press(note, "removals", LIVE).content.decode()
    assert "Wants two quotes." not in html
    assert "The note was removed." in html


def test_saving_what_was_there_is_no_change(world, recording, write, press):
    note = write()
    assert press(note, "edits").status_code == 302
    assert kept(world, recording) == [(3, "Wants a quote.")]
    assert told(world, "recording.note_changed") == []


def test_of_a_note_that_is_shown_in_part_the_form_holds_nothing_and_leaves_it(
    world, client, recording, write, press
):
    note = write("Call +1 206 555 0147 back.")
    page = client.get(f"/b/acme/calls/{recording.call_id}/").content.decode()
    assert re.search(r'<textarea[^>]*name="body"[^>]*></textarea>', page)
    assert press(note, "edits", at="5", body="").status_code == 302
    assert kept(world, recording) == [(5, "Call +1 206 555 0147 back.")]
    assert "0147" not in str(Entry.objects.values())


@pytest.mark.parametrize("headers", [None, LIVE])
@pytest.mark.parametrize(
    ("typed", "field"), [({"at": "5:00"}, "at"), ({"body": " "}, "body"), ({"body": "x" * 1001}, "body")]
)
def test_what_is_refused_stands_as_it_was_typed_with_the_reason_at_its_field(
    world, recording, write, press, headers, typed, field
):
    note = write()
    answer = press(note, "edits", headers, **typed)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="note-{field}-{note.pk}-error"' in html
    assert ("<html" in html) == (headers is None)
    assert kept(world, recording) == [(3, "Wants a quote.")]


def test_the_later_of_two_changes_is_refused_and_shown_what_stands_there(world, recording, write, press):
    seen = write()
    press(seen, "edits", body="First.")
    answer = press(seen, "edits", LIVE, body="Second.")
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "changed meanwhile" in html
    assert "First." in html
    assert ">Second.</textarea>" in html  # and is not lost
    assert kept(world, recording) == [(3, "First.")]
    [now] = re.findall(r'name="seen" value="([^"]+)"', html)
    assert press(seen, "edits", LIVE, body="Second.", seen=now).status_code == 200
    assert kept(world, recording) == [(3, "Second.")]


def test_what_was_changed_since_is_not_removed_and_what_was_removed_not_changed(
    world, recording, write, press
):
    seen = write()
    press(seen, "edits", body="First.")
    assert press(seen, "removals").status_code == 409
    with world.inside():
        seen.refresh_from_db()
    assert press(seen, "removals").status_code == 302
    for what in ("removals", "edits"):
        answer = press(seen, what, LIVE)
        assert answer.status_code == 404
        assert "removed meanwhile" in answer.content.decode()
    assert kept(world, recording) == []
    assert told(world, "recording.note_removed") == [(world.user.audit_actor, IDS)]


@pytest.mark.parametrize("who", ["owner", "admin"])
def test_who_runs_the_business_removes_the_note_of_another_and_changes_none(
    world, client, recording, write, press, who
):
    note = write()
    login(client, getattr(world, who))
    page = client.get(f"/b/acme/calls/{recording.call_id}/panel/").content.decode()
    assert f"/recording-notes/{note.pk}/removals/" in page
    assert f"/recording-notes/{note.pk}/edits/" not in page
    assert press(note, "edits", body="Not mine.").status_code == 409
    assert kept(world, recording) == [(3, "Wants a quote.")]
    assert press(note, "removals").status_code == 302
    assert kept(world, recording) == []


def test_a_colleague_neither_changes_nor_removes_it(world, client, recording, write, press):
    note = write()
    login(client, add_member(world.acme, "user", "colleague@acme.example"))
    page = client.get(f"/b/acme/calls/{recording.call_id}/").content.decode()
    assert "Wants a quote." in page
    assert f"/recording-notes/{note.pk}/" not in page
    assert [press(note, what).status_code for what in ("edits", "removals")] == [409, 403]
    assert kept(world, recording) == [(3, "Wants a quote.")]


def test_who_no_longer_sees_the_call_no_longer_reaches_his_note(world, recording, write, press):
    note = write()
    with world.inside():
        Call.objects.filter(pk=recording.call_id).update(agent=world.owner)
    assert [press(note, what).status_code for what in ("edits", "removals")] == [404, 404]
    assert kept(world, recording) == [(3, "Wants a quote.")]


def test_a_rival_cannot_tell_that_there_is_a_note(world, client, write, press):
    note = write()
    login(client, world.rival_owner)
    assert [press(note, what).status_code for what in ("edits", "removals")] == [404, 404]


def test_the_verbs_hold_the_rules_whoever_calls_them(world, recording, write):
    note, gone = write(), write()
    with world.inside():
        RecordingNote.objects.filter(pk=gone.pk).delete()
        for act, wrong in (
            (lambda: notes.change(gone, 3, "x", seen="", by=world.user), Conflict),
            (lambda: notes.remove(gone, seen="", by=world.user), Conflict),
            (lambda: notes.change(note, 3, "x", seen="", by=world.admin), Conflict),
            (
                lambda: notes.remove(
                    note, seen="", by=add_member(world.acme, "user", "colleague@acme.example")
                ),
                Denied,
            ),
            (lambda: notes.change(note, 500, "x", seen="", by=world.user), Invalid),
            (lambda: notes.change(note, 3, "x", seen="2026-01-01", by=world.user), Conflict),
            (lambda: notes.remove(note, seen="2026-01-01", by=world.user), Conflict),
        ):
            with pytest.raises(wrong):
                act()
    assert kept(world, recording) == [(3, "Wants a quote.")]


def test_notes_go_with_the_recording_and_are_not_changed_after_it(world, recording, write, press):
    note = write()
    with world.inside():
        deletions.delete(recording, Recording.Rule.CARD_DATA, by=world.owner)
    assert press(note, "edits", body="Too late.").status_code == 404


def test_the_page_of_a_call_costs_the_same_however_many_notes_it_has(world, client, recording, write):
    login(client, world.user)
    assert_flat_queries(lambda: client.get(f"/b/acme/calls/{recording.call_id}/"), write)


# --- A note that was removed is put back


def test_who_removed_a_note_puts_it_back_as_it_was(world, client, recording, write, press):
    note = write("Call +1 206 555 0147 back.")
    press(note, "edits", at="0:05", body="")
    with world.inside():
        note.refresh_from_db()
        before = vars(RecordingNote.objects.get())
    page = client.get(press(note, "removals").url).content.decode()
    undo = page.split('class="toast"')[-1].split('action="')[1].split('"')[0]
    assert kept(world, recording) == []
    assert client.post(undo).url == f"/b/acme/calls/{recording.call_id}/"
    with world.inside():
        after = vars(RecordingNote.objects.get())
    assert {**before, "_state": None} == {**after, "_state": None}
    assert kept(world, recording) == [(5, "Call +1 206 555 0147 back.")]
    assert told(world, "recording.note_put_back") == [(world.user.audit_actor, IDS)]


def test_with_scripts_the_toast_has_the_way_back_and_the_notes_stand_there_again(
    world, recording, write, press
):
    note = write()
    html = press(note, "removals", LIVE).content.decode()
    assert f'hx-post="/b/acme/recording-notes/{note.pk}/restorations/"' in html
    html = press(note, "restorations", LIVE).content.decode()
    assert html.startswith(f'<hx-partial hx-target="#noted-{recording.pk}"')
    assert "Wants a quote." in html
    assert press(note, "restorations", LIVE).status_code == 409  # and once is enough
    assert kept(world, recording) == [(3, "Wants a quote.")]


def test_nothing_of_a_removed_note_lies_in_the_session_that_can_be_read_there(world, client, write, press):
    note = write()
    press(note, "removals")
    session = client.session
    assert "quote" not in str(dict(session.items()))
    assert session["removed-notes"].keys() == {str(note.pk)}
    with world.inside():
        text = removed_notes._BOX.get(session, world.acme.pk, str(note.pk))
    assert "quote" not in text


def test_nobody_else_puts_it_back_and_nobody_late(world, client, recording, write, press, monkeypatch):
    note = write()
    press(note, "removals")
    undo = f"/b/acme/recording-notes/{note.pk}/restorations/"
    for other in (world.owner, add_member(world.acme, "user", "colleague@acme.example")):
        assert login(Client(), other).post(undo).status_code == 404
    monkeypatch.setattr("accounts.session_box.time", lambda: time() + 901)
    assert client.post(undo).status_code == 404
    assert kept(world, recording) == []


def test_a_note_does_not_come_back_where_its_recording_or_the_right_to_know_of_it_is_gone(
    world, recording, write, press
):
    unseen, gone = write(), write()
    for note in (unseen, gone):
        press(note, "removals")
    with world.inside():
        Call.objects.filter(pk=recording.call_id).update(agent=world.owner)
    assert press(unseen, "restorations").status_code == 404
    with world.inside():
        Call.objects.filter(pk=recording.call_id).update(agent=world.user)
        deletions.delete(recording, Recording.Rule.CARD_DATA, by=world.owner)
    answer = press(gone, "restorations")
    assert answer.status_code == 409
    assert "nothing left of this recording" in answer.content.decode()


def test_the_verb_puts_no_note_beside_itself(world, recording, write):
    note = write()
    with world.inside(), pytest.raises(Conflict):
        notes.put_back(note, by=world.user)
    assert kept(world, recording) == [(3, "Wants a quote.")]
