"""A call on its way through a flow: what a caller hears next, until somebody outside must act.

Pure: which step, which key and which turn come in by the address that a provider calls back, so the answer to a
delivery is the same each time it comes. Wherever a flow leads nowhere, the caller hears a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from telephony.flows.steps import (
    SOURCE,
    Flow,
    Greeting,
    Menu,
    OpenHours,
    Order,
    Ring,
    Sentence,
    Step,
    Voicemail,
)
from telephony.hours.week import Hours
from telephony.providers.base import (
    Action,
    Destination,
    Dial,
    Gather,
    HangUp,
    Record,
    Reject,
    Say,
)

NOBODY_HERE = Say(
    "Thank you for calling. We are sorry that nobody can take your call right now. Please call again."
)
NOT_IN_SERVICE = Say("Thank you for calling. This number is not in service at the moment. Goodbye.")
PRESS_1 = {
    "en": "Press 1 to take the call.",
    "es": "Pulse 1 para atender la llamada.",
    "fr": "Appuyez sur 1 pour prendre l'appel.",
    "de": "Drücken Sie die 1, um den Anruf anzunehmen.",
    "it": "Premi 1 per rispondere alla chiamata.",
    "nl": "Druk op 1 om het gesprek aan te nemen.",
    "pl": "Naciśnij 1, aby odebrać połączenie.",
    "pt": "Pressione 1 para atender a chamada.",
    "da": "Tryk på 1 for at tage opkaldet.",
    "nb": "Trykk 1 for å ta samtalen.",
    "sv": "Tryck 1 för att ta samtalet.",
}
MOST_AT_ONCE = 50  # steps in one answer; a flow that goes round without waiting is cut here


class Links(Protocol):
    """Where a provider reports to, as whole addresses. `step` and what else is given come back with the report."""

    def to(self, route: str, **query: str | int) -> str: ...


def _nobodys_turn(step: str) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides about a call besides the flow.

    `told`: the caller has heard a recording notice already. `holiday`: what people call the day. `turn_of` is asked
    whose turn it is when a round robin is reached, and not before.
    """

    at: datetime
    hours: Hours
    blocked: bool = False
    told: bool = False
    source: str = ""
    holiday: str = ""
    turn_of: Callable[[str], int] = _nobodys_turn


@dataclass(frozen=True, slots=True)
class Stretch:
    """What happens until somebody outside must act: a key, a telephone, a message, or the end.

    `again`: it goes on within one step, with its next try or its next telephone.
    """

    actions: tuple[Action, ...]
    steps: tuple[str, ...] = ()
    notice: Say | None = None
    again: bool = False

    @property
    def waits_at(self) -> str | None:
        """Return the step that goes on when the provider reports; None when this is the end."""
        waiting = self.actions and isinstance(self.actions[-1], Gather | Dial | Record)
        return self.steps[-1] if waiting else None


def turns_away(flow: Flow, *, spam: bool, withheld: bool) -> bool:
    """Say whether a caller does not get through at all."""
    return (spam and flow.blocked.spam) or (withheld and flow.blocked.withheld)


def begin(flow: Flow, facts: Facts, links: Links) -> Stretch:
    """Take a call that comes in."""
    if not facts.blocked:
        return enter(flow, flow.start, facts, links)
    if not flow.blocked.text:
        return Stretch((Reject(),))
    return Stretch((Say(flow.blocked.text, flow.blocked.language), HangUp()))


def enter(flow: Flow, name: str | None, facts: Facts, links: Links) -> Stretch:
    """Go on from a step until the provider must act."""
    actions: list[Action] = []
    steps: list[str] = []
    notice: Say | None = None
    while name is not None and name in flow.steps and len(steps) < MOST_AT_ONCE:
        step = flow.steps[name]
        steps.append(name)
        match step:
            case Greeting():
                notice = Say(step.notice, step.language) if step.notice else notice
                actions += [Say(text, step.language) for text in (step.text, step.notice) if text]
                name = step.next
            case OpenHours():
                name = step.open if facts.hours.is_open(facts.at) else step.closed
            case _:
                told = facts.told or notice is not None
                return Stretch((*actions, *_last(name, step, facts, links, told)), tuple(steps), notice)
    return Stretch((*actions, NOBODY_HERE, HangUp()), tuple(steps), notice)


def after_key(flow: Flow, name: str, facts: Facts, links: Links, *, key: str, tried: int) -> Stretch:
    """Go on from a menu, with the key that was pressed or none."""
    step = flow.at(name)
    if not isinstance(step, Menu):
        return enter(flow, None, facts, links)
    if key in step.choices:
        return enter(flow, step.choices[key], facts, links)
    if tried < step.tries:
        return Stretch((_ask(name, step, links, tried + 1),), (name,), again=True)
    return enter(flow, step.otherwise, facts, links)


def after_ringing(
    flow: Flow, name: str, facts: Facts, links: Links, *, turn: int, first: int, bridged: bool
) -> Stretch:
    """Go on from a ring: who has talked is done; else the next telephone, else where nobody answered."""
    step = flow.at(name)
    if bridged:
        return Stretch((HangUp(),))
    if not isinstance(step, Ring):
        return enter(flow, None, facts, links)
    if step.order != Order.ALL and turn + 1 < len(step.to):
        dial = _dial(name, step, facts, links, told=facts.told, turn=turn + 1, first=first)
        return Stretch((dial,), (name,), again=True)
    return enter(flow, step.no_answer, facts, links)


def after_message() -> Stretch:
    """A message has been taken, or its caller is gone."""
    return Stretch((HangUp(),))


def whisper(flow: Flow, name: str, facts: Facts, links: Links) -> list[Action]:
    """Return what a telephone of ours hears before it is put through."""
    step = flow.at(name)
    if not isinstance(step, Ring):
        return [HangUp()]
    words = whispered(step, facts)
    return [Gather(words, 5, links.to("whisper-accept", step=name)), HangUp()] if step.press_1 else [*words]


def whispered(step: Ring, facts: Facts) -> tuple[Say, ...]:
    """Return the words that a telephone of ours hears."""
    said = Say(step.whisper.replace(SOURCE, facts.source), step.language)
    asked = Say(PRESS_1[step.language[:2]] if step.press_1 else "", step.language)
    return tuple(each for each in (said, asked) if each.text)


def whisper_accepted(key: str) -> list[Action]:
    """Return what follows the key: nothing more to hear means that the two are put through."""
    return [] if key == "1" else [HangUp()]


def _last(name: str, step: Step, facts: Facts, links: Links, told: bool) -> Sequence[Action]:
    """Return what a step does that does not simply go on."""
    match step:
        case Menu():
            return [_ask(name, step, links, 1)]
        case Ring(to=()):
            return [NOBODY_HERE, HangUp()]
        case Ring():
            first = facts.turn_of(name) % len(step.to) if step.order == Order.ROUND_ROBIN else 0
            return [_dial(name, step, facts, links, told=told, turn=0, first=first)]
        case Voicemail():
            return [Say(step.text, step.language), _take_message(name, step, links)]
        case Sentence():
            return [Say(step.text, step.language) if step.text else NOBODY_HERE, HangUp()]
    raise TypeError(f"a step of the kind {step.kind} goes on by itself")


def _ask(name: str, step: Menu, links: Links, tried: int) -> Gather:
    words = (Say(step.text, step.language),) if step.text else ()
    return Gather(words, step.seconds, links.to("gather", step=name, tried=tried))


def _dial(name: str, step: Ring, facts: Facts, links: Links, *, told: bool, turn: int, first: int) -> Dial:
    """A call is recorded only after its notice: no notice, no recording."""
    asked = {"step": name} | ({"press": 1} if step.press_1 else {})
    whispers = step.press_1 or bool(step.whisper)
    return Dial(
        destinations=tuple(
            Destination(
                e164,
                status_url=links.to("number-status", **asked),
                whisper_url=links.to("whisper", step=name) if whispers else None,
            )
            for e164 in _whose_turn(step, turn, first)
        ),
        seconds=step.seconds,
        record=step.record and told,
        action_url=links.to("dial-action", **asked, turn=turn, first=first),
        recording_status_url=links.to("recording-status"),
    )


def _whose_turn(step: Ring, turn: int, first: int) -> Sequence[str]:
    """Return whom to ring at once: all, or the one whose turn it is."""
    return step.to if step.order == Order.ALL else (step.to[(first + turn) % len(step.to)],)


def _take_message(name: str, step: Voicemail, links: Links) -> Record:
    return Record(
        seconds=step.seconds,
        action_url=links.to("record-action", step=name),
        recording_status_url=links.to("recording-status"),
        transcription_url=links.to("transcription") if step.is_transcribed else None,
    )
