"""What a practice caller said, made here: a tune as long as he talked, each side of the talk on its channel, with
pauses in which somebody looks something up, and silence where the recording was paused.

The same recording always sounds the same, and no other sounds like it. Imports no Django.
"""

import math
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from hashlib import sha256
from threading import Event, Thread
from typing import Final

from callcrm.lib.http import FetchError
from telephony.providers.base import Access, NewCall, RecordingUpdate, Wanted
from telephony.providers.practice import outgoing
from telephony.providers.practice.player import Line, Misplayed

RATE: Final = 8000
_NOTES: Final = (262, 294, 330, 392, 440, 523)  # whatever follows whatever, it sounds well
_LOUDNESS: Final = 6000
_LEVELS: Final = (1.0, 0.55, 0.8, 0.4)  # nobody speaks evenly
_SYLLABLES: Final = 3.4  # in a second
_SHORT: Final = 8  # seconds; in less nobody looks anything up
_playing: Final[dict[str, Event]] = {}  # each call with the wish that it ends


class Tune:
    """A WAV file that is made while it is read."""

    def __init__(
        self, name: str, channels: int, seconds: int, silent: tuple[tuple[float, float], ...] = ()
    ) -> None:
        self._notes = sha256(name.encode()).digest()
        self._channels, self._seconds, self._silent = channels, seconds, silent
        self.length = 44 + seconds * RATE * 2 * channels

    def blocks(self) -> Iterator[bytes]:
        yield self._head()
        pauses = self.pauses()
        for second in range(self._seconds):
            if second in pauses:
                yield bytes(RATE * 2 * self._channels)
                continue
            speaking = second // 2 % self._channels
            note = self._notes[second % 32]
            pitch, level = _NOTES[note % len(_NOTES)], _LEVELS[note % len(_LEVELS)]
            yield self._hushed(_second(pitch, level, speaking, self._channels), second)

    def pauses(self) -> frozenset[int]:
        """Return the seconds in which nobody says anything: in a long talk twice, in a short one never.

        Pauses grow with it, because a picture of a long talk shows no short ones.
        """
        whole, early, late = self._seconds, self._notes[30] % 20, self._notes[31] % 15
        begins = [whole * (25 + early) // 100] * (whole >= _SHORT) + [whole * (65 + late) // 100] * (
            whole >= 60
        )
        length = max(3, whole // 20)
        return frozenset(second for begin in begins for second in range(begin, begin + length))

    def _hushed(self, sound: bytes, second: int) -> bytes:
        """A second in which the recording may have been paused: it stays as long, and nothing of then is in it."""
        frame, left = 2 * self._channels, bytearray(sound)
        for span in self._silent:
            first, behind = (min(max(round((at - second) * RATE), 0), RATE) * frame for at in span)
            left[first:behind] = bytes(behind - first)
        return bytes(left)

    def _head(self) -> bytes:
        data, width = self.length - 44, 2 * self._channels
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, self._channels, RATE, RATE * width, width, 16)
        return b"RIFF" + struct.pack("<I", 36 + data) + b"WAVE" + form + b"data" + struct.pack("<I", data)


@cache
def _second(pitch: int, level: float, speaking: int, channels: int) -> bytes:
    """One of the two speaks, the other listens."""
    samples = []
    for at in range(RATE):
        fading = min(at, RATE - at, 400) / 400
        syllable = 0.25 + 0.75 * abs(math.sin(math.pi * _SYLLABLES * at / RATE))
        loud = int(_LOUDNESS * level * syllable * fading * math.sin(2 * math.pi * pitch * at / RATE))
        samples += [loud if channel == speaking else 0 for channel in range(channels)]
    return struct.pack(f"<{len(samples)}h", *samples)


@contextmanager
def open_recording(access: Access, wanted: Wanted, *, max_bytes: int, seconds: float) -> Iterator[Tune]:
    tune = Tune(wanted.provider_id, min(wanted.channels or 1, 2), wanted.seconds or 1, wanted.silent)
    if tune.length > max_bytes:
        raise FetchError("too_large")
    yield tune


def find_recordings(access: Access, call_provider_id: str) -> list[RecordingUpdate]:
    """What is played tells of its recording itself."""
    return []


def delete_recording(access: Access, provider_id: str) -> bool:
    """There is no copy: it is made anew whenever somebody asks."""
    return True


def pause_recording(access: Access, call_provider_id: str, provider_id: str) -> None:
    """Nothing is kept, so nothing is held back: what is made when it is asked for is silent there (`Wanted`)."""


def resume_recording(access: Access, call_provider_id: str, provider_id: str) -> None:
    """Likewise."""


def start_call(access: Access, call: NewCall) -> str:
    """It is played on a thread of its own: a carrier does not keep us waiting until the talk is over either."""
    call_id = f"CA{secrets.token_hex(16)}"
    line = outgoing.line_to(access.base_url, access.account_id, access.secret, call)
    _playing[call_id] = Event()
    Thread(target=_play, args=(line, call, call_id), daemon=True).start()
    return call_id


def find_calls(access: Access, call: NewCall, since: datetime) -> list[str]:
    """No call is ever lost on the way here."""
    return []


def end_call(access: Access, call_provider_id: str) -> None:
    """One that another process plays is not known here: it hears that it is over when it asks us the next thing."""
    if playing := _playing.get(call_provider_id):
        playing.set()


def _play(line: Line, call: NewCall, call_id: str) -> None:
    try:
        outgoing.place(line, call, call_id, outgoing.UntilStopped(_playing[call_id]))
    except Misplayed:
        return  # the product has gone away, or refuses: nobody is left to tell
    finally:
        del _playing[call_id]
