"""The picture of a recording is that of its sound, however it comes in, and nothing is lost on the way."""

import math
import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.listening.waveform import LEFT, LONG, POINTS, Waveform, silences
from telephony.providers.practice.client import Tune

RATE = 8000


def wav(frames, sides=1, *, kind=1, bits=16, rate=RATE, extra=b""):
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, kind, sides, rate, RATE * 2 * sides, 2 * sides, bits)
    return b"RIFF\0\0\0\0WAVE" + form + extra + b"data" + struct.pack("<I", len(frames)) + frames


def samples(*values):
    return struct.pack(f"<{len(values)}h", *values)


def taken(file, block=4096):
    waveform = Waveform()
    blocks = [file[at : at + block] for at in range(0, len(file), block)]
    assert b"".join(waveform.through(blocks)) == file
    return waveform.points()


def lanes(points):
    return [list(points[at : at + POINTS]) for at in range(0, len(points), POINTS)]


def test_the_loud_half_of_a_recording_is_seen_as_such():
    [lane] = lanes(taken(wav(samples(*[100] * RATE * 15, *[20_000] * RATE * 15))))
    assert lane[: POINTS // 2] == [1] * (POINTS // 2)
    assert lane[POINTS // 2 :] == [255] * (POINTS // 2)


def test_each_side_has_a_lane_of_its_own():
    frames = b"".join(samples(8_000, 0) for _ in range(RATE)) + b"".join(
        samples(0, 4_000) for _ in range(RATE)
    )
    caller, agent = lanes(taken(wav(frames, 2)))
    assert (caller[0], caller[-1], agent[0], agent[-1]) == (255, 0, 0, 127)


def test_the_lowest_sample_is_as_loud_as_the_highest():
    assert set(taken(wav(samples(*[-32_768, 0] * RATE)))) == {255}


def test_a_recording_of_a_moment_fills_its_picture():
    assert len(taken(wav(samples(5, -5, 5)))) == POINTS


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"RIFF",
        b"<!doctype html>" * 100,
        b"ID3\3\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 500,
        wav(samples(*[9] * 800), kind=7),
        wav(samples(*[9] * 800), bits=8),
        wav(samples(*[9] * 800), sides=6),
        wav(b""),
        wav(samples(*[0] * 800)),
        wav(samples(*[9] * 800), rate=1),
        wav(samples(*[9] * 800), rate=2**32 - 1),
        b"RIFF\0\0\0\0WAVE" + b"LIST" + struct.pack("<I", 2**31) + b"x" * 100_000,
    ],
)
def test_what_cannot_be_seen_has_no_picture(file):
    assert taken(file) == b""


def test_what_stands_before_the_sound_is_stepped_over():
    noted = wav(samples(*[700] * 1600), extra=b"LIST" + struct.pack("<I", 5) + b"hello\0")
    assert taken(noted) == taken(wav(samples(*[700] * 1600)))


TONE = wav(samples(*[int(9_000 * math.sin(at / 7)) for at in range(RATE * 3)]), 1)


@given(st.integers(1, 9_000))
@settings(max_examples=30, deadline=None)
def test_it_is_the_same_however_it_is_cut(block):
    assert taken(TONE, block) == taken(TONE, len(TONE))


def test_an_hour_takes_no_memory_to_speak_of():
    waveform, second = Waveform(), samples(*[300, -300] * RATE)
    blocks = (wav(b"", 2) if at == 0 else second for at in range(601))
    tracemalloc.start()
    for _ in waveform.through(blocks):
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2_000_000
    assert len(waveform.points()) == 2 * POINTS


# --- What may be skipped

LOUD, HUSH = bytes([200]) * 50, bytes(50)


def test_silence_of_both_sides_is_what_may_be_skipped_all_but_its_edges():
    caller, agent = LOUD + HUSH + HUSH, HUSH + HUSH + LOUD
    assert silences([caller, agent], 30.0) == [(10 + LEFT, 20 - LEFT)]


def test_a_side_that_speaks_is_not_skipped_however_quiet_he_is_beside_the_other():
    far = bytes([0] * 50 + [3] * 50 + [0] * 50)
    assert silences([LOUD + HUSH + LOUD, far], 30.0) == []


def test_what_hums_is_silence_beside_its_own_voice():
    assert silences([LOUD + bytes([4]) * 50 + LOUD], 30.0) == [(10 + LEFT, 20 - LEFT)]


def test_a_breath_is_not_skipped():
    assert silences([LOUD + HUSH + LOUD], 3 * LONG) == []
    assert silences([LOUD + HUSH + LOUD], 3.1 * LONG) != []


@given(st.lists(st.binary(min_size=POINTS, max_size=POINTS), max_size=2), st.floats(0, 40_000))
@settings(max_examples=50, deadline=None)
def test_what_may_be_skipped_lies_in_the_recording_in_order(lanes, seconds):
    edges = [edge for stretch in silences(lanes, seconds) for edge in stretch]
    assert edges == sorted(edges)
    assert all(0 <= edge <= seconds for edge in edges)


def test_without_a_picture_nothing_is_skipped():
    assert silences([], 60.0) == silences([b""], 60.0) == []


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize(("seconds", "pauses"), [(5, 0), (8, 1), (24, 1), (75, 2), (312, 2), (900, 2)])
def test_practice_callers_pause_so_that_silence_can_be_skipped(sides, seconds, pauses):
    for name in ("RE1", "RE2", "RE3"):
        picture = Waveform()
        for _ in picture.through(Tune(name, sides, seconds).blocks()):
            pass
        points = picture.points()
        own = [points[at : at + POINTS] for at in range(0, len(points), POINTS)]
        found = silences(own, seconds)
        assert len(found) == pauses
        assert all(0 < start < end < seconds for start, end in found)


def test_a_pause_takes_nothing_from_the_length_of_a_recording():
    tune = Tune("RE1", 2, 24)
    assert sum(map(len, tune.blocks())) == tune.length
