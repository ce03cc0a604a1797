"""Part e: what sealing costs a recording, against copying the same bytes as they are.

Sixty minutes of two channels, as they come from a provider: 115 MB of WAV, read block by block, brought to the disk and
renamed; then all of it read in the ranges of a player that jumps about. Each round copies the same file as it is.
"""

from __future__ import annotations

import os
import random
import resource
import secrets
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter

from bench.report import Line, Ratio, Report, ratio, say
from callcrm.lib.crypto import chunks
from recordings.listening.ranges import MOST
from recordings.storage import Folder

BYTES_PER_MINUTE = 2 * 2 * 8000 * 60  # two channels of 16 bits, 8,000 times a second
BLOCK = 64 * 1024
CONTEXT = ("a business", "recordings.recording", "a recording")
MOST_GROWTH = 60.0  # MB


def measure(report: Report, *, minutes: int, rounds: int) -> None:
    say(f"e: sealing {minutes} minutes of two channels")
    with tempfile.TemporaryDirectory() as folder:
        place, size = Folder(Path(folder)), minutes * BYTES_PER_MINUTE // BLOCK * BLOCK
        place.put("plain", (os.urandom(BLOCK) for _ in range(size // BLOCK)))
        before, key = _peak(), secrets.token_bytes(32)
        copy, seal, jumps = [], [], []
        for n in range(rounds):
            seal.append(_timed(partial(_seal, place, size, key)))
            copy.append(_timed(partial(place.put, f"copy{n}", _blocks(place, size))))
            jumps.append(_timed(partial(_jump, place, size, key, n)))
            place.delete(f"copy{n}")
        growth = _peak() - before
    what = "sealing and keeping, against copying the file"
    report.add(Line("e", what, ratio(copy, seal), 0.5, more_is_better=True))
    what = "reading it all in ranges, against copying the file"
    report.add(Line("e", what, ratio(copy, jumps), 0.5, more_is_better=True))
    report.add(Line("e", "memory meanwhile, MB more", Ratio(growth, growth, growth), MOST_GROWTH))


def _blocks(place: Folder, size: int) -> Iterator[bytes]:
    return (place.read_range("plain", at, at + BLOCK) for at in range(0, size, BLOCK))


def _seal(place: Folder, size: int, key: bytes) -> None:
    place.put("sealed", chunks.seal(_blocks(place, size), key=key, context=CONTEXT))


def _jump(place: Folder, size: int, key: bytes, seed: int) -> None:
    """Read every range that a player may ask for, in an order of chance."""
    reader = chunks.Reader(partial(place.read_range, "sealed"), size=size, key=key, context=CONTEXT)
    starts = list(range(0, size, MOST))
    random.Random(seed).shuffle(starts)  # noqa: S311  any order will do
    for start in starts:
        reader.read(start, min(size, start + MOST))


def _timed(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


def _peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
