"""`python -m bench.run [--quick] [--only a|b|c|d|e]`: one run of the bench, from an empty database to the table.

It ends with status 1 when the run is void. A bar that was missed is for people to read, and to measure again.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from time import perf_counter
from types import FrameType

from bench.ground import Ground, laid, make_tables
from bench.report import Report, say
from bench.setting import FULL, QUICK, Size

PARTS = "abcde"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--quick", action="store_true", help="few rows and rounds: does it work at all?")
    parser.add_argument(
        "--only",
        choices=PARTS,
        help="a: webhooks, b: lists, c: search, d: share of decryption, e: recordings",
    )
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    with laid() as ground:
        return _run(ground, given.only or PARTS, quick=given.quick)


def _run(ground: Ground, parts: str, *, quick: bool) -> int:
    import django

    django.setup()
    logging.disable(logging.INFO)  # of the pages that are rendered here; the servers write theirs
    from bench import recordings, server

    size, report, began = QUICK if quick else FULL, Report(), perf_counter()
    say(server.versions(ground))
    if "e" in parts:  # first, for its memory is measured
        recordings.measure(report, minutes=size.minutes, rounds=size.rounds)
    if parts != "e":
        _measure_rows(report, ground, size, parts)
    report.print()
    say(f"{server.versions(ground)}, {perf_counter() - began:.0f} s")
    return 1 if report.faults else 0


def _measure_rows(report: Report, ground: Ground, size: Size, parts: str) -> None:
    from bench import decryption, lists, searches, seed, webhooks

    began = perf_counter()
    say(f"filling two businesses: {size.small:,} and {size.large:,} leads and calls")
    make_tables(ground)
    small, large = seed.fill(ground, size)
    say(f"  {perf_counter() - began:.0f} s")
    if "b" in parts:
        lists.measure(report, ground, size, small, large)
    if "c" in parts:
        searches.measure(report, size, large)
    if "d" in parts:
        decryption.measure(report, size, large)
    if "a" in parts:  # last, for it adds rows
        webhooks.measure(report, ground, size, small, large)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
