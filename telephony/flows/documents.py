"""A call flow as plain JSON: read whole, or refused with the place and a sentence for each thing that is wrong."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from telephony.flows.steps import (
    KINDS,
    MOST_STEPS,
    Blocked,
    Flow,
    Sentence,
    Step,
    TextBack,
    Wrong,
    is_step_id,
)


class Unreadable(Exception):
    """The document is no flow. `problems` holds the sentences of each place, such as `steps.ring.seconds`."""

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)


def read(document: Any) -> Flow:
    """Return the flow of a document. Raises Unreadable, which names every place that is wrong."""
    problems: dict[str, list[str]] = {}
    whole = _object(document, "", {"start", "steps", "blocked", "text_back"}, problems)
    steps = _read_steps(whole.get("steps", {}), problems)
    blocked = _read_fields(Blocked, whole.get("blocked", {}), "blocked", problems)
    text_back = _read_fields(TextBack, whole.get("text_back", {}), "text_back", problems)
    start = whole.get("start")
    if start is not None and (not isinstance(start, str) or start not in steps):
        problems["start"] = ["There is no such step."]
    if problems:
        raise Unreadable(problems)
    return Flow(steps, start, blocked, text_back)


def write(flow: Flow) -> dict[str, Any]:
    """Return the document of a flow, with every field of every step."""
    steps = {name: {"kind": step.kind} | _written(step) for name, step in flow.steps.items()}
    rest = {"blocked": _written(flow.blocked), "text_back": _written(flow.text_back)}
    return {"start": flow.start, "steps": steps} | rest


def digest(flow: Flow) -> str:
    """Return what tells a flow from every other one."""
    return hashlib.sha256(json.dumps(write(flow), sort_keys=True).encode()).hexdigest()


def _written(part: Any) -> dict[str, Any]:
    values = {each.name: getattr(part, each.name) for each in fields(part)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _read_steps(given: Any, problems: dict[str, list[str]]) -> dict[str, Step]:
    if not isinstance(given, Mapping) or len(given) > MOST_STEPS:
        problems["steps"] = [f"Write at most {MOST_STEPS} steps, each under its id."]
        return {}
    odd = [name for name in given if not isinstance(name, str) or not is_step_id(name)]
    if odd:
        problems["steps"] = ["An id of a step is made of small letters, digits and hyphens."]
        return {}
    steps = {name: _read_step(name, each, problems) for name, each in given.items()}
    for name, step in steps.items():
        for way, target in step.targets():
            if target is not None and target not in steps:
                problems[f"steps.{name}.{way}"] = ["There is no such step."]
    return steps


def _read_step(name: str, given: Any, problems: dict[str, list[str]]) -> Step:
    kind = given.get("kind") if isinstance(given, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        problems[f"steps.{name}.kind"] = [f"Choose from {', '.join(KINDS)}."]
        return Sentence()
    rest = {key: value for key, value in given.items() if key != "kind"}
    step: Step = _read_fields(KINDS[kind], rest, f"steps.{name}", problems)
    return step


def _read_fields(kind: Any, given: Any, place: str, problems: dict[str, list[str]]) -> Any:
    checks = {each.name: each.metadata["check"] for each in fields(kind)}
    values = _object(given, place, checks.keys(), problems)
    taken = {}
    for name, value in values.items():
        try:
            taken[name] = checks[name](value)
        except Wrong as wrong:
            problems[f"{place}.{name}"] = [str(wrong)]
    return kind(**taken)


def _object(given: Any, place: str, known: Any, problems: dict[str, list[str]]) -> dict[str, Any]:
    """Return the known names of an object; what is unknown is a problem, for it was meant to do something."""
    if not isinstance(given, Mapping):
        problems[place or "flow"] = ["Write an object."]
        return {}
    for name in given:
        if name not in known:
            problems[f"{place}.{name}".strip(".")[:120]] = ["Nothing is known by this name."]
    return {name: given[name] for name in known if name in given}
