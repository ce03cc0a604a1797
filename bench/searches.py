"""Part c: finding people by what cannot be read, against the same search over values in clear.

In process: SQL, decryption and verification on our side, SQL and comparison on the other; the same words, pages of the
same size, the same plan. Both must find the same people, or the run is void.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from time import perf_counter
from uuid import UUID

from bench import plain
from bench.people import SEED, Person
from bench.report import Line, Report, ratio, say
from bench.seed import Filled
from bench.setting import Size
from callcrm.lib.tenancy import business_scope
from leads import search

PAGE_SIZE = 50
KINDS: dict[str, Callable[[Person], str]] = {
    "phone": lambda person: person.phone,
    "last 4": lambda person: person.phone[-4:],
    "e-mail": lambda person: person.email,
    "word": lambda person: person.name.split()[1],
    "first and last name": lambda person: person.name,
    "beginning": lambda person: person.name.split()[1][:3],
}


def measure(report: Report, size: Size, large: Filled) -> None:
    say("c: search")
    rng = Random(SEED)  # noqa: S311  # the same people are looked for in every run
    for kind, asked in KINDS.items():
        words = [asked(person) for person in rng.sample(large.people, size.terms)]
        hits = _compare(report, kind, words, large)
        _time(words, large)
        rounds = [_time(words, large) for _ in range(size.rounds)]
        ours, theirs = zip(*rounds, strict=True)
        each = [1000 * min(times) / len(words) for times in (ours, theirs)]
        say(f"  {kind}: {each[0]:.2f} ms a search, {each[1]:.2f} in clear, {hits:.1f} hits")
        report.add(Line("c", f"{kind}: sealed against clear", ratio(ours, theirs), bar=1.5))


def _compare(report: Report, kind: str, words: Sequence[str], filled: Filled) -> float:
    hits = 0
    for text in words:
        ours, theirs = _sealed(filled, text), _clear(filled, text)
        hits += len(ours)
        if ours != theirs or not ours:
            report.fault(f"search by {kind}: {len(ours)} people found, {len(theirs)} in clear")
    return hits / len(words)


def _time(words: Sequence[str], filled: Filled) -> tuple[float, float]:
    """Return what all searches took, sealed and in clear; they alternate, and so does which of them comes first."""
    spent = {_sealed: 0.0, _clear: 0.0}
    for n, text in enumerate(words):
        for search_by in (_sealed, _clear) if n % 2 else (_clear, _sealed):
            began = perf_counter()
            search_by(filled, text)
            spent[search_by] += perf_counter() - began
    return spent[_sealed], spent[_clear]


def _sealed(filled: Filled, text: str) -> list[UUID]:
    with business_scope(filled.business.pk):
        return [lead.pk for lead in search.search(filled.owner, filled.business, text, size=PAGE_SIZE).leads]


def _clear(filled: Filled, text: str) -> list[UUID]:
    with business_scope(filled.business.pk):
        return [lead.pk for lead in plain.search(filled.business, text, size=PAGE_SIZE)]
