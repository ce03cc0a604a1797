"""The figures of the overview. A day and a month are index ranges, so the size of the table does not matter to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from telephony.models import CallQuerySet, Outcome

SOURCES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """What came in between two moments."""

    calls: int
    answered: int
    missed: int
    first_time: int

    @property
    def answer_rate(self) -> str:
        """Return how many of a hundred were answered, of those that ended one way or the other, as it is shown."""
        ended = self.answered + self.missed
        return f"{round(100 * self.answered / ended)}%" if ended else "–"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A day and the one before, up to the same hour; `*_delta` says the difference in words."""

    today: Figures
    before: Figures

    @property
    def calls_delta(self) -> str:
        return _in_words(self.today.calls, self.before.calls)

    @property
    def missed_delta(self) -> str:
        return _in_words(self.today.missed, self.before.missed)

    @property
    def first_time_delta(self) -> str:
        return _in_words(self.today.first_time, self.before.first_time)

    @property
    def answer_rate_delta(self) -> str:
        return f"{self.before.answer_rate} yesterday at this hour"


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What one source brought; `share` is its percentage of the largest, for its bar."""

    name: str
    calls: int
    missed: int
    first_time: int
    answer_rate: str
    share: int


def compare(calls: CallQuerySet, since: datetime, until: datetime, *before: datetime) -> Comparison:
    """Return the figures of a span, and of the span before it to compare with."""
    return Comparison(_figures(calls, since, until), _figures(calls, *before))


def by_source(calls: CallQuerySet, since: datetime) -> list[SourceFigures]:
    """Return what each source brought since then, the largest first."""
    inbound = calls.filter(started_at__gte=since, direction="inbound")
    counted: Any = inbound.values_list("source__name").annotate(**_COUNTS)
    rows = [(name, Figures(*counts)) for name, *counts in counted.order_by("-calls")[:SOURCES_SHOWN]]
    most = max((of.calls for _, of in rows), default=1)
    return [_source(name, of, most) for name, of in rows]


_COUNTS = {
    "calls": Count("pk"),
    "answered": Count("pk", filter=Q(outcome=Outcome.ANSWERED)),
    "missed": Count("pk", filter=Q(outcome__in=(Outcome.MISSED, Outcome.VOICEMAIL))),
    "first_time": Count("pk", filter=Q(first_time_caller=True)),
}


def _figures(calls: CallQuerySet, since: datetime, until: datetime) -> Figures:
    return Figures(**calls.filter(started_at__gte=since, started_at__lt=until).aggregate(**_COUNTS))


def _source(name: str | None, of: Figures, most: int) -> SourceFigures:
    return SourceFigures(
        name=name or "No source",
        calls=of.calls,
        missed=of.missed,
        first_time=of.first_time,
        answer_rate=of.answer_rate,
        share=round(100 * of.calls / most),
    )


def _in_words(now: int, before: int) -> str:
    if now == before:
        return "as many as yesterday at this hour"
    return f"{abs(now - before)} {'more' if now > before else 'fewer'} than yesterday at this hour"
