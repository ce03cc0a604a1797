"""A call that nobody makes: which steps it would meet, what the provider would be told, and how a week looks.

The same `walk.py` that takes real calls is asked, so what is shown is what will happen. Nobody answers and nothing is
pressed unless said: that is how a caller gets furthest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

from callcrm.lib import phones
from telephony.flows import walk
from telephony.flows.steps import Flow, Greeting, Menu, OpenHours, Order, Ring, Sentence, Step, Voicemail
from telephony.flows.walk import Facts, Links, Stretch
from telephony.hours import MIDNIGHT, hour
from telephony.providers.base import Action

MOST_DOCUMENTS: Final = 25
DAYS: Final = 7
SLOT: Final = 30  # minutes; the strip looks at the week this often
# What the strip says of the step that a call comes to first.
WHAT_HAPPENS: Final = {
    "ring": "rings people",
    "menu": "asks for a key",
    "voicemail": "takes a message",
    "sentence": "says a sentence",
}
Render = Callable[[Sequence[Action]], str]


@dataclass(frozen=True, slots=True)
class Stop:
    """A step on the way, and what it does with this caller, in words."""

    step: str
    kind: str
    title: str
    does: str


@dataclass(frozen=True, slots=True)
class Tried:
    """The way of a call: its stops, and what the provider is told, one document after the other."""

    stops: list[Stop]
    documents: list[str]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a day in which every call meets the same: `x` and `width` are hundredths of the day."""

    kind: str
    start: str
    end: str
    x: str
    width: str

    @property
    def words(self) -> str:
        return WHAT_HAPPENS[self.kind]


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    runs: list[Run]


def path(flow: Flow, facts: Facts, links: Links, render: Render, *, keys: str = "") -> Tried:
    """Follow a caller who presses these keys, one at each menu, and whom nobody answers."""
    stretch = walk.begin(flow, facts, links)
    if facts.blocked:
        words = flow.blocked.text or "The call is refused: the caller hears that the number is busy."
        return Tried([Stop("", "blocked", "Blocked caller", words)], [render(stretch.actions)])
    stops: list[Stop] = []
    documents: list[str] = []
    for met in _stretches(flow, stretch, facts, links, iter(keys)):
        documents.append(render(met.actions))
        stops += [_stop(flow, name, facts) for name in met.steps if not stops or stops[-1].step != name]
    if not stops or not isinstance(flow.at(stops[-1].step), Sentence | Voicemail):
        stops.append(Stop("", "sentence", "The end", walk.NOBODY_HERE.text))
    return Tried(stops, documents)


def week(flow: Flow, facts: Facts, links: Links) -> list[Day]:
    """Return what calls meet in the 168 hours from this midnight, by the business's clock."""
    first = facts.at.astimezone(facts.hours.zone).date()
    return [_day(flow, facts, links, first + timedelta(days=days)) for days in range(DAYS)]


def _stretches(
    flow: Flow, stretch: Stretch, facts: Facts, links: Links, keys: Iterator[str]
) -> Iterator[Stretch]:
    """Yield what the provider is told again and again, until the call ends."""
    tried, turn = 1, 0
    for _ in range(MOST_DOCUMENTS):
        yield stretch
        facts = replace(facts, told=facts.told or stretch.notice is not None)
        name = stretch.waits_at
        step = flow.at(name)
        if name is None or not isinstance(step, Menu | Ring):
            return
        if isinstance(step, Menu):
            stretch = walk.after_key(flow, name, facts, links, key=next(keys, ""), tried=tried)
        else:
            stretch = walk.after_ringing(flow, name, facts, links, turn=turn, first=0, bridged=False)
        same = stretch.waits_at == name
        tried, turn = (tried + 1, turn + 1) if same else (1, 0)


def _stop(flow: Flow, name: str, facts: Facts) -> Stop:
    step = flow.steps[name]
    return Stop(name, step.kind, flow.title(name), _words(step, facts))


def _words(step: Step, facts: Facts) -> str:
    match step:
        case Greeting():
            return " ".join(text for text in (step.text, step.notice) if text) or "Says nothing."
        case OpenHours():
            words = facts.hours.in_words(facts.at)
            return words[:1].upper() + words[1:] + "."
        case Menu() | Voicemail():
            return step.text or "Says nothing."
        case Sentence():
            return step.text or walk.NOBODY_HERE.text
        case Ring():
            return f"{_telephones(step)}, {step.seconds} seconds{_each(step)}."
    raise TypeError(f"nothing is known of a step of the kind {step.kind}")


def _telephones(step: Ring) -> str:
    return "Rings " + (", ".join(map(phones.pretty, step.to)) or "nobody")


def _each(step: Ring) -> str:
    return " each, one after the other" if step.order != Order.ALL and len(step.to) > 1 else ""


def _day(flow: Flow, facts: Facts, links: Links, day: date) -> Day:
    met = [(minute, _kind_at(flow, facts, links, day, minute)) for minute in range(0, MIDNIGHT, SLOT)]
    runs = []
    for kind, same in groupby(met, key=lambda each: each[1]):
        minutes = [minute for minute, _ in same]
        if kind:
            runs.append(_run(kind, minutes[0], minutes[-1] + SLOT))
    return Day(day, runs)


def _kind_at(flow: Flow, facts: Facts, links: Links, day: date, minute: int) -> str:
    """Return the kind of the first step that waits or ends; empty for a time that the clock skips."""
    at = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=facts.hours.zone)
    if at.astimezone(UTC).astimezone(facts.hours.zone).replace(fold=0) != at:
        return ""
    met = walk.enter(flow, flow.start, replace(facts, at=at), links)
    last = flow.at(met.steps[-1]) if met.steps else None
    return last.kind if isinstance(last, Menu | Ring | Voicemail | Sentence) else Sentence.kind


def _run(kind: str, start: int, end: int) -> Run:
    x, width = (f"{minutes * 100 / MIDNIGHT:.2f}%" for minutes in (start, end - start))
    return Run(kind, hour(start), hour(end), x, width)
