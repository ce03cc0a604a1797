"""In what two flows differ, value by value: as many as the editor counts, in the words that the history may keep.

What is said to callers, what people call a step and whom it rings is theirs: the history tells that it changed, and not
from what to what. Of telephones and keys it tells how many, or which. Who may edit the flow reads all of it (`openly`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from audit.events import Change
from callcrm.lib import phones
from telephony.flows.steps import KINDS, LANGUAGES, Flow, Order

ORDERS: Final = {
    Order.ALL.value: "everyone at once",
    Order.IN_TURN.value: "one after the other",
    Order.ROUND_ROBIN.value: "in turn, another first each time",
}
_FIELDS: Final = {
    "to": "telephones",
    "text": "words",
    "notice": "recording notice",
    "choices": "keys",
    "press_1": "press 1 to take the call",
    "mailboxes": "mailboxes on these telephones",
    "record": "recording",
    "transcribe": "writing down",
    "spam": "people marked as spam",
    "withheld": "callers who hide their number",
    "next": "where it goes on",
    "no_answer": "where it goes on when nobody answers",
    "otherwise": "where it goes on without a key",
    "open": "where it goes on when open",
    "closed": "where it goes on when closed",
}
WAYS: Final = frozenset({"start", *(way for kind in KINDS.values() for way in kind.onward)})
_WHOLE: Final = (("Who is turned away", "blocked"), ("Text to who was missed", "text_back"))


Say = Callable[[str, Any], str]  # the words for a value of a field


def between(before: Flow, after: Flow) -> list[Change]:
    """Return what differs; a step that came or went, or became of another kind, counts once."""
    titles = before.numbered(named=False) | after.numbered(named=False)
    return _between(before, after, (_said, _said), titles)


def openly(before: Flow, after: Flow) -> list[Change]:
    """Return what differs with all that is said, rung and named: for a page, never for what is kept."""
    was, now_is = before.numbered(), after.numbered()
    return _between(before, after, (_opened(was), _opened(now_is)), was | now_is)


def _between(before: Flow, after: Flow, say: tuple[Say, Say], titles: Mapping[str, str]) -> list[Change]:
    was, now_is = (words("start", flow.start) for words, flow in zip(say, (before, after), strict=True))
    found = [Change("First step", was, now_is)] if before.start != after.start else []
    for title, part in _WHOLE:
        found += _values(title, getattr(before, part), getattr(after, part), say)
    for name in {**before.steps, **after.steps}:
        found += _step(titles[name], before.at(name), after.at(name), say)
    return found


def _step(title: str, before: Any, after: Any, say: tuple[Say, Say]) -> Iterator[Change]:
    if before is None:
        yield Change(title, after="added")
    elif after is None:
        yield Change(title, after="taken out")
    elif type(before) is not type(after):
        yield Change(title, after="put in the place of another")
    else:
        yield from _values(title, before, after, say)


def _values(title: str, before: Any, after: Any, say: tuple[Say, Say]) -> Iterator[Change]:
    for each in fields(after):
        old, new = getattr(before, each.name), getattr(after, each.name)
        if old != new:
            what = f"{title}: {_FIELDS.get(each.name, each.name)}"
            was, now_is = say[0](each.name, old), say[1](each.name, new)
            yield Change(what, was, now_is) if was != now_is else Change(what)


def _opened(titles: Mapping[str, str]) -> Say:
    """Return the words for the values of one flow, whose steps are called so."""

    def say(name: str, value: Any) -> str:
        if name in WAYS:
            return titles.get(value, "nowhere")
        if name == "to":
            return ", ".join(map(phones.pretty, value)) or "none"
        if isinstance(value, Mapping):
            return (
                ", ".join(f"{key}: {titles.get(target, 'nowhere')}" for key, target in value.items())
                or "none"
            )
        return _said(name, value) or (f"“{value}”" if value else "nothing")

    return say


def _said(name: str, value: Any) -> str:
    """Return a value in words; nothing for what is free text or leads to a step, which people name."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return f"{len(value) or 'none'}"
    if isinstance(value, Mapping):
        return ", ".join(value) or "none"
    words = {"order": ORDERS, "language": LANGUAGES}.get(name, {})
    return words.get(value, "") if isinstance(value, str) else str(value) if isinstance(value, int) else ""
