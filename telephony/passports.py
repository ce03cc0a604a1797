"""What was decided about recording a call, by what, and what the caller was told: read from what the call keeps of it.

It was written down as it happened (`routing.py`, `bridging.py`): a flow that is edited later changes no word here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from callcrm.lib import times
from telephony.flows.steps import LANGUAGES
from telephony.models import Call
from telephony.providers.base import Direction

ANNOUNCED, NOT_RECORDED, NO_NOTICE, NOT_KNOWN = "announced", "not-recorded", "no-notice", "not-known"
NOT_DECIDED = "not-decided"


@dataclass(frozen=True, slots=True)
class Passport:
    """`verdict` is the code of a mark, `why` a sentence or two."""

    verdict: str
    why: str
    language: str = ""
    paused: str = ""

    @property
    def since(self) -> str:
        """Return of when it is."""
        return "" if self.verdict == NOT_DECIDED else "As decided at the time of the call"


def of_call(call: Call, recordings: Sequence[Any]) -> Passport | None:
    """Return what is known of it; None for a call on another telephone, of which nothing is."""
    if call.is_manual:
        return None
    verdict, why = _verdict(call, recordings)
    if any(one.kind == "voicemail" and one.state != "absent" for one in recordings):
        why += " Whoever leaves a message knows that it is recorded."
    language = LANGUAGES.get(call.notice_language, call.notice_language)
    return Passport(verdict, why, language=language, paused=_paused(recordings))


def _verdict(call: Call, recordings: Sequence[Any]) -> tuple[str, str]:
    who = "person" if call.direction == Direction.OUTBOUND else "caller"
    if any(one.is_untold for one in recordings):
        return NO_NOTICE, f"It was recorded, but not kept: nothing shows that the {who} was told."
    if call.records and call.notice:
        lacks = call.answered and not call.is_live and not recordings
        said = f"The call flow records, and the {who} was told before."
        return ANNOUNCED, said + " The provider has told of no recording." * lacks
    if call.is_blocked:
        return NOT_RECORDED, "The caller was turned away."
    if call.flow is None:
        return NOT_KNOWN, "Nothing was heard of how this call began."
    if call.records and call.is_live and not call.answered:
        return NOT_DECIDED, f"Recording starts once the {who} has heard the notice."
    if call.records:
        return NOT_RECORDED, f"The call flow records after its notice, which the {who} has not heard."
    if call.direction == Direction.OUTBOUND and call.flow.flow.records:
        return NOT_RECORDED, "The call flow has no notice, and without one nothing is recorded."
    return NOT_RECORDED, "The call flow does not record."


def _paused(recordings: Sequence[Any]) -> str:
    pauses = [pause for one in recordings for pause in one.pauses.all()]
    done = [pause for pause in pauses if pause.paused_at]
    refused = sum(pause.state == pause.State.FAILED for pause in pauses)
    seconds = sum(one.paused_seconds for one in recordings)
    said = []
    if done:
        said.append(f"{_times(len(done))}, {times.in_words(seconds)}")
    if refused:
        said.append(f"{_times(refused)} asked for in vain")
    return "; ".join(said).capitalize()


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
