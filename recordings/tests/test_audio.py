"""What a file is and how long it plays is known from its head and its size, or it is refused."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcrm.lib.http import FetchError
from recordings.audio import HEAD, Audio, Meter, read
from tests.carrier import wav


def measured(content, told=None, step=50_000):
    meter = Meter(told)
    passed = b"".join(meter.through(content[at : at + step] for at in range(0, len(content), step)))
    assert passed == content
    return meter


def refusal(content, told=None):
    with pytest.raises(FetchError) as refused:
        measured(content, told)
    return refused.value.code


def mp3(seconds, *, rate=8, head=0xF3, channels=3):
    """Frames of 32 kbit/s as Twilio makes them: MPEG 2, layer III, 22.05 kHz, one channel."""
    first = bytes([0xFF, head, rate - 4 << 4 | 0x00, channels << 6])
    return first + bytes(seconds * 4000 - 4)


@pytest.mark.parametrize(("seconds", "channels", "rate"), [(1, 1, 8000), (7, 2, 8000), (3, 2, 44100)])
def test_a_wav_says_how_long_it_plays(seconds, channels, rate):
    meter = measured(wav(seconds, channels=channels, rate=rate))
    assert meter.audio == Audio("audio/wav", seconds, channels)


@pytest.mark.parametrize("said", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_that_was_written_before_its_end_was_known_plays_as_long_as_it_is(said):
    content = bytearray(wav(3))
    content[40:44] = struct.pack("<I", said)
    assert measured(bytes(content)).audio.seconds == 3


def test_other_parts_of_a_wav_are_skipped():
    content = wav(2)
    extra = b"LIST" + struct.pack("<I", 5) + b"notes" + b"\0"
    assert measured(content[:12] + extra + content[12:]).audio.seconds == 2


def test_a_wav_that_is_shorter_than_it_says_was_cut():
    assert refusal(wav(4)[:-1000]) == "cut_short"


def test_an_mp3_plays_as_long_as_its_rate_says():
    content = mp3(9)
    assert measured(content).audio == Audio("audio/mpeg", 9, 1)
    tag = b"ID3\x04\0\0" + bytes([0, 0, 1, 0]) + bytes(128)
    assert measured(tag + content).audio.seconds == 9


def test_an_mp3_that_counts_its_frames_is_believed():
    content = bytearray(mp3(9))
    content[13:25] = b"Xing" + struct.pack(">II", 1, 1000)
    assert measured(bytes(content)).audio.seconds == pytest.approx(1000 * 576 / 22050)


@pytest.mark.parametrize(
    "content",
    [b"", b"<!doctype html>" + b" " * 100, b"RIFF", b"RIFF\0\0\0\0WEBP" + bytes(99), b"RIFF\0\0\0\0WAVE" + bytes(HEAD),
     b"ID3" + bytes(7) + b"<html>", b"\xff\xfb\xf0\0" + bytes(100), b"OggS" + bytes(100)],
)  # fmt: skip
def test_what_is_no_audio_is_refused(content):
    assert refusal(content) == "wrong_type"


@pytest.mark.parametrize(
    ("told", "fits"), [(5, True), (3, True), (7, True), (8, False), (2, False), (None, True)]
)
def test_two_seconds_more_or_less_than_was_told_are_no_difference(told, fits):
    assert fits or refusal(wav(5), told) == "wrong_length"
    assert not fits or measured(wav(5), told).size == len(wav(5))


def test_a_page_is_refused_at_its_first_bytes():
    read_so_far = []

    def page():
        for block in (b"<!doctype html>", b"<p>and much more"):
            read_so_far.append(block)
            yield block

    with pytest.raises(FetchError):
        list(Meter(None).through(page()))
    assert len(read_so_far) == 1


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"RIFF....WAVE", b"RIFF....WAVEfmt ", b"ID3", b"\xff\xfb"])
)
def test_no_bytes_are_worse_than_refused(tail, head):
    with suppress(FetchError):
        assert read(head + tail, len(head + tail)).seconds >= 0
