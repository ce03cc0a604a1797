"""The form of a whole call flow: one part for each step, drawn from the flow and read back into a document.

Judging stays with `steps.py`: what is typed goes into the document as it is, and what is refused comes back to the
field that its place names. A way may lead to "a new step", which is made when the form is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from callcrm.lib import phones
from callcrm.lib.forms import RefusableForm
from telephony.flows import documents, steps
from telephony.flows.differences import ORDERS
from telephony.flows.documents import Unreadable
from telephony.flows.lint import Problem
from telephony.flows.new_steps import NEW, with_new_steps
from telephony.flows.steps import KEYS, KINDS, LANGUAGES, Flow, Step

ICONS = {
    "greeting": "mic",
    "hours": "clock",
    "menu": "hash",
    "ring": "phone-call",
    "voicemail": "voicemail",
    "sentence": "phone-off",
    "blocked": "ban",
    "circle": "repeat",
    "off": "phone-off",
}
TONES = {
    "ring": "ok",
    "voicemail": "warn",
    "sentence": "",
    "menu": "accent",
    "blocked": "bad",
    "circle": "bad",
    "off": "bad",
}
SHORT_MENU = 3  # keys that are always shown
_ORDERS = [(order, words.capitalize()) for order, words in ORDERS.items()]
_TWO_LINES = {"rows": 2}


class Words(forms.CharField):
    """What a caller hears."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label=label, required=False, widget=forms.Textarea(attrs=_TWO_LINES), **options)


class Line(forms.CharField):
    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label=label, required=False, **options)


class Language(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label="Language", required=False, widget=forms.Select(choices=list(LANGUAGES.items()))
        )


class Number(forms.CharField):
    """A whole number; what is none is judged with the document."""

    def __init__(self, label: str, least: int, most: int) -> None:
        wrong = f"Enter {least} to {most}."  # as the document says it: the page says so before it is sent
        limits = {"min": least, "max": most, "inputmode": "numeric", "data-wrong": wrong}
        super().__init__(label=label, required=False, widget=forms.NumberInput(attrs=limits))

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else text


class Telephones(forms.CharField):
    """Numbers as people write them, with commas or lines between."""

    def __init__(self) -> None:
        hint = "With commas between. One after the other, they ring in this order."
        box = forms.Textarea(attrs=_TWO_LINES)
        super().__init__(label="People's telephones", required=False, widget=box, help_text=hint)

    def prepare_value(self, value: Any) -> str:
        return value if isinstance(value, str) else ", ".join(phones.pretty(number) for number in value or ())

    def clean(self, value: Any) -> list[str]:
        parts = super().clean(value).replace("\n", ",").replace(";", ",").split(",")
        return [part.strip() for part in parts if part.strip()]


class Way(forms.CharField):
    """Where a call goes on: one of the steps, or a new one."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False, widget=forms.Select)

    def clean(self, value: Any) -> str | None:
        return super().clean(value) or None


class Flag(forms.BooleanField):
    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label=label, required=False, **options)


class StepForm(forms.Form):
    """The fields of one step. `ways`: what a way can be chosen from."""

    kind = ""
    name = Line("Name", max_length=200, help_text="What your people call this step.")

    def __init__(self, *args: Any, ways: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in self.fields.values():
            if isinstance(each, Way):
                each.widget.choices = ways

    def value(self, region: str) -> dict[str, Any]:
        """Return the step of the document, as it was typed."""
        found = {"kind": self.kind} | dict(self.cleaned_data)
        if "to" in found:
            found["to"] = [phones.normalise(number, region) or number for number in found["to"]]
        return found

    def field_of(self, place: str) -> str:
        """Return the field in which a place of the step stands."""
        return place

    @staticmethod
    def drawn(step: Step) -> dict[str, Any]:
        """Return what a step's fields begin with."""
        return {name: getattr(step, name) for name in step.__dataclass_fields__}


class GreetingForm(StepForm):
    kind = "greeting"
    text = Words("Greeting")
    notice = Words("Recording notice", help_text="Without it, calls that come this way are not recorded.")
    language = Language()
    next = Way("Then")


class HoursForm(StepForm):
    kind = "hours"
    open = Way("When open")
    closed = Way("When closed")


class MenuForm(StepForm):
    kind = "menu"
    text = Words("What is asked")
    language = Language()
    seconds = Number("Seconds to press a key", 2, 30)
    tries = Number("Times it is asked", 1, 5)
    otherwise = Way("No key, or a wrong one")

    def __init__(self, *args: Any, ways: Any, **kwargs: Any) -> None:
        super().__init__(*args, ways=ways, **kwargs)
        for key in KEYS:
            self.fields[f"key_{key}"] = Way(f"Key {key}")
            self.fields[f"key_{key}"].widget.choices = ways

    def value(self, region: str) -> dict[str, Any]:
        found = super().value(region)
        pressed = {key: found.pop(f"key_{key}") for key in KEYS}
        return found | {"choices": {key: target for key, target in pressed.items() if target}}

    def field_of(self, place: str) -> str:
        return "key_" + (place.partition(".")[2] or KEYS[0]) if place.startswith("choices") else place

    @staticmethod
    def drawn(step: Step) -> dict[str, Any]:
        found = StepForm.drawn(step)
        return found | {f"key_{key}": target for key, target in found.pop("choices").items()}

    @property
    def keys(self) -> list[forms.BoundField]:
        return [self[f"key_{key}"] for key in KEYS[:SHORT_MENU]]

    @property
    def more_keys(self) -> list[forms.BoundField]:
        return [self[f"key_{key}"] for key in KEYS[SHORT_MENU:]]

    @property
    def has_more_keys(self) -> bool:
        return any(bound.value() for bound in self.more_keys)


class RingForm(StepForm):
    kind = "ring"
    to = Telephones()
    order = forms.CharField(label="Ring", required=False, widget=forms.Select(choices=_ORDERS))
    seconds = Number("Ring for, seconds", 5, 60)
    record = Flag("Record the call", help_text="After the recording notice of a greeting.")
    whisper = Line(
        "Say to whoever answers",
        help_text="Before the caller is put through. {source} becomes the advertisement.",
    )
    language = Language()
    press_1 = Flag("Whoever answers must press 1", help_text="So that a mobile's mailbox never answers.")
    mailboxes = Flag("Some of these telephones may have a mailbox")
    no_answer = Way("If nobody answers")


class VoicemailForm(StepForm):
    kind = "voicemail"
    text = Words("What is said")
    language = Language()
    seconds = Number("Longest message, seconds", 10, 600)
    transcribe = Flag("Transcribe the message", help_text=steps.HOW_TRANSCRIBED)


class SentenceForm(StepForm):
    kind = "sentence"
    text = Words("What is said")
    language = Language()


class WholeForm(RefusableForm):
    """What belongs to no step: the state that the page was drawn from, the first step, who is turned away.

    `base` tells whether anything was changed on the page: it is the digest of the flow that it was drawn from.
    """

    state = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    base = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    start = Way("Calls begin with")
    spam = Flag("Turn away people marked as spam")
    withheld = Flag("Turn away callers who hide their number")
    blocked_text = Words("What they hear", help_text="Left empty, they hear that the number is busy.")
    blocked_language = Language()
    text_back_text = Words("Text")

    def __init__(self, *args: Any, ways: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start"].widget.choices = ways

    def value(self) -> dict[str, Any]:
        given = self.cleaned_data
        blocked = {name: given[name] for name in ("spam", "withheld")}
        blocked |= {name: given[f"blocked_{name}"] for name in ("text", "language")}
        return {"start": given["start"], "blocked": blocked, "text_back": {"text": given["text_back_text"]}}


FORMS: Mapping[str, type[StepForm]] = {
    form.kind: form for form in (GreetingForm, HoursForm, MenuForm, RingForm, VoicemailForm, SentenceForm)
}


class FlowForm:
    """All parts of the form. Bound, it reads a flow; `flow` is None then while something is refused."""

    def __init__(self, shown: Flow, state: str, *, region: str, data: QueryDict | None = None) -> None:
        self.shown, self.region, self.data = shown, region, data
        kinds = {name: step.kind for name, step in shown.steps.items()}
        if data is not None:
            kinds = dict(pair for each in data.getlist("step")[: steps.MOST_STEPS] if (pair := _named(each)))
        self.order = list(dict.fromkeys([*(name for name in shown.in_order() if name in kinds), *kinds]))
        ways = list(_ways(shown, self.order, kinds))
        self.steps = {name: self._part(name, kinds[name], ways) for name in self.order}
        base = {"state": state, "base": documents.digest(shown)}
        self.whole = WholeForm(data, ways=ways, initial=drawn_whole(shown) | base)
        self.flow = self._read() if data is not None else None

    def _part(self, name: str, kind: str, ways: Any) -> StepForm:
        step = self.shown.steps.get(name)
        drawn = FORMS[kind].drawn(step) if step is not None and step.kind == kind else {}
        return FORMS[kind](self.data, prefix=name, ways=ways, initial=drawn)

    @property
    def state(self) -> str:
        """Return the state that the page was drawn from."""
        return self.whole["state"].value() or ""

    def numbered(self, name: str, flow: Flow) -> str:
        """Return what a step is called on the page; one that is not on it yet has no number."""
        title = flow.title(name) if name in flow.steps else KINDS[self.steps[name].kind].title
        return f"{self.order.index(name) + 1}. {title}" if name in self.steps else title

    @property
    def made(self) -> list[str]:
        """Return the steps that ways called new."""
        return [name for name in self.flow.steps if name not in self.steps] if self.flow else []

    @property
    def is_untouched(self) -> bool:
        """Say whether the page says what it said when it was drawn."""
        return self.flow is not None and documents.digest(self.flow) == self.whole["base"].value()

    def again(self, state: str) -> None:
        """Let the next save stand on the state of now, from which `shown` is: who sends it again means it."""
        data: Any = self.whole.data
        data = data.copy()
        data["state"], data["base"] = state, documents.digest(self.shown)
        self.whole.data = data

    def mark(self, problems: Sequence[Problem]) -> None:
        """Say at each field why the flow was not published. Drawn anew from what is kept, the form has no errors."""
        for problem in problems:
            bound = self.field_of(problem)
            if bound is not None:
                bound.form.errors.setdefault(bound.name, bound.form.error_class()).append(problem.message)

    def begin_at(self, bound: forms.BoundField | None) -> None:
        """Let the page open at a field, with or without scripts."""
        if bound is not None:
            bound.field.widget.attrs["autofocus"] = True

    def field_of(self, problem: Problem) -> forms.BoundField | None:
        """Return the field that a problem is about; None for one of a step as a whole."""
        if not problem.step:
            return self.whole["start"]
        part = self.steps.get(problem.step)
        field = part.field_of(problem.field) if part else ""
        return part[field] if part and field in part.fields else None

    def _read(self) -> Flow | None:
        valid = [
            form.is_valid() for form in (self.whole, *self.steps.values())
        ]  # each says what is wrong with it
        if not all(valid):
            return None
        document = self.whole.value()
        document["steps"] = {name: part.value(self.region) for name, part in self.steps.items()}
        try:
            return documents.read(with_new_steps(document, self.shown))
        except Unreadable as refused:
            self._take(refused.problems)
            return None

    def _take(self, problems: Mapping[str, Sequence[str]]) -> None:
        """Bring each problem to its field, or to the top."""
        for place, messages in problems.items():
            top, _, rest = place.partition(".")
            name, _, inside = rest.partition(".")
            part = self.steps.get(name) if top == "steps" else None
            field = part.field_of(inside) if part else {"blocked.text": "blocked_text"}.get(place, place)
            form: Any = part or self.whole
            form.add_error(field if field in form.fields else None, list(messages))

    @property
    def errors(self) -> list[tuple[str, forms.BoundField | None, str]]:
        """Return what is refused from top to bottom: in which step, at which field, and why."""
        if self.data is None:
            return []
        parts: list[tuple[str, forms.Form]] = [("", self.whole)]
        parts += [(f"Step {number}", self.steps[name]) for number, name in enumerate(self.order, 1)]
        return [(title, bound, text) for title, form in parts for bound, text in _errors(form)]


def _errors(form: forms.Form) -> Iterator[tuple[forms.BoundField | None, str]]:
    yield from ((None, str(text)) for text in form.non_field_errors())
    for bound in form:
        yield from ((bound, str(text)) for text in bound.errors)


def _named(each: str) -> tuple[str, str] | None:
    """Return the id and the kind of a step that the form says it has."""
    name, _, kind = each.partition(":")
    return (name, kind) if kind in KINDS and steps.is_step_id(name) else None


def drawn_whole(flow: Flow) -> dict[str, Any]:
    """Return what the fields that belong to no step begin with."""
    blocked, text_back = flow.blocked, flow.text_back
    return {
        "start": flow.start,
        "spam": blocked.spam,
        "withheld": blocked.withheld,
        "blocked_text": blocked.text,
        "blocked_language": blocked.language,
        "text_back_text": text_back.text,
    }


def _ways(flow: Flow, order: Sequence[str], kinds: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield the choices of a way: nothing, each step by its number and name, a new step of each kind."""
    yield "", "Choose …"
    named = ((name, flow.title(name) if name in flow.steps else KINDS[kinds[name]].title) for name in order)
    yield "Steps", [(name, f"{number}. {title}") for number, (name, title) in enumerate(named, 1)]
    yield "A new step", [(NEW + kind, f"New: {each.title}") for kind, each in KINDS.items()]
