"""Part a: how many signed deliveries a second, against a bare view that verifies the same and inserts one row.

A round sends every kind in several small slices, in an order that is reversed each second time, so that a machine
that is slow for a second is slow for all of them. Afterwards the tables must have grown by exactly what was sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from statistics import harmonic_mean
from urllib.parse import urlencode

from bench import load
from bench.ground import Ground, free_port
from bench.people import phone
from bench.report import Line, Report, ratio, say
from bench.seed import Filled
from bench.server import THREADS, serving
from bench.setting import SECRET, Shop, Size

CALLERS = 500  # of those who are known
LANES = 8
SLICES = 4
WARM_UP = 64
FORM = "application/x-www-form-urlencoded"

TABLES = {
    "bare row": "bench_row",
    "receipt": "webhooks_receipt",
    "call": "telephony_call",
    "history": "audit_entry",
    "frame": "telephony_feedframe",
    "lead": "leads_lead",
    "phone": "leads_leadphone",
    "token": "leads_leadtoken",
}
# A call that ends unanswered is owed for: a new debt is told of in the history, each miss in the feed.
OWED = {"history": "telephony_callback", "frame": "telephony_callbackmiss"}
RINGING = {"receipt": 1, "call": 1, "history": 1, "frame": 1}
STRANGER = {"receipt": 1, "call": 1, "history": 2, "frame": 2, "lead": 1, "phone": 1, "token": 3}
ENDED = {"receipt": 1, "history": 1, "frame": 1}


@dataclass
class Sort:
    """One kind of request: how it is made, what it must be answered with, which rows one of it adds."""

    make: Callable[[], bytes]
    status: int
    adds: Mapping[str, int] = field(default_factory=dict)
    threads: bool = False
    rates: list[float] = field(default_factory=list)
    sent: int = 0


class Deliveries:
    """Makes signed requests; remembers which calls it has begun, so that they can end."""

    def __init__(self, ground: Ground, small: Filled, large: Filled) -> None:
        self.ground, self.small, self.large = ground, small, large
        self.rng = Random()  # noqa: S311  # ids of calls must differ from those of the seed, no more
        self.strangers = iter(range(small.rows + large.rows, 10_000_000))
        self.begun: deque[dict[str, str]] = deque()
        self.delivered: list[bytes] = []

    def bare(self) -> bytes:
        return self._signed("/bench/insert/", self._ringing(self.large.shop, self._known(self.large)))

    def verify(self) -> bytes:
        return self._signed("/bench/verify/", self._ringing(self.large.shop, self._known(self.large)))

    def known(self) -> bytes:
        params = self._ringing(self.large.shop, self._known(self.large))
        self.begun.append(params)
        return self._voice(params)

    def known_to_small(self) -> bytes:
        return self._voice(self._ringing(self.small.shop, self._known(self.small)))

    def stranger(self) -> bytes:
        return self._voice(self._ringing(self.large.shop, phone(next(self.strangers))))

    def ended(self) -> bytes:
        """The end of a call whose beginning was delivered in a slice before this one."""
        params = self.begun.popleft() | {
            "CallStatus": "completed",
            "CallDuration": "47",
            "Duration": "1",
            "CallbackSource": "call-progress-events",
            "SequenceNumber": "0",
        }
        return self._signed("/webhooks/twilio/voice-status/", params)

    def again(self) -> bytes:
        return self.rng.choice(self.delivered)

    def forged(self) -> bytes:
        params = self._ringing(self.large.shop, self._known(self.large))
        return self._signed("/webhooks/twilio/voice/", params, secret="f" * 32)

    def _known(self, filled: Filled) -> str:
        return filled.people[self.rng.randrange(min(CALLERS, filled.rows))].phone

    def _voice(self, params: Mapping[str, str]) -> bytes:
        return self._signed("/webhooks/twilio/voice/", params)

    def _ringing(self, shop: Shop, caller: str) -> dict[str, str]:
        place = {"City": "AUSTIN", "State": "TX", "Country": "US", "Zip": "78701"}
        return {
            "AccountSid": shop.account_id,
            "ApiVersion": "2010-04-01",
            "CallSid": f"CA{self.rng.getrandbits(128):032x}",
            "CallStatus": "ringing",
            "Called": shop.number,
            "Caller": caller,
            "Direction": "inbound",
            "From": caller,
            "To": shop.number,
            **{f"{end}{name}": value for end in ("From", "To") for name, value in place.items()},
        }

    def _signed(self, path: str, params: Mapping[str, str], *, secret: str = SECRET) -> bytes:
        """Sign by Twilio's own description, not by our code: the two must agree."""
        text = self.ground.address + path + "".join(name + params[name] for name in sorted(params))
        digest = hmac.digest(secret.encode(), text.encode(), hashlib.sha1)
        headers = {
            "Host": f"127.0.0.1:{self.ground.port}",
            "Content-Type": FORM,
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
        }
        return load.post(path, headers, urlencode(params).encode())


def measure(report: Report, ground: Ground, size: Size, small: Filled, large: Filled) -> None:
    say("a: webhooks")
    deliveries = Deliveries(ground, small, large)
    sorts = _sorts(deliveries)
    tables = [*TABLES.values(), *OWED.values()]
    before = ground.count(tables)
    with ExitStack() as stack:
        clients = {}
        for threads in (False, True):
            port = free_port() if threads else ground.port
            stack.enter_context(serving(ground, port, *([THREADS] if threads else [])))
            clients[threads] = stack.enter_context(load.Client(port, LANES))
        _warm_up(report, clients, sorts, deliveries)
        for n in range(size.rounds):
            _round(report, clients, sorts, size.per_round // SLICES)
            say(
                f"  round {n + 1}: {', '.join(f'{name} {sort.rates[-1]:.0f}/s' for name, sort in sorts.items())}"
            )
    _reconcile(report, before, ground.count(tables), sorts)
    for line in _lines(sorts):
        report.add(line)


def _sorts(deliveries: Deliveries) -> dict[str, Sort]:
    return {
        "bare": Sort(deliveries.bare, 200, {"bare row": 1}),
        "known": Sort(deliveries.known, 200, RINGING),
        "known, small": Sort(deliveries.known_to_small, 200, RINGING),
        "first-time": Sort(deliveries.stranger, 200, STRANGER),
        "ended": Sort(deliveries.ended, 204, ENDED),
        "again": Sort(deliveries.again, 200),
        "bare again": Sort(deliveries.bare, 200, {"bare row": 1}),
        "verify": Sort(deliveries.verify, 200),
        "forged": Sort(deliveries.forged, 403),
        "threads: bare": Sort(deliveries.bare, 200, {"bare row": 1}, threads=True),
        "threads: known": Sort(deliveries.known, 200, RINGING, threads=True),
    }


def _warm_up(
    report: Report, clients: Mapping[bool, load.Client], sorts: Mapping[str, Sort], deliveries: Deliveries
) -> None:
    """Let every thread and connection of the servers do everything once; begin calls that can end and come again."""
    for name in ("known", "threads: known"):
        _send(report, clients, name, sorts[name], WARM_UP)
    first = [deliveries.known() for _ in range(WARM_UP)]
    sorts["known"].sent += len(first)
    _check(report, "known", sorts["known"], clients[False].run(first))
    deliveries.delivered = first
    for name, sort in sorts.items():
        _send(report, clients, name, sort, WARM_UP)


def _round(
    report: Report, clients: Mapping[bool, load.Client], sorts: Mapping[str, Sort], count: int
) -> None:
    seconds = dict.fromkeys(sorts, 0.0)
    for name in _turns(list(sorts)):
        seconds[name] += _send(report, clients, name, sorts[name], count)
    for name, sort in sorts.items():
        sort.rates.append(count * SLICES / seconds[name])


def _turns(names: list[str]) -> Iterator[str]:
    for n in range(SLICES):
        yield from names if n % 2 else reversed(names)


def _send(report: Report, clients: Mapping[bool, load.Client], name: str, sort: Sort, count: int) -> float:
    requests = [sort.make() for _ in range(count)]
    batch = clients[sort.threads].run(requests)
    sort.sent += count
    _check(report, name, sort, batch)
    return batch.seconds


def _check(report: Report, name: str, sort: Sort, batch: load.Batch) -> None:
    if wrong := {status: n for status, n in batch.statuses.items() if status != sort.status}:
        report.fault(f"{name}: answered with {wrong} instead of {sort.status}")


def _reconcile(
    report: Report, before: Mapping[str, int], after: Mapping[str, int], sorts: Mapping[str, Sort]
) -> None:
    grown = {table: after[table] - before[table] for table in after}
    for rows, table in TABLES.items():
        wanted = sum(sort.sent * sort.adds.get(rows, 0) for sort in sorts.values())
        wanted += grown[OWED[rows]] if rows in OWED else 0
        if grown[table] != wanted:
            report.fault(f"{table} grew by {grown[table]} rows instead of {wanted}")
    if grown[OWED["frame"]] > sorts["ended"].sent:
        report.fault("more calls are owed for than have ended")


def _lines(sorts: Mapping[str, Sort]) -> Iterator[Line]:
    rates = {name: sort.rates for name, sort in sorts.items()}
    twice = zip(rates["bare"], rates["bare again"], strict=True)
    rates["the bare view"] = [harmonic_mean(both) for both in twice]  # what is divided by is best known best

    def line(what: str, name: str, base: str, bar: float | None = None, aim: float | None = None) -> Line:
        return Line("a", what, ratio(rates[name], rates[base]), bar, aim, more_is_better=True)

    yield line("voice, known caller, against the bare view", "known", "the bare view", 0.5, 0.85)
    yield line("  the noise: the bare view against itself", "bare again", "bare")
    yield line("  known caller of the small business, against the bare view", "known, small", "the bare view")
    yield line("  first-time caller, against the bare view", "first-time", "the bare view")
    yield line("  voice-status of a call that ends, against the bare view", "ended", "the bare view")
    yield line("  a delivery that comes again, against the bare view", "again", "the bare view")
    yield line("  a delivery that comes again, against a new one", "again", "known")
    yield line("  forged signature, against verifying a right one and no more", "forged", "verify")
    yield line("  threads: known caller, against the bare view on threads", "threads: known", "threads: bare")
    yield line("  threads: known caller, against the same on ASGI", "threads: known", "known")
