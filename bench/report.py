"""Ratios and the table. A ratio is the median of the ratios of all rounds, with the least and the greatest of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Ratio:
    """`middle` (`least`..`most`) of the rounds."""

    middle: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.least:.2f}..{self.most:.2f})"


def ratio(ours: Sequence[float], base: Sequence[float]) -> Ratio:
    """Return how ours compares with the base, round by round."""
    rounds = [one / other for one, other in zip(ours, base, strict=True)]
    return Ratio(median(rounds), min(rounds), max(rounds))


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison. `bar` and `aim` are least values where more is better, greatest ones where less is."""

    part: str
    what: str
    figure: Ratio
    bar: float | None = None
    aim: float | None = None
    more_is_better: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        if not self._reaches(self.bar):
            return "MISSED"
        return "pass, aim reached" if self.aim is not None and self._reaches(self.aim) else "pass"

    def _reaches(self, mark: float) -> bool:
        return self.figure.middle >= mark if self.more_is_better else self.figure.middle <= mark


@dataclass
class Report:
    """What a run has found, and why it counts for nothing if it does."""

    lines: list[Line] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, line: Line) -> None:
        self.lines.append(line)

    def fault(self, text: str) -> None:
        self.faults.append(text)
        say(f"  VOID: {text}")

    def print(self) -> None:
        say("")
        say(f"{'':3}{'':62} {'ratio (least..most)':22} {'bar':>8} {'aim':>8}  ")
        for line in sorted(self.lines, key=lambda line: line.part):
            say(_row(line))
        say("")
        for fault in self.faults:
            say(f"VOID: {fault}")
        say(
            "This run is void." if self.faults else "Every answer had the status and the rows it should have."
        )


def _row(line: Line) -> str:
    marks = [_mark(line.bar, line.more_is_better), _mark(line.aim, line.more_is_better)]
    return (
        f"{line.part}  {line.what:62} {line.figure!s:22} {marks[0]:>8} {marks[1]:>8}  "
        f"{line.verdict or line.note}"
    ).rstrip()


def _mark(value: float | None, more_is_better: bool) -> str:
    if value is None:
        return ""
    return f"{'≥' if more_is_better else '≤'} {value:g}"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
