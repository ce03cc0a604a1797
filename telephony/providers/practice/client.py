"""What a practice caller said, made here: a tune as long as he talked, each side of the talk on its channel.

The same recording always sounds the same, and no other sounds like it. Imports no Django.
"""

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from typing import Final

from callcrm.lib.http import FetchError
from telephony.providers.base import Access, Wanted

RATE: Final = 8000
_NOTES: Final = (262, 294, 330, 392, 440, 523)  # whatever follows whatever, it sounds well
_LOUDNESS: Final = 6000


class Tune:
    """A WAV file that is made while it is read."""

    def __init__(self, name: str, channels: int, seconds: int) -> None:
        self._notes = sha256(name.encode()).digest()
        self._channels, self._seconds = channels, seconds
        self.length = 44 + seconds * RATE * 2 * channels

    def blocks(self) -> Iterator[bytes]:
        yield self._head()
        for second in range(self._seconds):
            speaking = second // 2 % self._channels
            yield _second(_NOTES[self._notes[second % 32] % len(_NOTES)], speaking, self._channels)

    def _head(self) -> bytes:
        data, width = self.length - 44, 2 * self._channels
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, self._channels, RATE, RATE * width, width, 16)
        return b"RIFF" + struct.pack("<I", 36 + data) + b"WAVE" + form + b"data" + struct.pack("<I", data)


@cache
def _second(pitch: int, speaking: int, channels: int) -> bytes:
    """One of the two speaks, the other listens."""
    samples = []
    for at in range(RATE):
        fading = min(at, RATE - at, 400) / 400
        loud = int(_LOUDNESS * fading * math.sin(2 * math.pi * pitch * at / RATE))
        samples += [loud if channel == speaking else 0 for channel in range(channels)]
    return struct.pack(f"<{len(samples)}h", *samples)


@contextmanager
def open_recording(access: Access, wanted: Wanted, *, max_bytes: int, seconds: float) -> Iterator[Tune]:
    tune = Tune(wanted.provider_id, min(wanted.channels or 1, 2), wanted.seconds or 1)
    if tune.length > max_bytes:
        raise FetchError("too_large")
    yield tune


def delete_recording(access: Access, provider_id: str) -> None:
    """There is no copy: it is made anew whenever somebody asks."""


def pause_recording(access: Access, call_provider_id: str, provider_id: str) -> None:
    """A practice caller says nothing that must not be heard."""


def resume_recording(access: Access, call_provider_id: str, provider_id: str) -> None:
    """Nothing was held back."""
