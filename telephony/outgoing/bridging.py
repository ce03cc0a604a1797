"""What an outgoing call hears: the member who asked for it on his telephone, then the person at the other end.

The member presses a key first, or the mailbox of his mobile would be put through to somebody. The person hears the
notice that the number's flow gives its callers, before the two can talk; without a notice nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from telephony.flows.walk import PRESS_1
from telephony.links import Links
from telephony.models import Call
from telephony.providers.base import Action, Destination, Dial, Gather, HangUp, Say

if TYPE_CHECKING:
    from telephony.routing import Report

RINGS = 45  # seconds at the other end
THINKS = 10  # seconds until a key is pressed
YES = "1"

To = Callable[..., str]  # an address of ours that names the call


def answer(report: Report, named: UUID) -> Sequence[Action]:
    """Return what happens next to the call `named` by the address; one whose person was deleted meanwhile ends.

    Where the provider's id was taken for another call's, nobody is called rather than the wrong person; and nobody any
    more once who asked for it wished it to end.
    """
    call = report.call
    if call is None or call.pk != named or call.phone is None or call.number is None or call.flow is None:
        return [HangUp()]
    if call.placement and call.placement.is_given_up:
        return [HangUp()]
    to = partial(Links(call.provider).to, call=str(call.pk))
    return _ANSWERS[report.route](report, call, to)


def _on_our_telephone(report: Report, call: Call, to: To) -> Sequence[Action]:
    if report.number("asked"):
        return [_dial(call, to)] if report.key == YES else [HangUp()]
    language = call.flow.flow.language
    words = Say(PRESS_1[language[:2]], language)
    return [Gather((words,), THINKS, to("bridge", asked=1)), HangUp()]


def _dial(call: Call, to: To) -> Dial:
    """From our number, which the person knows, whatever telephone the member has."""
    return Dial(
        destinations=(Destination(call.phone.number.reveal(), to("number-status"), to("whisper")),),
        seconds=RINGS,
        record=call.records,
        action_url=to("dial-action"),
        recording_status_url=to("recording-status"),
        caller_id=call.number.e164,
    )


def _at_the_other_end(report: Report, call: Call, to: To) -> Sequence[Action]:
    """The notice that is heard is kept: it is what allows the recording to be.

    It is asked for without one, too: whoever picks up after a stop is hung up on.
    """
    notice = call.flow.flow.notice
    if notice is None:
        return []
    if not call.notice:
        call.notice, call.notice_language, call.notice_at = notice.text, notice.language, report.at
        call.save(update_fields=["notice", "notice_language", "notice_at"])
    return [notice]


_ANSWERS: dict[str, Callable[[Report, Call, To], Sequence[Action]]] = {
    "bridge": _on_our_telephone,
    "whisper": _at_the_other_end,
    "dial-action": lambda report, call, to: [HangUp()],
}
