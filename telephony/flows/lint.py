"""What would strand a caller. A flow with a refused problem is not published; a warning is shown and may stand.

Each rule is a function of the flow and what is known around it, with a code of its own; docs/call-flows.md says why
each is there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from callcrm.lib import phones, times
from telephony.flows.steps import (
    HOW_TRANSCRIBED,
    LANGUAGES,
    SAID,
    SOURCE,
    Flow,
    Greeting,
    Menu,
    OpenHours,
    Ring,
    Sentence,
    Voicemail,
)
from telephony.hours.week import Hours

# A mobile's mailbox picks up after 20 to 30 seconds. A call that rings longer is "answered" by a machine, and the
# missed caller is forgotten.
MAILBOX_AFTER: Final = 20

# A call that rings is not connected yet (`answerOnBridge`), and telephone networks drop such a one after some
# minutes; most callers are gone long before.
MOST_RINGING: Final = 120

NOTHING_SAID: Final = "The caller hears nothing here: write what is said."  # `what_if.py` says so too

# What a sentence has in it that speaks of recording, by its language.
RECORDING: Final = {
    "en": ("record", "tape", "monitor"),
    "es": ("grab",),
    "fr": ("enregistr",),
    "de": ("aufgez", "aufzeich", "aufgenommen", "aufnahme", "aufnehmen", "mitschnitt", "mitgeschnitten"),
    "it": ("registr",),
    "nl": ("opgenomen", "opnemen", "opname", "neemt op", "nemen op"),
    "pl": ("nagr", "rejestr"),
    "pt": ("grava",),
    "da": ("optag",),
    "nb": ("tas opp", "ta opp", "opptak"),
    "sv": ("spelas in", "spela in", "inspel"),
}
_BRACES: Final = re.compile(r"\{[^{}]*\}?|\}")


@dataclass(frozen=True, slots=True)
class Around:
    """What a flow is judged by besides itself. `own`: those of its telephones that are tracking numbers."""

    hours: Hours
    at: datetime
    own: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `step` and `field` say where; both are empty for the flow as a whole."""

    code: str
    message: str
    step: str = ""
    field: str = ""
    refuses: bool = True

    @property
    def place(self) -> str:
        return ".".join(part for part in (self.step, self.field) if part)


def problems(flow: Flow, around: Around) -> list[Problem]:
    """Return what is wrong, as a caller would meet it; what no call reaches is only said to be so."""
    if flow.start is None:
        return [Problem("dead_end", "A call meets nothing: add a first step.")]
    reached = flow.reached()
    found = [_met(problem, reached) for rule in RULES for problem in rule(flow, around)]
    order = {name: at for at, name in enumerate(flow.in_order(), 1)}
    told = [*(problem for problem in found if problem), *_unreached(flow, reached)]
    return sorted(told, key=lambda problem: order.get(problem.step, 0))


def _met(problem: Problem, reached: Collection[str]) -> Problem | None:
    """A fault where no call gets to refuses nothing, and is left out; but a tracking number is never meant there, and
    one way that is led to it would let calls come back."""
    if not problem.step or problem.step in reached:
        return problem
    return replace(problem, refuses=False) if problem.code == "own_number" else None


def refusals(flow: Flow, around: Around) -> list[Problem]:
    """Return the problems that keep the flow from being published."""
    return [problem for problem in problems(flow, around) if problem.refuses]


def _record_before_notice(flow: Flow, around: Around) -> Iterator[Problem]:
    """Whichever way a call takes, it must have passed a notice before it is recorded."""
    for name in _untold(flow):
        step = flow.steps[name]
        if isinstance(step, Ring) and step.record:
            yield Problem(
                "record_before_notice",
                "This records calls, and a caller can get here without having been told. Put a greeting with the "
                "recording notice before it.",
                name,
                "record",
            )


def _untold(flow: Flow) -> set[str]:
    """Return the steps that can be reached without hearing a notice."""
    waiting, seen = [flow.start], set[str]()
    while waiting:
        name = waiting.pop()
        step = flow.at(name)
        if name is None or step is None or name in seen:
            continue
        seen.add(name)
        if not (isinstance(step, Greeting) and step.notice):
            waiting += [target for _, target in step.targets()]
    return seen


def _dead_end(flow: Flow, around: Around) -> Iterator[Problem]:
    """A caller is let go only after a message was taken or a sentence was said that ends the call."""
    for name, step in flow.steps.items():
        if isinstance(step, Ring) and not step.to:
            yield Problem("dead_end", "This rings nobody: add a telephone.", name, "to")
        if isinstance(step, Menu) and not step.choices:
            yield Problem("dead_end", "No key leads anywhere: choose what key 1 does.", name, "choices")
            continue  # the rest of a menu is filled in after its keys
        if isinstance(step, Voicemail | Sentence | Menu) and not step.text:
            yield Problem("dead_end", NOTHING_SAID, name, "text")
        if not isinstance(step, OpenHours):
            yield from (
                Problem(
                    "dead_end",
                    "A call leads nowhere from here, and the caller is let go with an apology: "
                    "choose what comes next.",
                    name,
                    way,
                )
                for way, target in step.targets()
                if target is None
            )


def _own_number(flow: Flow, around: Around) -> Iterator[Problem]:
    """A call that is forwarded to a tracking number comes back, and goes round until somebody hangs up."""
    for name, step in flow.steps.items():
        for number in step.to if isinstance(step, Ring) else ():
            if number in around.own:
                shown = phones.pretty(number)
                message = f"{shown} is a tracking number: the call would come back here without end."
                yield Problem("own_number", message, name, "to")


def _endless(flow: Flow, around: Around) -> Iterator[Problem]:
    """Who presses nothing and reaches nobody must get to an end all the same. Each circle is told once."""
    told = set[str]()
    for name in flow.in_order():
        round_it = _idle_ways(flow, name)
        if name in round_it and name not in told:
            told |= round_it
            step = flow.steps[name]
            way = next(way for way, target in _idle(step) if target)
            yield Problem("endless", "A caller who does nothing goes round in a circle here.", name, way)


def _idle_ways(flow: Flow, start: str) -> set[str]:
    """Return the steps that a caller comes to from here who presses nothing and is answered by nobody."""
    waiting = [target for _, target in _idle(flow.steps[start])]
    seen = set[str]()
    while waiting:
        name = waiting.pop()
        if name is not None and name not in seen and name in flow.steps:
            seen.add(name)
            waiting += [target for _, target in _idle(flow.steps[name])]
    return seen


def _idle(step: object) -> list[tuple[str, str | None]]:
    if isinstance(step, Menu):
        return [("otherwise", step.otherwise)]
    return list(step.targets()) if isinstance(step, Greeting | OpenHours | Ring) else []


def _past_the_mailbox(flow: Flow, around: Around) -> Iterator[Problem]:
    for name, step in flow.steps.items():
        if not isinstance(step, Ring) or not step.to:
            continue  # of one that rings nobody, that is what there is to say
        if step.mailboxes and not step.press_1 and step.seconds > MAILBOX_AFTER:
            yield Problem(
                "past_the_mailbox",
                f"After {MAILBOX_AFTER} seconds a mobile's own mailbox answers, and the caller counts as answered. "
                f"Ring for {MAILBOX_AFTER} seconds at most, or let the people press 1.",
                name,
                "seconds",
            )


def _rings_too_long(flow: Flow, around: Around) -> Iterator[Problem]:
    """However many telephones and steps take their turn, a caller hears something else in time. Of steps that are too
    long together, the last is told from which on they are."""
    for name, step in flow.steps.items():
        if isinstance(step, Ring) and step.to:
            ringing = max(_ringing(flow, name, is_open=is_open) for is_open in (True, False))
            if ringing - step.longest <= MOST_RINGING < ringing:
                yield Problem(
                    "rings_too_long",
                    f"From here on a caller hears it ring for {times.in_words(ringing)} before anything else answers. "
                    f"Let it be {times.in_words(MOST_RINGING)} at most: ring fewer telephones, for less long, or all "
                    "at once.",
                    name,
                    "seconds",
                )


def _ringing(flow: Flow, start: str, *, is_open: bool) -> int:
    """Return for how many seconds it rings from a step on, until something is said, asked or recorded."""
    ringing, seen = 0, set[str]()
    name: str | None = start
    while name is not None and name not in seen:
        seen.add(name)
        match flow.at(name):
            case Ring() as ring:
                ringing, name = ringing + ring.longest, ring.no_answer
            case OpenHours() as hours:
                name = hours.open if is_open else hours.closed
            case Greeting(text="", notice="") as silent:
                name = silent.next
            case _:
                break
    return ringing


def _vague_notice(flow: Flow, around: Around) -> Iterator[Problem]:
    """Recording rests on what the caller is told. Whether the words are enough, the law says; that they speak of it
    can be looked for."""
    for name, step in flow.steps.items():
        if isinstance(step, Greeting) and step.notice:
            words = RECORDING[step.language[:2]]
            if not any(word in step.notice.lower() for word in words):
                message = (
                    f"This notice does not seem to say, in {LANGUAGES[step.language]}, that the call is recorded. "
                    "Read it aloud once more, and look at its language."
                )
                yield Problem("vague_notice", message, name, "notice", refuses=False)


def _unknown_placeholder(flow: Flow, around: Around) -> Iterator[Problem]:
    """What stands in braces is read aloud with the rest, except for the one that is known."""
    for name, field, text in _spoken(flow):
        odd = _BRACES.findall(text.replace(SOURCE, "") if field == "whisper" else text)
        if odd:
            shown = " and ".join(f"“{each}”" for each in odd)
            known = f"Only {SOURCE} is known, in what is said to whoever answers."
            message = f"This is read aloud as it stands: {shown}. {known}"
            yield Problem("unknown_placeholder", message, name, field, refuses=False)


def _spoken(flow: Flow) -> Iterator[tuple[str, str, str]]:
    """Yield all that is said, with its step and field; what a blocked caller hears belongs to no step."""
    yield "", "", flow.blocked.text
    for name, step in flow.steps.items():
        yield from ((name, field, getattr(step, field, "")) for field in SAID)


def _not_transcribed(flow: Flow, around: Around) -> Iterator[Problem]:
    """What is wished and cannot be had is said, so that nobody waits for it."""
    for name, step in flow.steps.items():
        if isinstance(step, Voicemail) and step.transcribe and not step.is_transcribed:
            message = (
                f"This message will not be transcribed. {HOW_TRANSCRIBED} Untick it, or change the message."
            )
            yield Problem("not_transcribed", message, name, "transcribe", refuses=False)


def _hours_gap(flow: Flow, around: Around) -> Iterator[Problem]:
    """Every hour of the year has to lead somewhere."""
    opens = around.hours.opens_at(around.at)
    closes = around.at if not around.hours.is_open(around.at) else around.hours.closes_at(around.at)
    for name, step in flow.steps.items():
        if not isinstance(step, OpenHours):
            continue
        if step.open is None and opens is not None:
            when = _when(opens, around)
            yield Problem("hours_gap", f"{when} you are open, and a call leads nowhere.", name, "open")
        if step.closed is None and closes is not None:
            when = _when(closes, around)
            yield Problem("hours_gap", f"{when} you are closed, and a call leads nowhere.", name, "closed")
        if opens is None:
            message = "Your opening hours are empty: every call takes the way for closed hours."
            yield Problem("never_open", message, name, "open", refuses=False)


def _when(at: datetime, around: Around) -> str:
    local, here = at.astimezone(around.hours.zone), around.at.astimezone(around.hours.zone)
    return f"On {local:%a}, {times.date(local, here)}, {times.clock(local)}"


def _unreached(flow: Flow, reached: set[str]) -> Iterator[Problem]:
    for name in flow.steps:
        if name not in reached:
            yield Problem("unreached", "No call gets here.", name, refuses=False)


RULES: Final = (
    _record_before_notice,
    _dead_end,
    _own_number,
    _endless,
    _past_the_mailbox,
    _rings_too_long,
    _hours_gap,
    _vague_notice,
    _unknown_placeholder,
    _not_transcribed,
)
