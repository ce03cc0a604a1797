"""Where the pauses of a recording stand on its player and in the timeline of its call: where they are heard."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcrm.testing import assert_flat_queries, login
from recordings.listening.pause_marks import marks
from recordings.listening.waveform import POINTS
from recordings.models import Recording, RecordingPause
from recordings.tests.waiting import told

LENGTH = 150  # seconds: a point of the picture is one


def picture(*silent, sides=2):
    """Everybody speaks, but from here till there."""
    points = bytes(0 if any(start <= at < end for start, end in silent) else 200 for at in range(POINTS))
    return [points] * sides


def found(stretches, lanes, length=LENGTH):
    return [(mark.start, mark.end, mark.seconds) for mark in marks(stretches, lanes, length)]


def test_without_a_picture_a_pause_stands_as_far_from_the_beginning_as_it_was_pressed():
    assert found([(12.34, 40)], []) == [(12.3, 52.3, 40)]


def test_two_clocks_that_differ_are_put_right_by_the_silence_that_is_seen():
    assert found([(18.5, 40)], picture((20, 60))) == [(20, 60, 40)]


def test_a_silence_that_is_another_one_moves_nothing():
    assert found([(30, 20)], picture((70, 90), (31, 32), (35, 50))) == [(30, 50, 20)]


def test_what_a_provider_left_out_is_a_line_and_what_follows_stands_earlier():
    """Paused at 30 and at 110: in what plays, the second is at 110 less the 40 of the first."""
    assert found([(30, 40), (110, 20)], picture()) == [(30, 30, 40), (70, 70, 20)]


def test_a_pause_that_is_too_short_to_be_told_from_the_picture_is_taken_for_silence():
    assert found([(30, 6)], picture()) == [(30, 36, 6)]


def test_one_side_that_goes_on_is_heard():
    silent, speaking = picture((20, 60), sides=1), picture(sides=1)
    assert found([(20, 40)], silent + speaking) == [(20, 20, 40)]


@pytest.mark.parametrize("after", [LENGTH, LENGTH + 1])
def test_what_was_paused_after_its_end_is_heard_nowhere(after):
    assert found([(after, 10)], []) == []


def test_a_pause_from_before_its_beginning_and_one_beyond_its_end_are_cut_there():
    assert found([(-5, 10), (145, 20)], []) == [(0, 10, 10), (145, 150, 20)]


stretch = st.tuples(st.floats(-100, 400), st.integers(0, 400))
lane = st.binary(min_size=POINTS, max_size=POINTS)


@given(st.lists(stretch, max_size=5), st.lists(lane, max_size=2), st.floats(0.5, 300))
def test_a_mark_lies_within_what_plays(stretches, lanes, length):
    for mark in marks(stretches, lanes, length):
        assert 0 <= mark.start <= mark.end <= length + 0.1
        assert mark.left.endswith("%")


# --- On the pages


def paused(world, *stretches, **values):
    """A recording of a hundred seconds that is here, and was paused."""
    fields = {"state": "stored", "duration_seconds": 100, "key": b"x", "size": 1, "next_attempt_at": None}
    recording = told(world, **fields | values)
    with world.inside():
        for after, seconds in stretches:
            at = recording.created_at + timedelta(seconds=after)
            RecordingPause.objects.create(
                business=world.acme, recording=recording, state="resumed",
                paused_at=at, resumed_at=at + timedelta(seconds=seconds),
            )  # fmt: skip
    return recording


@pytest.mark.parametrize("page", ["calls/{}/", "calls/{}/panel/"])
def test_page_and_panel_mark_it_and_say_when_and_how_long(world, client, page):
    recording = paused(world, (20, 40))
    html = login(client, world.owner).get(f"/b/acme/{page.format(recording.call_id)}").content.decode()
    assert '<rect x="20.00%" width="40.00%"' in html
    assert (
        'Paused at <button class="link num" type="button" data-moment="20.0">0:20</button> for 0:40.' in html
    )
    assert "<b>Recording paused</b>" in html
    assert '<span class="muted">for 0:40</span>' in html


def test_a_row_of_the_list_marks_it_as_well_and_says_how_long_to_who_cannot_see_it(world, client):
    recording = paused(world, (20, 40))
    html = login(client, world.owner).get("/b/acme/calls/").content.decode()
    [mini] = re.findall(r'id="mini-.*?<div class="asked"', html, re.S)
    assert '<rect x="20.00%" width="40.00%"' in mini
    assert 'aria-label="Play recording, 1:40, paused 0:40"' in mini
    rows = client.get(f"/b/acme/calls/rows/?recording={recording.pk}").content.decode()
    assert '<rect x="20.00%" width="40.00%"' in rows


def test_rows_with_pauses_cost_no_more_queries(world, client):
    login(client, world.owner)
    assert_flat_queries(
        lambda: client.get("/b/acme/calls/"), lambda: paused(world, (20, 40), (70, 10)), times=3
    )


def test_what_was_left_out_is_a_line_that_says_so(world, client):
    recording = paused(world, (20, 40), peaks=b"".join(picture()))
    html = login(client, world.owner).get(f"/b/acme/calls/{recording.call_id}/").content.decode()
    assert '<line x1="20.00%" x2="20.00%"' in html
    assert "The recording leaves that out." in html


def test_a_player_without_pauses_has_no_mark_and_no_legend(world, client):
    recording = paused(world)
    html = login(client, world.owner).get(f"/b/acme/calls/{recording.call_id}/").content.decode()
    assert "pauselist" not in html
    assert '<svg class="pauses"' not in html
    assert '<svg class="pauses"' not in client.get("/b/acme/calls/").content.decode()


def test_a_pause_that_was_not_done_stands_in_the_timeline_with_why(world, client):
    recording = paused(world)
    with world.inside():
        RecordingPause.objects.create(
            business=world.acme, recording=recording, state="failed", failure="status_500"
        )
    html = login(client, world.owner).get(f"/b/acme/calls/{recording.call_id}/").content.decode()
    assert "<b>Recording not paused</b>" in html
    assert "The provider had a fault." in html
    assert "<b>Recording paused</b>" not in html


def test_a_pause_that_goes_on_claims_no_length(world, client):
    recording = paused(world, is_complete=False, state="pending", duration_seconds=None)
    with world.inside():
        RecordingPause.objects.create(
            business=world.acme, recording=recording, state="paused", paused_at=recording.created_at
        )
    html = login(client, world.owner).get(f"/b/acme/calls/{recording.call_id}/").content.decode()
    assert "until somebody resumes it" in html


@pytest.mark.parametrize("page", ["calls/{}/", "calls/{}/panel/"])
def test_more_pauses_cost_no_more_queries(world, client, page):
    recording = paused(world, (1, 2))
    url = f"/b/acme/{page.format(recording.call_id)}"
    login(client, world.owner)
    assert_flat_queries(lambda: client.get(url), lambda: _again(world, recording))


def _again(world, recording):
    with world.inside():
        count = RecordingPause.objects.filter(recording=recording).count()
        at = recording.created_at + timedelta(seconds=5 * count)
        RecordingPause.objects.create(
            business=world.acme, recording=recording, state="resumed",
            paused_at=at, resumed_at=at + timedelta(seconds=2),
        )  # fmt: skip
        assert Recording.objects.get(pk=recording.pk).pause_marks


def test_the_page_that_plays_without_scripts_says_it_in_words(world, client):
    recording = paused(world, (20, 40))
    login(client, world.owner)
    html = client.post(f"/b/acme/recordings/{recording.pk}/playbacks/", follow=True).content.decode()
    assert "Paused at 0:20 for 0:40." in html
