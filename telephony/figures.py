"""The figures of the overview. A day and a month are index ranges, so the size of the table does not matter to them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, Count, FloatField, Q
from django.db.models.functions import TruncDate
from django.template.defaultfilters import pluralize
from django.utils.timezone import now

from callcrm.lib import times
from telephony.models import CallQuerySet, Outcome

SOURCES_SHOWN = 10
DAYS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Figures:
    """Calls that came in between two moments; `median` is how many seconds half of the answered ones waited at most."""

    calls: int = 0
    answered: int = 0
    missed: int = 0
    voicemails: int = 0
    abandoned: int = 0
    first_time: int = 0
    median: float | None = None

    @property
    def not_answered(self) -> int:
        """Return how many waited for somebody and spoke with nobody; who hung up at once did not wait."""
        return self.missed + self.voicemails

    @property
    def others(self) -> int:
        """Return how many were turned away, or are not over yet."""
        return self.calls - self.answered - self.not_answered - self.abandoned

    @property
    def in_words(self) -> str:
        """Return what came in and what became of it, each by the name that it has in the list."""
        parts = [f"{self.calls} call{pluralize(self.calls)} came in"]
        parts += [f"{self.missed} missed"] if self.missed else []
        parts += [f"{self.voicemails} voicemail{pluralize(self.voicemails)}"] if self.voicemails else []
        parts += [f"{self.abandoned} hung up"] if self.abandoned else []
        return ", ".join(parts)

    @property
    def answer_rate(self) -> str:
        """Return how many of a hundred were answered, of those that ended one way or the other, as it is shown."""
        ended = self.answered + self.not_answered
        return f"{round(100 * self.answered / ended)}%" if ended else "–"

    @property
    def answer_time(self) -> str:
        """Return the median as it is shown."""
        return "–" if self.median is None else times.in_words(round(self.median))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A day and the one before, up to the same hour; `*_delta` says the difference in words, if there is one."""

    today: Figures
    before: Figures

    @property
    def calls_delta(self) -> str:
        return self._in_words(self.today.calls, self.before.calls)

    @property
    def not_answered_delta(self) -> str:
        return self._in_words(self.today.not_answered, self.before.not_answered)

    @property
    def first_time_delta(self) -> str:
        return self._in_words(self.today.first_time, self.before.first_time)

    @property
    def answer_rate_delta(self) -> str:
        return _then(self.before.answer_rate)

    @property
    def answer_time_delta(self) -> str:
        return _then(self.before.answer_time)

    def _in_words(self, now: int, before: int) -> str:
        if not self.before.calls:
            return "none came yesterday by this hour" if self.today.calls else ""
        if now == before:
            return "as many as yesterday at this hour"
        return f"{abs(now - before)} {'more' if now > before else 'fewer'} than yesterday at this hour"


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What one source brought; `share` is its percentage of the largest, for its bar."""

    pk: UUID | None
    name: str
    calls: int
    not_answered: int
    first_time: int
    answer_rate: str
    share: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of the chart. Lengths are percentages of its area; answered ones below, who hung up on top."""

    day: date
    of: Figures
    x: float
    width: float
    answered: float
    not_answered: float
    abandoned: float

    @property
    def below_not_answered(self) -> float:
        return 100 - self.answered - self.not_answered

    @property
    def below_answered(self) -> float:
        return 100 - self.answered

    @property
    def top(self) -> float:
        return 100 - self.answered - self.not_answered - self.abandoned


@dataclass(frozen=True, slots=True)
class Month:
    """What came in during thirty days, by source and by day of the business's own calendar."""

    sources: list[SourceFigures]
    bars: list[Bar]
    most: int


def compare(calls: CallQuerySet, since: datetime, until: datetime, *before: datetime) -> Comparison:
    """Return the figures of a span, and of the span before it to compare with."""
    return Comparison(between(calls, since, until), between(calls, *before))


def between(calls: CallQuerySet, since: datetime, until: datetime) -> Figures:
    """Return the figures of a span."""
    spanned = calls.filter(started_at__gte=since, started_at__lt=until)
    return Figures(**spanned.aggregate(**_COUNTS, median=_MEDIAN))


def of_today(calls: CallQuerySet, zone: tzinfo) -> Figures:
    """Return the figures of the day as far as it has come."""
    return between(calls, times.midnight(zone), now())


def month(calls: CallQuerySet, zone: tzinfo) -> Month:
    """Return what came in during the last thirty days, today among them: its rows are read once for all of it."""
    first = times.midnight(zone, DAYS_SHOWN - 1)
    inbound = calls.filter(started_at__gte=first, direction="inbound")
    local = TruncDate("started_at", tzinfo=zone)
    counted: Any = inbound.order_by().values_list("source_id", "source__name", local).annotate(**_COUNTS)
    by_source, by_day = defaultdict(list), defaultdict(list)
    for source, name, day, *counts in counted:
        by_source[source, name or "No source"].append(counts)
        by_day[day].append(counts)
    days = [first.date() + timedelta(days=n) for n in range(DAYS_SHOWN)]
    of_days = [(day, _sum(by_day[day])) for day in days]
    most = max(of.calls for _, of in of_days)
    bars = [_bar(at, day, of, most or 1) for at, (day, of) in enumerate(of_days)]
    return Month(_sources({source: _sum(counts) for source, counts in by_source.items()}), bars, most)


class Median(Aggregate):
    """What half of the values are below."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field: Any = FloatField()


_IN = Q(direction="inbound")  # whom we call and do not reach, nobody has missed
_COUNTS = {
    "calls": Count("pk", filter=_IN),
    "answered": Count("pk", filter=_IN & Q(outcome=Outcome.ANSWERED)),
    "missed": Count("pk", filter=_IN & Q(outcome=Outcome.MISSED)),
    "voicemails": Count("pk", filter=_IN & Q(outcome=Outcome.VOICEMAIL)),
    "abandoned": Count("pk", filter=_IN & Q(outcome=Outcome.ABANDONED)),
    "first_time": Count("pk", filter=_IN & Q(first_time_caller=True)),
}
_MEDIAN = Median("ring_seconds", filter=_IN & Q(outcome=Outcome.ANSWERED))


def _sum(counts: Iterable[list[int]]) -> Figures:
    return Figures(*(sum(column) for column in zip(*counts, strict=True)))


def _bar(at: int, day: date, of: Figures, most: int) -> Bar:
    slot = 100 / DAYS_SHOWN
    lengths = {
        name: round(100 * getattr(of, name) / most, 2) for name in ("answered", "not_answered", "abandoned")
    }
    return Bar(day, of, x=round(at * slot + slot * 0.15, 2), width=round(slot * 0.7, 2), **lengths)


def _sources(figures: dict[tuple[UUID | None, str], Figures]) -> list[SourceFigures]:
    largest = sorted(figures.items(), key=lambda item: (-item[1].calls, item[0][1]))[:SOURCES_SHOWN]
    return [_source(*source, of, largest[0][1].calls) for source, of in largest]


def _source(pk: UUID | None, name: str, of: Figures, most: int) -> SourceFigures:
    return SourceFigures(
        pk=pk,
        name=name,
        calls=of.calls,
        not_answered=of.not_answered,
        first_time=of.first_time,
        answer_rate=of.answer_rate,
        share=round(100 * of.calls / most),
    )


def _then(shown: str) -> str:
    return "" if shown == "–" else f"{shown} yesterday at this hour"
