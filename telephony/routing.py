"""What a caller hears: a real call taken through the flow version that it began with.

`flows/walk.py` decides, from rows that are loaded here; what it says is rendered by the provider's `answers.py`. What a
caller was told of being recorded is written down when he is told it. A caller is never left without a sentence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from telephony import turns
from telephony.flows import walk
from telephony.flows.steps import Flow
from telephony.flows.walk import Facts, Stretch
from telephony.hours import opening
from telephony.hours.week import ALWAYS, Hours
from telephony.links import Links
from telephony.models import Call, CallLeg
from telephony.outgoing import bridging
from telephony.providers.base import Action, HangUp, Say

TROUBLE = Say("We are sorry, your call cannot be connected right now. Please call again in a few minutes.")
NEW_CALL = ("voice", "voice-fallback")


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider wants to know: on which route, for which step of ours, after which key."""

    route: str
    call: Call | None
    at: datetime
    asked: Mapping[str, str]
    key: str = ""

    @property
    def step(self) -> str:
        return self.asked.get("step", "")

    def number(self, name: str) -> int:
        """Return a small number that stood in our own address; anything else is 0."""
        value = self.asked.get(name, "")
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 4 else 0


def answer(report: Report) -> Sequence[Action]:
    """Return what happens next to a call that waits."""
    call = report.call
    named = placed(report.asked)
    if named:
        return bridging.answer(report, named)
    if call is None or call.number is None or call.flow is None:
        return say(walk.NOT_IN_SERVICE)
    if report.route in NEW_CALL and not call.number.is_active:
        return say(walk.NOT_IN_SERVICE)
    flow, facts, links = call.flow.flow, _facts(call, report.at), Links(call.provider)
    if report.route == "whisper":
        return walk.whisper(flow, report.step, facts, links)
    stretch = _STRETCHES[report.route](report, flow, facts, links)
    _write_down(call, stretch, report.at)
    return stretch.actions


def placed(asked: Mapping[str, str]) -> UUID | None:
    """Return the call of ours that an address names: one that a member has asked for."""
    try:
        return UUID(asked.get("call", ""))
    except ValueError:
        return None


def first_answer(call: Call, flow: Flow, hours: Hours) -> Sequence[Action]:
    """Return what a new call meets, and say on it what it was told; it is not saved yet. For the express way."""
    if not call.number.is_active:
        return say(walk.NOT_IN_SERVICE)
    facts = Facts(at=call.seen_at, hours=hours, blocked=call.is_blocked)
    stretch = walk.begin(flow, facts, Links(call.provider))
    _tell(call, stretch, call.seen_at)
    return stretch.actions


def say(sentence: Say) -> list[Action]:
    """Say it and hang up."""
    return [sentence, HangUp()]


def _after_key(report: Report, flow: Flow, facts: Facts, links: Links) -> Stretch:
    return walk.after_key(flow, report.step, facts, links, key=report.key, tried=report.number("tried"))


def _after_ringing(report: Report, flow: Flow, facts: Facts, links: Links) -> Stretch:
    turn, first = report.number("turn"), report.number("first")
    bridged = CallLeg.objects.filter(call=report.call, bridged=True).exists()
    return walk.after_ringing(flow, report.step, facts, links, turn=turn, first=first, bridged=bridged)


_STRETCHES: dict[str, Callable[[Report, Flow, Facts, Links], Stretch]] = {
    "voice": lambda report, flow, facts, links: walk.begin(flow, facts, links),
    "voice-fallback": lambda report, flow, facts, links: walk.begin(flow, facts, links),
    "gather": _after_key,
    "dial-action": _after_ringing,
    "record-action": lambda report, flow, facts, links: walk.after_message(),
    "whisper-accept": lambda report, flow, facts, links: Stretch(tuple(walk.whisper_accepted(report.key))),
}


def _facts(call: Call, at: datetime) -> Facts:
    flow = call.flow.flow
    return Facts(
        at=at,
        hours=opening.of(call.business) if flow.asks_hours else Hours(call.business.tz, ALWAYS),
        blocked=call.is_blocked,
        told=bool(call.notice),
        source=call.source.name if call.source else "",
        turn_of=lambda step: turns.take(call, step),
    )


def _write_down(call: Call, stretch: Stretch, at: datetime) -> None:
    """The first notice stays: a call is told once, and is not told less by what comes later."""
    if stretch.notice and not call.notice:
        _tell(call, stretch, at)
        call.save(update_fields=["notice", "notice_language", "notice_at"])


def _tell(call: Call, stretch: Stretch, at: datetime) -> None:
    if stretch.notice:
        call.notice, call.notice_language = stretch.notice.text, stretch.notice.language
        call.notice_at = at
