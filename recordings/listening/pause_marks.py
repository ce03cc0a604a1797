"""Where in a recording its pauses are heard, for the mark on the player.

Pure. The provider is asked for silence in the place of what is not recorded, so a pause stands as far from the
beginning as it was pressed after it. The two clocks may differ by seconds: where the picture of the sound shows a
silence that fits, the mark is of that. Where it shows that somebody speaks nearly all the time, the provider has left
the pause out: the mark is a line where the sound was cut, and what follows stands earlier by as much. Without a picture
it is silence.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from recordings.listening.waveform import runs, silent_points

APART: Final = 3.0  # seconds by which two clocks and an answer on its way may differ
SPOKEN: Final = 0.8  # of the points within a pause


@dataclass(frozen=True, slots=True)
class PauseMark:
    """In seconds of the recording; `start` and `end` are one where the pause was left out."""

    start: float
    end: float
    seconds: int  # that were not recorded
    length: float  # of what plays

    @property
    def is_cut(self) -> bool:
        return self.start == self.end

    @property
    def left(self) -> str:
        return f"{self.start * 100 / self.length:.2f}%"

    @property
    def width(self) -> str:
        return f"{(self.end - self.start) * 100 / self.length:.2f}%"


def marks(
    stretches: Iterable[tuple[float, int]], lanes: Sequence[bytes], length: float
) -> Iterator[PauseMark]:
    """Yield a mark for each pause that can be heard: when it was after the beginning of the recording, and how long."""
    points = silent_points(lanes)
    cut = 0.0
    for after, seconds in sorted(stretches):
        start = max(0.0, after - cut)
        end = min(length, start + seconds)
        if start >= length:
            continue
        if _is_spoken(points, start, end, length):
            cut += seconds
            yield PauseMark(round(start, 1), round(start, 1), seconds, length)
        else:
            start, end = _silence_near(points, start, end, length)
            yield PauseMark(round(start, 1), round(end, 1), seconds, length)


def _is_spoken(points: Sequence[bool], start: float, end: float, length: float) -> bool:
    """Say whether silence surely does not stand there; the edges, which may be off, do not count."""
    if not points:
        return False
    share = length / len(points)
    inner = [
        silent
        for at, silent in enumerate(points)
        if at * share >= start + APART and (at + 1) * share <= end - APART
    ]
    return bool(inner) and inner.count(False) >= SPOKEN * len(inner)


def _silence_near(points: Sequence[bool], start: float, end: float, length: float) -> tuple[float, float]:
    share = length / max(1, len(points))
    for first, behind in runs(points):
        begins, ends = first * share, behind * share
        if abs(begins - start) <= APART and abs(ends - end) <= APART:
            return begins, ends
    return start, end
