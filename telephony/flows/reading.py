"""A flow as people read it: each step by its number and name, with what is said, what is set and where a call goes on.

The labels are those of the editor (`forms.py`), so who knows one of them finds his way in the other. What goes without
saying is left out: a text that is not said, the language of nothing, the order of one telephone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from callcrm.lib import phones
from telephony.flows.forms import FORMS, Flag, Language, Telephones, Way, WholeForm, drawn_whole
from telephony.flows.steps import HOW_TRANSCRIBED, LANGUAGES, SAID, Flow, Ring, Step, Voicemail

NOWHERE: Final = "Nowhere: the caller is let go with an apology"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is set, as the editor calls it. `step`: the one that a call goes on to."""

    label: str
    value: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One step, or the beginning of the flow, which has no name and no kind."""

    title: str
    lines: list[Line]
    step: str = ""
    kind: str = ""


def parts(flow: Flow) -> list[Part]:
    """Return the flow from top to bottom, in the order and with the numbers of the editor."""
    titles = flow.numbered()
    whole = Part("A call comes in", list(_whole(flow, titles)))
    steps = ((name, flow.steps[name]) for name in titles)
    return [whole, *(Part(titles[name], list(_lines(step, titles)), name, step.kind) for name, step in steps)]


def _whole(flow: Flow, titles: dict[str, str]) -> Iterator[Line]:
    fields, values = WholeForm(ways=()).fields, drawn_whole(flow)
    for name in ("start", "spam", "withheld", "blocked_text"):
        yield from _line(fields[name], values[name], titles)
    if flow.blocked.text:
        yield from _line(fields["blocked_language"], flow.blocked.language, titles)
    if flow.text_back.text:
        yield Line("Text to missed callers, off", flow.text_back.text)


def _lines(step: Step, titles: dict[str, str]) -> Iterator[Line]:
    """Yield what there is to say of a step; where it goes on when nothing else fits comes last, as it is decided."""
    values = FORMS[step.kind].drawn(step)
    if isinstance(step, Voicemail) and step.transcribe and not step.is_transcribed:
        values["transcribe"] = f"No, though it is ticked. {HOW_TRANSCRIBED}"
    fields = FORMS[step.kind](ways=()).fields
    left_out = {"name"} | ({"language"} if _is_silent(step) else set())
    left_out |= {"order"} if isinstance(step, Ring) and len(step.to) < 2 else set()
    left_out |= {name for name in fields if name.startswith("key_") and not values.get(name)}
    for name in sorted(fields, key=lambda name: name in step.onward):
        if name not in left_out:
            yield from _line(fields[name], values[name], titles)


def _is_silent(step: Step) -> bool:
    asks = isinstance(step, Ring) and step.press_1
    return not asks and not any(getattr(step, name, "") for name in SAID)


def _line(field: Any, value: Any, titles: dict[str, str]) -> Iterator[Line]:
    label = str(field.label)
    if isinstance(field, Way):
        yield Line(label, titles.get(value, NOWHERE), value if value in titles else "")
    elif isinstance(field, Flag):
        yield Line(label, value if isinstance(value, str) else "Yes" if value else "No")
    elif isinstance(field, Telephones):
        yield Line(label, ", ".join(map(phones.pretty, value)) or "None")
    elif isinstance(field, Language):
        yield Line(label, LANGUAGES[value])
    elif value != "":
        choices = dict(getattr(field.widget, "choices", ()))
        yield Line(label, f"{choices.get(value, value)}")
