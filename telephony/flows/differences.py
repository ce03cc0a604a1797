"""In what two flows differ, value by value: as many as the editor counts, in the words that the history may keep.

What is said to callers, what people call a step and whom it rings is theirs: that it changed is told, and not from what
to what. Of telephones and keys it tells how many, or which.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from audit.events import Change
from telephony.flows.steps import LANGUAGES, Flow, Order

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
_WHOLE: Final = (("Who is turned away", "blocked"), ("Text to who was missed", "text_back"))


def between(before: Flow, after: Flow) -> list[Change]:
    """Return what differs; a step that came or went, or became of another kind, counts once."""
    found = [Change("First step")] if before.start != after.start else []
    for title, part in _WHOLE:
        found += _values(title, getattr(before, part), getattr(after, part))
    titles = _titles(before) | _titles(after)
    for name in {**before.steps, **after.steps}:
        found += _step(titles[name], before.at(name), after.at(name))
    return found


def _titles(flow: Flow) -> dict[str, str]:
    """Return each step by its kind, numbered where there are several as a caller may meet them."""
    met: Counter[str] = Counter()
    titles = {}
    for name in flow.in_order():
        title = flow.steps[name].title
        met[title] += 1
        titles[name] = f"{title} ({met[title]})" if met[title] > 1 else title
    return titles


def _step(title: str, before: Any, after: Any) -> Iterator[Change]:
    if before is None:
        yield Change(title, after="added")
    elif after is None:
        yield Change(title, after="taken out")
    elif type(before) is not type(after):
        yield Change(title, after="put in the place of another")
    else:
        yield from _values(title, before, after)


def _values(title: str, before: Any, after: Any) -> Iterator[Change]:
    for each in fields(after):
        old, new = getattr(before, each.name), getattr(after, each.name)
        if old != new:
            what = f"{title}: {_FIELDS.get(each.name, each.name)}"
            was, now_is = _said(each.name, old), _said(each.name, new)
            yield Change(what, was, now_is) if was != now_is else Change(what)


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
