"""Steps that a form makes by leading to them: a way is chosen to be "new", and saving puts a step in between.

A new step speaks the language of its flow. What one says by itself is English, so elsewhere it begins without words,
and no provider transcribes what is said there.
"""

from typing import Any

from telephony.flows.steps import KINDS, Flow

NEW = "new:"  # a way that leads to a step that is made now


def with_new_steps(document: dict[str, Any], before: Flow) -> dict[str, Any]:
    """Make the steps that ways call new. One that is put in between goes on to where its way led before."""
    made: dict[str, Any] = document["steps"]

    def way(target: Any, old: str | None) -> Any:
        kind = target.removeprefix(NEW) if isinstance(target, str) and target.startswith(NEW) else ""
        if kind not in KINDS:
            return target
        name = Flow(made).fresh_id(kind)
        onward = KINDS[kind].onward[:1]
        made[name] = _fresh(kind, before.language) | dict.fromkeys(onward, old if old in made else None)
        return name

    for name, step in list(made.items()):
        led = dict(before.steps[name].targets()) if name in before.steps else {}
        for field in KINDS[step["kind"]].onward:
            step[field] = way(step[field], led.get(field))
        if "choices" in step:
            pressed = step["choices"].items()
            step["choices"] = {key: way(target, led.get(f"choices.{key}")) for key, target in pressed}
    return document | {"start": way(document["start"], before.start), "steps": made}


def _fresh(kind: str, language: str) -> dict[str, Any]:
    fields = KINDS[kind].__dataclass_fields__
    step = {"kind": kind} | ({"language": language} if "language" in fields else {})
    if language.startswith("en"):
        return step
    return step | {name: value for name, value in (("text", ""), ("transcribe", False)) if name in fields}
