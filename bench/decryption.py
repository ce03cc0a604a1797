"""Part d: which share of a page's time is decryption.

Pages are rendered in process, through the whole middleware, without a server's or a network's time: the share is the
greatest that it can be. The two functions that open sealed bytes are timed while they work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from time import perf_counter
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.test import Client

from bench.report import Line, Ratio, Report, say
from bench.seed import Filled
from bench.setting import Size
from callcrm.lib.crypto import envelope
from callcrm.testing import login

ROWS = 50
PAGES = {"leads, page of 50": "leads/", "calls, page of 50": "calls/"}


@dataclass
class Spent:
    """Time inside the functions that are watched, and how often they were called."""

    seconds: float = 0.0
    calls: int = 0


def measure(report: Report, size: Size, large: Filled) -> None:
    say("d: decryption")
    settings.ALLOWED_HOSTS.append("testserver")
    client = login(Client(), large.owner)
    for name, path in PAGES.items():
        address = f"/b/{large.shop.slug}/{path}"
        for _ in range(3):
            _view(report, client, address, name)
        shares = []
        for _ in range(size.rounds * size.pages):
            with watching() as spent:
                seconds = _view(report, client, address, name)
            shares.append(spent.seconds / seconds)
        say(f"  {name}: {spent.calls} openings, {spent.seconds * 1000:.2f} of {seconds * 1000:.1f} ms")
        shares.sort()
        figure = Ratio(shares[len(shares) // 2], shares[0], shares[-1])
        report.add(Line("d", f"{name}: share of decryption", figure, bar=0.1))


def _view(report: Report, client: Client, address: str, name: str) -> float:
    began = perf_counter()
    answer = client.get(address)
    seconds = perf_counter() - began
    rows = answer.content.count(b'<tr role="row" id="')
    if answer.status_code != 200 or rows != ROWS:
        report.fault(f"{name}: answered with {answer.status_code} and {rows} rows")
    return seconds


@contextmanager
def watching() -> Iterator[Spent]:
    """Measure what is spent on opening sealed values and wrapped keys."""
    spent = Spent()
    unseal, unwrap = (_timed(function, spent) for function in (envelope.unseal, envelope.unwrap))
    with patch.object(envelope, "unseal", unseal), patch.object(envelope, "unwrap", unwrap):
        yield spent


def _timed(function: Callable[..., Any], spent: Spent) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        began = perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent.seconds += perf_counter() - began
            spent.calls += 1

    return timed
