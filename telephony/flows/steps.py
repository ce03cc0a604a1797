"""What a call flow is made of: named steps, each saying where a call goes on.

Each field says how it is checked; `documents.py` reads and writes whole flows. A flow that reads well may still strand
a caller: that is for `lint.py`, because a draft is allowed to be unfinished.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar, Final, TypeAlias

from callcrm.lib import phones
from telephony.providers.base import Say

MOST_STEPS: Final = 40
MOST_TELEPHONES: Final = 10  # what a provider rings at once
KEYS: Final = "1234567890"
SAID: Final = ("text", "notice", "whisper")  # what is spoken in the language of a step
SOURCE: Final = "{source}"  # in a whisper, the advertisement
LONGEST_TRANSCRIBED: Final = 120  # seconds
HOW_TRANSCRIBED: Final = f"Providers do so in English, for messages of up to {LONGEST_TRANSCRIBED} seconds."
LONGEST_SENTENCE, LONGEST_NOTICE, LONGEST_NAME = 1_000, 300, 40

# Languages that providers' built-in voices read.
LANGUAGES: Final = {
    "en-US": "English (US)",
    "en-GB": "English (UK)",
    "en-AU": "English (Australia)",
    "es-MX": "Spanish (Mexico)",
    "es-ES": "Spanish (Spain)",
    "fr-CA": "French (Canada)",
    "fr-FR": "French (France)",
    "de-DE": "German",
    "it-IT": "Italian",
    "nl-NL": "Dutch",
    "pl-PL": "Polish",
    "pt-BR": "Portuguese (Brazil)",
    "pt-PT": "Portuguese (Portugal)",
    "da-DK": "Danish",
    "nb-NO": "Norwegian",
    "sv-SE": "Swedish",
}

_STEP_ID = re.compile(r"[a-z][a-z0-9-]{0,30}")


def is_step_id(text: str) -> bool:
    return _STEP_ID.fullmatch(text) is not None


class Wrong(Exception):
    """One value cannot be taken; the message says what to write."""


class Order(StrEnum):
    """In which order telephones ring."""

    ALL = "all"
    IN_TURN = "in_turn"
    ROUND_ROBIN = "round_robin"


Check: TypeAlias = Callable[[Any], Any]


def _line(most: int) -> Check:
    def check(value: Any) -> str:
        text = value.replace("\r\n", "\n") if isinstance(value, str) else None  # as browsers end a line
        if text is None or len(text) > most or not text.replace("\n", " ").isprintable():
            raise Wrong(f"Write a text of at most {most} characters.")
        return text.strip()

    return check


def _whole(least: int, most: int) -> Check:
    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Wrong(f"Enter {least} to {most}.")
        return value

    return check


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise Wrong("Write true or false.")
    return value


def _one_of(choices: Sequence[str]) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Wrong(f"Choose from {', '.join(choices)}.")
        return value

    return check


def _target(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not _STEP_ID.fullmatch(value)):
        raise Wrong("Name a step, or null.")
    return value


def _telephones(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise Wrong("Write a list of numbers like +15551234567.")
    if not all(phones.is_e164(each) for each in value):
        raise Wrong("Write numbers like +15551234567.")
    if len(value) > MOST_TELEPHONES:
        raise Wrong(f"A call rings at most {MOST_TELEPHONES} telephones.")
    return tuple(dict.fromkeys(value))


def _choices(value: Any) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) and key in set(KEYS) for key in value):
        raise Wrong("Name keys from 0 to 9, each with its step.")
    for step in value.values():
        if _target(step) is None:
            raise Wrong("Each key leads to a step.")
    return {key: value[key] for key in KEYS if key in value}


def _takes(check: Check, default: Any) -> Any:
    return field(default=default, metadata={"check": check})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What all steps have: a name for people. Each kind says where a call may go on."""

    kind: ClassVar[str] = ""
    title: ClassVar[str] = ""
    onward: ClassVar[tuple[str, ...]] = ()

    name: str = _takes(_line(LONGEST_NAME), "")

    def targets(self) -> Iterator[tuple[str, str | None]]:
        """Yield where a call may go on from here: the field, and the step it names."""
        for name in self.onward:
            yield name, getattr(self, name)

    def leading(self, old: str, new: str | None) -> Step:
        """Return the step with each way to `old` leading to `new`."""
        changed: dict[str, Any] = {name: new for name in self.onward if getattr(self, name) == old}
        return replace(self, **changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting(Step):
    """Say something and go on. The notice is what tells a caller that he is recorded."""

    kind: ClassVar[str] = "greeting"
    title: ClassVar[str] = "Greet the caller"
    onward: ClassVar[tuple[str, ...]] = ("next",)

    text: str = _takes(_line(LONGEST_SENTENCE), "")
    notice: str = _takes(_line(LONGEST_NOTICE), "")
    language: str = _takes(_one_of(list(LANGUAGES)), "en-US")
    next: str | None = _takes(_target, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHours(Step):
    """Go one way while the business is open and another while it is closed."""

    kind: ClassVar[str] = "hours"
    title: ClassVar[str] = "Check opening hours"
    onward: ClassVar[tuple[str, ...]] = ("open", "closed")

    open: str | None = _takes(_target, None)
    closed: str | None = _takes(_target, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu(Step):
    """Ask for a key."""

    kind: ClassVar[str] = "menu"
    title: ClassVar[str] = "Ask for a key"
    onward: ClassVar[tuple[str, ...]] = ("otherwise",)

    text: str = _takes(_line(LONGEST_SENTENCE), "")
    language: str = _takes(_one_of(list(LANGUAGES)), "en-US")
    choices: Mapping[str, str] = field(default_factory=dict, metadata={"check": _choices})
    seconds: int = _takes(_whole(2, 30), 5)
    tries: int = _takes(_whole(1, 5), 2)
    otherwise: str | None = _takes(_target, None)

    def targets(self) -> Iterator[tuple[str, str | None]]:
        for key, target in self.choices.items():
            yield f"choices.{key}", target
        yield "otherwise", self.otherwise

    def leading(self, old: str, new: str | None) -> Step:
        """A key that leads nowhere is no key."""
        moved = {key: new if target == old else target for key, target in self.choices.items()}
        choices = {key: target for key, target in moved.items() if target}
        otherwise = new if self.otherwise == old else self.otherwise
        return replace(self, choices=choices, otherwise=otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring(Step):
    """Ring telephones until somebody answers.

    `press_1`: who answers takes the call by pressing 1, so that a mailbox never does. `mailboxes`: some of the
    telephones may have one.
    """

    kind: ClassVar[str] = "ring"
    title: ClassVar[str] = "Ring people"
    onward: ClassVar[tuple[str, ...]] = ("no_answer",)

    to: tuple[str, ...] = _takes(_telephones, ())
    order: str = _takes(_one_of([order.value for order in Order]), Order.ALL.value)
    seconds: int = _takes(_whole(5, 60), 20)
    whisper: str = _takes(_line(LONGEST_NOTICE), "")
    language: str = _takes(_one_of(list(LANGUAGES)), "en-US")
    press_1: bool = _takes(_flag, False)
    mailboxes: bool = _takes(_flag, True)
    record: bool = _takes(_flag, True)
    no_answer: str | None = _takes(_target, None)

    @property
    def longest(self) -> int:
        """Return for how many seconds a caller hears it ring whom nobody answers."""
        return self.seconds * (len(self.to) if self.order != Order.ALL else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail(Step):
    """Take a message, which ends the call."""

    kind: ClassVar[str] = "voicemail"
    title: ClassVar[str] = "Take a message"

    text: str = _takes(_line(LONGEST_SENTENCE), "Please leave a message after the tone.")
    language: str = _takes(_one_of(list(LANGUAGES)), "en-US")
    seconds: int = _takes(_whole(10, 600), 120)
    transcribe: bool = _takes(_flag, True)

    @property
    def is_transcribed(self) -> bool:
        """Say whether the provider does what is wished."""
        return self.transcribe and self.language.startswith("en") and self.seconds <= LONGEST_TRANSCRIBED


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence(Step):
    """Say something and hang up."""

    kind: ClassVar[str] = "sentence"
    title: ClassVar[str] = "Say and hang up"

    text: str = _takes(_line(LONGEST_SENTENCE), "")
    language: str = _takes(_one_of(list(LANGUAGES)), "en-US")


KINDS: Final[Mapping[str, type[Step]]] = {
    kind.kind: kind for kind in (Greeting, OpenHours, Menu, Ring, Voicemail, Sentence)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Who does not get through, before any step: people marked as spam, and on wish who hides his number.

    Without a text the call is refused, which the provider does not charge for.
    """

    spam: bool = _takes(_flag, True)
    withheld: bool = _takes(_flag, False)
    text: str = _takes(_line(LONGEST_NOTICE), "")
    language: str = _takes(_one_of(list(LANGUAGES)), "en-US")


def _off(value: Any) -> bool:
    if value is not False:
        raise Wrong("callcrm sends no texts yet, so this stays off.")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBack:
    """A text to who was missed. It goes through the one gate for sending, and stays off until there is one."""

    on: bool = _takes(_off, False)
    text: str = _takes(_line(LONGEST_NOTICE), "")


@dataclass(frozen=True, slots=True)
class Flow:
    """All steps by their id, and the one that a call begins with."""

    steps: Mapping[str, Step]
    start: str | None = None
    blocked: Blocked = field(default_factory=Blocked)
    text_back: TextBack = field(default_factory=TextBack)

    def at(self, name: str | None) -> Step | None:
        """Return the step of an id; None where a call has nowhere to go."""
        return self.steps.get(name) if name is not None else None

    @property
    def rings(self) -> list[str]:
        """Return every telephone that the flow may ring."""
        of_steps = (step.to for step in self.steps.values() if isinstance(step, Ring))
        return list(dict.fromkeys(number for numbers in of_steps for number in numbers))

    @property
    def records(self) -> bool:
        return any(step.record for step in self.steps.values() if isinstance(step, Ring))

    @property
    def notice(self) -> Say | None:
        """Return the first notice of being recorded that a caller may hear; an outgoing call says the same."""
        said = (step for step in map(self.at, self.reached_in_order()) if isinstance(step, Greeting))
        return next((Say(step.notice, step.language) for step in said if step.notice), None)

    @property
    def language(self) -> str:
        """Return the language that it begins to speak in."""
        spoken = (getattr(self.steps[name], "language", "") for name in self.reached_in_order())
        return next((language for language in spoken if language), "en-US")

    @property
    def asks_hours(self) -> bool:
        return any(isinstance(step, OpenHours) for step in self.steps.values())

    @property
    def takes_turns(self) -> bool:
        """Say whether it remembers who was rung first the last time."""
        return any(step.order == Order.ROUND_ROBIN for step in self.steps.values() if isinstance(step, Ring))

    def in_order(self) -> list[str]:
        """Return the ids as a caller may meet them; those that no call reaches come last."""
        return list(dict.fromkeys([*self.reached_in_order(), *self.steps]))

    def reached(self) -> set[str]:
        return set(self.reached_in_order())

    def reached_in_order(self) -> Iterator[str]:
        waiting, seen = [self.start], set[str]()
        while waiting:
            name = waiting.pop(0)
            step = self.at(name)
            if name is None or step is None or name in seen:
                continue
            seen.add(name)
            yield name
            waiting = [target for _, target in step.targets()] + waiting

    def title(self, name: str) -> str:
        """Return what people call a step."""
        step = self.steps[name]
        return step.name or step.title

    def numbered(self, *, named: bool = True) -> dict[str, str]:
        """Return each step by its number in the editor and what people call it, or by what it does alone."""
        titles = ((name, self.title(name) if named else self.steps[name].title) for name in self.in_order())
        return {name: f"{at}. {title}" for at, (name, title) in enumerate(titles, 1)}

    def after(self, name: str) -> str | None:
        """Return where a step goes on first, besides to itself."""
        return next((target for _, target in self.steps[name].targets() if target != name), None)

    def before(self, name: str) -> list[str]:
        """Return the other steps that lead to one, as a caller may meet them."""
        ways = {key: {target for _, target in self.steps[key].targets()} for key in self.in_order()}
        return [key for key, targets in ways.items() if name in targets and key != name]

    def without(self, name: str) -> Flow:
        """Return the flow without a step: what led to it leads to where it went on first."""
        on = self.after(name)
        rest = {key: step.leading(name, on) for key, step in self.steps.items() if key != name}
        return replace(self, steps=rest, start=on if self.start == name else self.start)

    def fresh_id(self, kind: str) -> str:
        """Return an id that no step has, for a new one."""
        taken = self.steps.keys()
        numbered = (f"{kind}-{number}" for number in range(2, MOST_STEPS + 3))
        return kind if kind not in taken else next(name for name in numbered if name not in taken)
