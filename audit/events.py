"""What can happen, as types.

An act that matters is a class with a sentence and its fields: a misspelt field fails when it is built, two events with
one name fail at import. Events hold ids, field names and codes, never a person's data: they outlive the person.
Each app declares its own in `<app>/events`; `audit.recording.record` writes them in the transaction of the act.

Where a value is nobody's secret (days, switches, hours, versions), an event carries in `changes` what it was and what
it is: the history shows all of them in one way (`Entry.changes`).
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

REGISTRY: dict[str, type["Event"]] = {}


@dataclass(frozen=True)
class Change:
    """What a value was and is, in codes or in the words of its page, never a person's and never free text.

    With neither it was changed, and how is not said; with `after` alone that is what became of it.
    """

    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened.

    `name` is dotted; `sentence` completes "<actor> …" and may use the fields; `subject` names the field that holds the
    id of the thing it happened to; `security` sends it to the security log as well. `label` stands for the kind in a
    list of kinds; it is made of the name. `words` say how the sentence writes the codes that the fields hold, and by
    "?" what stands for a field that entries of older versions lack.
    """

    name: ClassVar[str]
    sentence: ClassVar[str]
    label: ClassVar[str]
    subject: ClassVar[str | None] = None
    security: ClassVar[bool] = False
    words: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name in REGISTRY:
            raise TypeError(f"two events are named {cls.name}")
        cls.label = re.sub("[._]", " ", cls.name.removeprefix("auth.")).capitalize()
        REGISTRY[cls.name] = cls

    def data(self) -> dict[str, Any]:
        """Return the fields that have a value, as JSON can hold them."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: _plain(value) for name, value in values.items() if value is not None}

    @classmethod
    def told(cls, data: Mapping[str, Any]) -> str:
        """Return the sentence of a recorded entry; an event of which one sentence is not enough says more."""
        return cls.sentence.format_map(_Gaps(data, cls.words))

    @classmethod
    def changed(cls, data: Mapping[str, Any]) -> list[Change]:
        """Return what a recorded entry says was changed; where older ones said it otherwise, the event reads those."""
        return [Change(**each) for each in data.get("changes", ())]


def sentence_of(name: str, data: Mapping[str, Any]) -> str:
    """Return the words for a recorded event; a retired name or a missing field still reads as something true."""
    event = REGISTRY.get(name)
    return event.told(data) if event else name


def changes_of(name: str, data: Mapping[str, Any]) -> list[Change]:
    """Return what a recorded event says was changed, in words; nothing for those that say it in their sentence."""
    event = REGISTRY.get(name)
    if event is None:
        return []
    said = _Gaps({}, event.words)
    return [
        Change(*(said.word(value) for value in (each.what, each.before, each.after)))
        for each in event.changed(data)
    ]


class _Gaps(dict[str, Any]):
    def __init__(self, data: Mapping[str, Any], words: Mapping[str, str]) -> None:
        super().__init__(data)
        self._said = words

    def __missing__(self, key: str) -> str:
        return self._said.get("?", "?")

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        return _listed([self.word(one) for one in value]) if isinstance(value, list) else self.word(value)

    def word(self, value: Any) -> Any:
        return self._said.get(value, _words(value)) if isinstance(value, str) else value


def _listed(words: list[str]) -> str:
    """Write `name, e-mail and notes`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _words(value: Any) -> Any:
    """Write a code such as `call_back` as people do; what a person wrote stays as it is."""
    is_code = isinstance(value, str) and re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", value)
    return value.replace("_", " ") if is_code else value


def _plain(value: Any) -> Any:
    if isinstance(value, Change):
        return asdict(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int) else str(value)
