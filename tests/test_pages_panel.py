"""What a row and the call that is open below it say, to whom."""

import pytest

from accounts import visits
from audit.models import Entry
from callcrm.testing import add_call, add_lead, add_leg, add_superuser, assert_flat_queries, login
from recordings.listening import notes
from recordings.models import Recording
from telephony import editing
from telephony.models import Call

LIST = "/b/acme/calls/"


def add_recording(world, call, **values):
    fields = {"provider_id": "RE1", "created_at": call.started_at, "is_complete": True} | values
    with world.inside():
        return Recording.objects.create(business=world.acme, call=call, **fields)


def panel(call):
    return f"{LIST}{call.pk}/panel/"


@pytest.fixture
def call(world):
    call = add_call(world.acme, add_lead(world.acme, name="Nora Quill"), note="Has a dog.")
    add_leg(call)
    return call


@pytest.fixture
def shown(world, client):
    login(client, world.owner)
    return lambda path: client.get(path).content.decode()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, ">recording on its way<"),
        ({"state": "failed", "failure": "status_503"}, ">recording failed<"),
        ({"state": "blocked"}, ">not kept: no notice<"),
        ({"state": "deleted"}, ">deleted<"),
        ({"state": "stored", "audio_seconds": 94.0}, 'aria-label="Play recording, 1:34"'),
    ],
)
def test_a_row_says_what_is_left_of_a_call(world, shown, call, values, words):
    add_recording(world, call, **values)
    page = shown(LIST)
    assert words in page
    assert ("Try again" in page) == (values.get("state") == "failed")


def test_a_row_with_several_recordings_plays_the_one_that_is_here(world, shown, call):
    here = add_recording(world, call, state="stored", audio_seconds=5.0)
    add_recording(world, call, provider_id="RE2")
    add_recording(world, call, provider_id="RE3", state="absent")
    page = shown(LIST)
    assert f"mini-{here.pk}" in page
    assert ">recording on its way<" not in page


def test_what_was_noted_at_a_moment_stands_below_the_player(world, client, call):
    recording = add_recording(world, call, state="stored", audio_seconds=94.0)

    def note():
        with world.inside():
            notes.add(recording, 65, "Asks at 5.", by=world.user)

    login(client, world.owner)
    assert_flat_queries(lambda: client.get(panel(call)), note)
    page = client.get(panel(call)).content.decode()
    assert 'data-moment="65">1:05</button>' in page
    assert "Asks at 5." in page


def test_who_may_not_play_sees_no_player(world, client, call):
    add_recording(world, call, state="stored", audio_seconds=94.0)
    root = add_superuser()
    visits.start(root, world.acme, "To look at a fault.")
    login(client, root)
    for path in (LIST, panel(call)):
        page = client.get(path).content.decode()
        assert "Nora" in page or "Rang" in page
        assert "data-player" not in page
    assert "recorded, 1:34" in client.get(LIST).content.decode()
    assert ">Outcome" not in client.get(panel(call)).content.decode()


def test_what_is_open_tells_what_happened_and_leads_on(world, shown, call):
    page = shown(panel(call))
    for words in ("Rang", "Answered", "Ended", f"/b/acme/leads/{call.lead_id}/", "Has a dog."):
        assert words in page
    assert "<html" not in page


def test_nobody_opens_a_call_that_is_not_his(world, client):
    others, theirs = add_call(world.acme, agent=world.owner), add_call(world.rival)
    login(client, world.user)
    for call in (others, theirs):
        assert client.get(panel(call)).status_code == 404
        assert client.post(f"{panel(call)}edits/", {"disposition": "Mine"}).status_code == 404


def test_what_is_saved_is_in_the_form_that_comes_back(world, client, call):
    login(client, world.user)
    answer = client.post(f"{panel(call)}edits/", {"disposition": "Booked", "tags": "a, b", "note": ""})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Saved." in page
    assert 'value="Booked"' in page
    with world.inside():
        kept = Call.objects.get(pk=call.pk)
    assert (kept.disposition, kept.tags, kept.note is None) == ("Booked", ["a", "b"], False)


def test_what_is_refused_comes_back_as_it_was_typed(world, client, call):
    login(client, world.user)
    answer = client.post(f"{panel(call)}edits/", {"disposition": "x" * 41, "tags": "a"})
    assert answer.status_code == 422
    assert "x" * 41 in answer.content.decode()
    assert "Saved." not in answer.content.decode()


def test_recordings_cost_no_query_of_their_row(world, client):
    login(client, world.owner)

    def grow():
        call = add_call(world.acme, add_lead(world.acme))
        for number, state in enumerate(("stored", "pending", "failed", "blocked")):
            add_recording(
                world,
                call,
                provider_id=f"RE{number}",
                state=state,
                audio_seconds=3.0,
                peaks=bytes(range(150)) * 2,
            )

    assert_flat_queries(lambda: client.get(LIST), grow)


SHOWN = {"disposition": "Quote", "disposition_was": "Quote", "tags": "leak", "tags_was": "leak", "note": ""}


@pytest.fixture
def open_form(world, client, call):
    """Somebody has opened the call when its tag was leak; meanwhile another has added one and said what came of it."""
    login(client, world.owner)
    with world.inside():
        Call.objects.filter(pk=call.pk).update(tags=["leak", "storm"], disposition="Booked")

    def save(path, **changes):
        assert client.post(path, SHOWN | changes).status_code in (200, 302)
        with world.inside():
            call.refresh_from_db()
        return call.disposition, call.tags

    return save


@pytest.mark.parametrize("where", ["panel/edits/", "edits/"])
@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"note": "Called."}, ("Booked", ["leak", "storm"])),
        ({"tags": "leak, roof"}, ("Booked", ["leak", "storm", "roof"])),
        ({"tags": ""}, ("Booked", ["storm"])),
        ({"disposition": "Booked"}, ("Booked", ["leak", "storm"])),
    ],
)
def test_a_form_changes_what_was_changed_in_it_and_nothing_that_others_did(
    call, open_form, where, changes, kept
):
    assert open_form(f"{LIST}{call.pk}/{where}", **changes) == kept


@pytest.mark.parametrize("where", ["panel/edits/", "edits/"])
@pytest.mark.parametrize("typed", ["Lost", ""])
def test_nobody_writes_over_an_outcome_that_he_has_not_seen(world, client, call, where, typed):
    login(client, world.owner)
    with world.inside():
        editing.update_call(call, {"disposition": "Booked"}, by=world.user)
    save = f"{LIST}{call.pk}/{where}"
    answer = client.post(save, SHOWN | {"disposition": typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "user has set it to “Booked” meanwhile. To change that, save again." in page
    assert 'name="disposition_was" value="Booked"' in page
    assert not typed or f'value="{typed}"' in page
    with world.inside():
        assert Call.objects.get(pk=call.pk).disposition == "Booked"
    assert client.post(save, SHOWN | {"disposition": typed, "disposition_was": "Booked"}).status_code < 400
    with world.inside():
        assert Call.objects.get(pk=call.pk).disposition == (typed or None)


def test_who_would_bring_back_an_outcome_that_was_taken_away_is_told(world, client, call):
    login(client, world.owner)
    with world.inside():
        for said in ("Quote", None):
            editing.update_call(call, {"disposition": said}, by=world.user)
        editing.update_call(call, {"tags": ["storm"]}, by=world.admin)
    answer = client.post(f"{LIST}{call.pk}/panel/edits/", SHOWN | {"disposition": "Lost"})
    assert "user has taken it away meanwhile." in answer.content.decode()


def test_saving_what_was_there_is_no_change(world, call, open_form):
    open_form(f"{LIST}{call.pk}/panel/edits/", tags="leak", disposition="Quote")
    assert not Entry.objects.filter(name="call.changed").exists()


@pytest.mark.parametrize("where", ["panel/edits/", "edits/"])
def test_a_second_note_stands_below_the_first(world, call, open_form, where):
    open_form(f"{LIST}{call.pk}/{where}", note="Called twice.")
    with world.inside():
        assert Call.objects.get(pk=call.pk).note.reveal() == "Has a dog.\nCalled twice."


def test_a_note_that_is_full_says_where_to_write(world, client, call):
    login(client, world.owner)
    answer = client.post(f"{LIST}{call.pk}/edits/", SHOWN | {"note": "x" * 4_995})
    assert answer.status_code == 422
    assert "Write it on the lead" in answer.content.decode()
