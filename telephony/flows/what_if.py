"""A call that nobody makes: which steps it would meet, what the provider would be told, and how a week looks.

The same `walk.py` that takes real calls is asked, so what is shown is what will happen. Nobody answers and nothing is
pressed unless said: that is how a caller gets furthest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from callcrm.lib import phones, times
from callcrm.lib.wall_clock import moments
from telephony.flows import walk
from telephony.flows.lint import NOTHING_SAID
from telephony.flows.steps import Flow, Greeting, Menu, OpenHours, Order, Ring, Sentence, Step, Voicemail
from telephony.flows.walk import Facts, Links, Stretch
from telephony.hours.typed import moment
from telephony.hours.week import MIDNIGHT
from telephony.providers.base import Action, HangUp

DAYS: Final = 7
SLOT: Final = 30  # minutes; the strip looks at the week this often
# What the strip says of where a caller gets who presses nothing.
WHAT_HAPPENS: Final = {
    "ring": "rings people",
    "key": "rings people after a key",
    "voicemail": "takes a message",
    "sentence": "says a sentence",
    "off": "says that the number is not in service",
}
NTH: Final = ("", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
Render = Callable[[Sequence[Action]], str]


@dataclass(frozen=True, slots=True)
class Stop:
    """A step on the way, and what it does with this caller, in words."""

    step: str
    kind: str
    title: str
    does: str

    @property
    def is_unsaid(self) -> bool:
        """Say whether its words are missing, without which the flow is not published."""
        return self.does == NOTHING_SAID


@dataclass(frozen=True, slots=True)
class Tried:
    """The way of a call: its stops, and what the provider is told, one document after the other.

    `whispers`: what is told for whoever answers, before the caller is put through, at each ring that says something.
    `pressed`: the keys that menus asked for. `unasked`: those that were left when the call ended. `circle`: the step
    that it comes to again and again.
    """

    stops: list[Stop]
    documents: list[str]
    pressed: str = ""
    unasked: str = ""
    circle: str = ""
    whispers: Sequence[str] = ()

    @property
    def too_many_keys(self) -> str:
        """Say what was typed for nothing."""
        if not self.unasked:
            return ""
        which = f"{NTH[len(self.pressed)]} key" if self.pressed else "key"
        return f"No menu asked for a {which}: {self.unasked} was not pressed."


class Keys:
    """The keys of a caller, one for each time that a menu asks."""

    def __init__(self, keys: str) -> None:
        self.left = keys

    def press(self) -> str:
        pressed, self.left = self.left[:1], self.left[1:]
        return pressed


@dataclass(frozen=True, slots=True)
class Met:
    """What a call meets. `silent`: the kind of step that a caller gets to who presses nothing. `asks`: a menu comes
    before it. `by_key`: some key of that menu rings people.
    """

    silent: str
    asks: bool = False
    by_key: bool = False

    @property
    def kind(self) -> str:
        return "key" if self.by_key and self.silent != Ring.kind else self.silent

    @property
    def words(self) -> str:
        without = WHAT_HAPPENS[self.silent]
        if self.kind == "key":
            return f"{WHAT_HAPPENS['key']}, without one {without}"
        return f"asks for a key, without one {without}" if self.asks else without


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a day in which every call meets the same: `x` and `width` are hundredths of the day."""

    met: Met
    minutes: int
    start: str
    end: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    runs: list[Run]


@dataclass(frozen=True, slots=True)
class Week:
    days: list[Day]

    @property
    def kinds(self) -> list[tuple[str, str, str]]:
        """Return each kind that there is: its words, and for how many hours."""
        minutes = Counter[str]()
        for run in self._runs():
            minutes[run.met.kind] += run.minutes
        return [
            (kind, words, f"{minutes[kind] / 60:g}") for kind, words in WHAT_HAPPENS.items() if minutes[kind]
        ]

    @property
    def asks(self) -> bool:
        return any(run.met.asks for run in self._runs())

    def _runs(self) -> Iterator[Run]:
        return (run for day in self.days for run in day.runs)


def path(flow: Flow, facts: Facts, links: Links, render: Render, *, keys: str = "") -> Tried:
    """Follow a caller who presses these keys, one at each menu, and whom nobody answers."""
    if facts.blocked:
        words = flow.blocked.text or "The call is refused: the caller hears that the number is busy."
        refused = render(walk.begin(flow, facts, links).actions)
        return Tried([Stop("", "blocked", "Blocked caller", words)], [refused], unasked=keys)
    stops: list[Stop] = []
    documents: list[str] = []
    pressed, circle = Keys(keys), None
    for met, steps, circle in _stretches(flow, facts, links, pressed):
        if steps or not circle:  # else it is what was heard before
            documents.append(render(met.actions))
        stops += [_stop(flow, name, facts) for name in steps]
    whispers = [render(each) for each in _whispers(flow, stops, facts, links)]
    stops += _end(flow, stops, circle)
    return Tried(stops, documents, keys.removesuffix(pressed.left), pressed.left, circle or "", whispers)


def _whispers(flow: Flow, stops: Sequence[Stop], facts: Facts, links: Links) -> Iterator[Sequence[Action]]:
    """Yield what whoever answers hears at each ring on the way; asked for once, however often the call comes there."""
    for name in dict.fromkeys(stop.step for stop in stops):
        step = flow.at(name)
        if isinstance(step, Ring) and step.to and (step.press_1 or step.whisper):
            yield walk.whisper(flow, name, facts, links)


def out_of_service(render: Render, *, keys: str = "") -> Tried:
    """Return what every caller of a number meets that is switched off, whatever its flow says."""
    stop = Stop("", "off", "This number is not in service", walk.NOT_IN_SERVICE.text)
    return Tried([stop], [render([walk.NOT_IN_SERVICE, HangUp()])], unasked=keys)


def _end(flow: Flow, stops: Sequence[Stop], circle: str | None) -> list[Stop]:
    """Return what is said of a call that no step ends."""
    if circle:
        title = "From here it goes round in a circle"
        return [Stop(circle, "circle", title, f"Back to “{flow.title(circle)}”, and all of it again.")]
    if stops and isinstance(flow.at(stops[-1].step), Sentence | Voicemail):
        return []
    return [Stop("", "sentence", "The end", walk.NOBODY_HERE.text)]


def week(flow: Flow, facts: Facts, links: Links) -> Week:
    """Return what calls meet in the 168 hours from this midnight, by the business's clock."""
    found: dict[bool, Met] = {}

    def met(at: datetime) -> Met:
        is_open = facts.hours.is_open(at)  # all that a time decides
        if is_open not in found:
            found[is_open] = _meets(flow, replace(facts, at=at), links)
        return found[is_open]

    return _week(met, facts)


def week_out_of_service(facts: Facts) -> Week:
    """Return the same of a number that is switched off."""
    return _week(lambda at: Met("off"), facts)


def _week(met: Callable[[datetime], Met], facts: Facts) -> Week:
    first = facts.at.astimezone(facts.hours.zone).date()
    return Week([_day(met, facts.hours.zone, first + timedelta(days=days)) for days in range(DAYS)])


def _stretches(
    flow: Flow, facts: Facts, links: Links, keys: Keys
) -> Iterator[tuple[Stretch, Sequence[str], str | None]]:
    """Yield what the provider is told again and again, until the call ends or comes round.

    With each stretch come the steps that begin in it, and the one that was met before, without a key since: from there
    all would be the same again.
    """
    stretch, tried, turn, seen = walk.begin(flow, facts, links), 1, 0, set[str]()
    while True:
        steps, circle = ((), None) if stretch.again else _until_met(stretch.steps, seen)
        yield stretch, steps, circle
        facts = replace(facts, told=facts.told or stretch.notice is not None)
        name = stretch.waits_at
        step = flow.at(name)
        if circle or name is None or not isinstance(step, Menu | Ring):
            return
        if isinstance(step, Menu):
            key = keys.press()
            seen = set() if key else seen
            stretch = walk.after_key(flow, name, facts, links, key=key, tried=tried)
        else:
            stretch = walk.after_ringing(flow, name, facts, links, turn=turn, first=0, bridged=False)
        tried, turn = (tried + 1, turn + 1) if stretch.again else (1, 0)


def _until_met(steps: Sequence[str], seen: set[str]) -> tuple[Sequence[str], str | None]:
    """Return the steps up to the first that has been seen, and that one; the others count as seen from now on."""
    for at, name in enumerate(steps):
        if name in seen:
            return steps[:at], name
        seen.add(name)
    return steps, None


def _stop(flow: Flow, name: str, facts: Facts) -> Stop:
    step = flow.steps[name]
    return Stop(name, step.kind, flow.title(name), _words(step, facts))


def _words(step: Step, facts: Facts) -> str:
    match step:
        case Greeting():
            return " ".join(text for text in (step.text, step.notice) if text) or "Says nothing."
        case OpenHours():
            words = facts.hours.in_words(facts.at)
            return words[:1].upper() + words[1:] + (f": it is {facts.holiday}." if facts.holiday else ".")
        case Menu() | Voicemail() | Sentence():
            return step.text or NOTHING_SAID
        case Ring():
            return f"{_telephones(step)}, {step.seconds} seconds{_each(step)}.{_whispered(step, facts)}"
    raise TypeError(f"nothing is known of a step of the kind {step.kind}")


def _telephones(step: Ring) -> str:
    return "Rings " + (", ".join(map(phones.pretty, step.to)) or "nobody")


def _each(step: Ring) -> str:
    if step.order == Order.ALL or len(step.to) < 2:
        return ""
    return f" each, one after the other: {times.in_words(step.longest)} in all"


def _whispered(step: Ring, facts: Facts) -> str:
    said = " ".join(each.text for each in walk.whispered(step, facts))
    return f" Who answers hears “{said}”" if said else ""


def _day(met: Callable[[datetime], Met], zone: ZoneInfo, day: date) -> Day:
    slots = [(minute, _at(zone, day, minute)) for minute in range(0, MIDNIGHT, SLOT)]
    runs = []
    for same, run in groupby(slots, key=lambda slot: met(slot[1]) if slot[1] else None):
        minutes = [minute for minute, _ in run]
        if same:
            runs.append(_run(same, minutes[0], minutes[-1] + SLOT))
    return Day(day, runs)


def _at(zone: ZoneInfo, day: date, minute: int) -> datetime | None:
    """Return when the clock shows this first; None for a time that it skips."""
    return next(iter(moments(datetime.combine(day, time(minute // 60, minute % 60)), zone)), None)


def _meets(flow: Flow, facts: Facts, links: Links) -> Met:
    """Follow a caller who presses nothing to the first step that is no menu."""
    silent, menus = Sentence.kind, []
    for stretch, _, circle in _stretches(flow, facts, links, Keys("")):
        step = flow.at(stretch.waits_at)
        if circle:
            break
        if not isinstance(step, Menu):
            silent = step.kind if step else Sentence.kind
            break
        menus.append(step)
    return Met(silent, asks=bool(menus), by_key=_rings_by_key(flow, menus, facts, links))


def _rings_by_key(flow: Flow, menus: list[Menu], facts: Facts, links: Links) -> bool:
    """Say whether a caller at one of the menus gets to people by some keys."""
    waiting, seen = [*menus], list[Menu]()
    while waiting:
        menu = waiting.pop()
        if menu in seen:
            continue
        seen.append(menu)
        for target in menu.choices.values():
            step = flow.at(walk.enter(flow, target, facts, links).waits_at)
            if isinstance(step, Ring):
                return True
            waiting += [step] if isinstance(step, Menu) else []
    return False


def _run(met: Met, start: int, end: int) -> Run:
    x, width = (f"{minutes * 100 / MIDNIGHT:.2f}%" for minutes in (start, end - start))
    return Run(met, end - start, moment(start), moment(end), x, width)
