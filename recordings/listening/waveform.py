"""What a recording looks like: how loud each side is along the way, taken once, while the audio passes by.

Of plain WAV alone, which is what providers keep; anything else has no picture. An hour costs about three seconds of
work and no memory to speak of: the loudest of each tenth of a second is kept, and those are joined at the end.
"""

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

POINTS: Final = 150  # of each side, whatever the length
PER_SECOND: Final = 10
HEAD: Final = 64 * 1024
LONG: Final = 2.0  # seconds: silence that is longer may be skipped
LEFT: Final = 0.3  # seconds of it that are left on either side, so that no word loses its beginning
QUIET: Final = 50  # a side is silent where it is this many times quieter than its own loudest
_PCM, _BITS, _MOST_SIDES = 1, 16, 2
_RATES: Final = range(
    1_000, 200_000
)  # by the others a tenth of a second would be one sample, or all of the file


@dataclass(frozen=True, slots=True)
class _Form:
    """Where the samples of a WAV begin, and how they are laid."""

    sides: int
    rate: int
    begins: int


class Waveform:
    """Takes the picture of what is read through it."""

    def __init__(self) -> None:
        self._loudest: list[list[int]] = []
        self._form: _Form | None = None

    def through(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Return the same blocks."""
        waiting, searching = bytearray(), True
        for block in blocks:
            yield block
            if searching or self._form:
                waiting += block
            if searching and (form := _form(waiting)):
                self._begin(form, waiting)
                searching = False
            searching = searching and len(waiting) < HEAD
            self._look(waiting)
        self._look(waiting, last=True)

    def points(self) -> bytes:
        """Return POINTS numbers from 0 to 255 for each side, one after the other; nothing where there is no picture.

        The loudest point of both is 255, so that a quiet recording is seen too.
        """
        sides = [_joined(loudest) for loudest in self._loudest if loudest]
        most = max((point for side in sides for point in side), default=0)
        return bytes(point * 255 // most for side in sides for point in side) if most else b""

    def _begin(self, form: _Form, waiting: bytearray) -> None:
        self._form, self._loudest = form, [[] for _ in range(form.sides)]
        del waiting[: form.begins]

    def _look(self, waiting: bytearray, *, last: bool = False) -> None:
        """Take away whole tenths of a second, and at the end what is left."""
        if self._form is None:
            return
        frame = 2 * self._form.sides
        span = max(1, self._form.rate // PER_SECOND) * frame
        while len(waiting) >= span or (last and len(waiting) >= frame):
            self._take(bytes(waiting[: span - span % frame]))
            del waiting[:span]

    def _take(self, sound: bytes) -> None:
        sides = len(self._loudest)
        samples = array("h", sound[: len(sound) - len(sound) % (2 * sides)])
        if sys.byteorder == "big":
            samples.byteswap()
        for side, loudest in enumerate(self._loudest):
            own = samples[side::sides]
            loudest.append(max(max(own), -min(own)))


def silences(lanes: Sequence[bytes], seconds: float) -> list[tuple[float, float]]:
    """Return from when till when nobody says anything, as far as the picture of a recording shows it."""
    silent = silent_points(lanes)
    share = seconds / max(1, len(silent))
    return [
        (round(start * share + LEFT, 1), round(end * share - LEFT, 1))
        for start, end in runs(silent)
        if (end - start) * share > LONG
    ]


def silent_points(lanes: Sequence[bytes]) -> list[bool]:
    """Say of each point of a picture whether nobody says anything.

    Each side is measured by its own loudest, so that a far caller is not taken for silence beside a near one. A point
    is the loudest of its share: where it is silent, all of its share is.
    """
    floors = [max(1, max(lane, default=0) // QUIET) for lane in lanes]
    return [
        all(point <= floor for point, floor in zip(at, floors, strict=True))
        for at in zip(*lanes, strict=True)
    ]


def runs(marks: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Give where each stretch of true marks begins and ends."""
    at = 0
    for mark, same in groupby(marks):
        end = at + len(list(same))
        if mark:
            yield at, end
        at = end


def _form(head: bytes | bytearray) -> _Form | None:
    """Return how the samples lie, once so much is there that it can be said; None for what has no picture."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, kind, sides, rate, bits = 12, 0, 0, 0, 0
    while at + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"fmt " and at + 16 <= len(head):
            kind, sides, rate, bits = struct.unpack_from("<HHI6xH", head, at)
        if name == b"data":
            plain = kind == _PCM and bits == _BITS and 0 < sides <= _MOST_SIDES and rate in _RATES
            return _Form(sides, rate, at) if plain else None
        at += length + length % 2
    return None


def _joined(loudest: list[int]) -> list[int]:
    """Return POINTS of as many as there are: the loudest of each share, or each several times."""
    count = len(loudest)
    edges = [point * count // POINTS for point in range(POINTS + 1)]
    return [max(loudest[start : max(end, start + 1)]) for start, end in pairwise(edges)]
