"""An outgoing call at the practice provider: the member's telephone is picked up, a key pressed, the person answers.

It goes over HTTP to the running product, signed, as a carrier's would: the words, the keys and the telephones stand in
the documents that the product answers. Imports no Django.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Final

from telephony.providers.base import NewCall
from telephony.providers.practice.player import Clock, Line, PracticeCall, RealTime
from telephony.providers.practice.scenarios import SCENARIOS, Person, Step, To

PICKED_UP_AFTER: Final = 3  # seconds
_TALK: Final = tuple(
    step for step in SCENARIOS["answered"].acts[0] if step.to not in (To.VOICE, To.VOICE_STATUS)
)
_OVER: Final = Step(1, To.VOICE_STATUS, {"CallStatus": "completed"})
_UNANSWERED: Final = Step(0, To.VOICE_STATUS, {"CallStatus": "canceled"})
_LEG_OVER: Final = Step(0, To.EVERY_LEG, {"CallStatus": "canceled"})


class Stopped(Exception):
    """Who asked for the call has stopped it."""


class UntilStopped(RealTime):
    """The time of a call that may be stopped while it waits."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop

    def wait(self, seconds: int) -> None:
        if self._stop.wait(seconds):
            raise Stopped


def place(line: Line, call: NewCall, call_id: str, clock: Clock) -> None:
    """Play it to its end. Raises Misplayed."""
    _Outgoing(
        line=line, person=Person(call.to, "", ""), number=call.from_, clock=clock, id=call_id, asked=call
    ).play(_TALK)


@dataclass(slots=True, kw_only=True)
class _Outgoing(PracticeCall):
    """`person` is the member whose telephone rings first; whom he calls stands in what the product answers."""

    asked: NewCall
    picked_up: bool = False

    def play(self, act: tuple[Step, ...]) -> str:
        began = self.clock.now
        try:
            self._play(act, began)
        except Stopped:
            self._tell_legs(self.legs, _LEG_OVER)
            self._tell_status(_OVER if self.picked_up else _UNANSWERED, began)
        return self.id

    def _play(self, act: tuple[Step, ...], began: datetime) -> None:
        self._tell_status(Step(0, To.VOICE_STATUS, {"CallStatus": "initiated"}), began)
        self._tell_status(Step(0, To.VOICE_STATUS, {"CallStatus": "ringing"}), began)
        self.clock.wait(PICKED_UP_AFTER)
        self.picked_up = True
        self._tell_status(Step(0, To.VOICE_STATUS, {"CallStatus": "in-progress"}), began)
        self._follow(
            self.line.post(self.asked.answer_url, self._about_call() | {"CallStatus": "in-progress"})
        )
        while self.legs:
            self._ring(act)
        self.clock.wait(_OVER.after)
        self._tell_status(_OVER, began)

    def _status_url(self) -> str:
        return self.asked.status_url

    def _about_call(self) -> dict[str, str]:
        called = {"From": self.number, "Caller": self.number, "To": self.person.number}
        return {"CallSid": self.id, "Direction": "outbound-api", "Called": self.person.number} | called


def line_to(base_url: str, account_id: str, secret: str, call: NewCall) -> Line:
    """Return the line to the product that listens at `base_url`; its public address is that of the call's links."""
    public, _, _ = call.answer_url.partition("/webhooks/")
    return Line(account_id=account_id, secret=secret, public_url=public, base_url=base_url or public)
