"""The flow that a number begins with, and that most never outgrow: a notice, everybody's telephone, a message."""

from collections.abc import Sequence

from telephony.flows.steps import Flow, Greeting, Ring, Step, Voicemail

MESSAGE = "We are sorry that nobody can take your call right now. Please leave a message after the tone."


def flow(telephones: Sequence[str], *, seconds: int = 20, notice: str = "") -> Flow:
    """Ring all telephones at once, recorded after the notice; who reaches nobody leaves a message."""
    steps: dict[str, Step] = {}
    message: Step = Voicemail(text=MESSAGE)
    if telephones:
        ring = Ring(to=tuple(telephones), seconds=seconds, record=bool(notice), no_answer="voicemail")
        steps["ring"] = ring
    first = "ring" if telephones else "voicemail"
    if notice:
        steps = {"greeting": Greeting(notice=notice, next=first)} | steps
        first = "greeting"
    return Flow(steps | {"voicemail": message}, first)
