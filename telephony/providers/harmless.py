"""What of a form may be read by whoever looks for a fault, in the dialect that Twilio began.

A value is shown where it looks like what its name promises, and no other: what a person said, wrote or is called stands
in none of these, and a number or an address fits none.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from telephony.providers import form
from telephony.providers.base import Params

_WORD = re.compile(r"[A-Za-z-]{1,24}")
_COUNT = re.compile(r"[0-9]{1,6}")
_DATE = re.compile(
    r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} (?:\+0000|GMT)"
)
_HARMLESS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        **dict.fromkeys(("CallStatus", "DialCallStatus", "RecordingStatus", "TranscriptionStatus"), _WORD),
        **dict.fromkeys(
            ("Direction", "DialBridged", "RecordingSource", "RecordingTrack", "CallbackSource"), _WORD
        ),
        **dict.fromkeys(("CallDuration", "DialCallDuration", "Duration", "RecordingDuration"), _COUNT),
        **dict.fromkeys(("SequenceNumber", "RecordingChannels", "ErrorCode", "SipResponseCode"), _COUNT),
        **dict.fromkeys(("Timestamp", "RecordingStartTime"), _DATE),
    }
)
_NAME = re.compile(r"[A-Za-z_]{1,40}[0-9]{0,2}")


def shown(params: Params) -> list[tuple[str, str | None]]:
    """The names in their order, and the values of those that are harmless; an odd name stands for what it is."""
    return [(name if _NAME.fullmatch(name) else "(an odd name)", _harmless(name, params)) for name in params]


def _harmless(name: str, params: Params) -> str | None:
    value = form.first(params, name)
    sound = name in _HARMLESS and len(params[name]) == 1 and _HARMLESS[name].fullmatch(value)
    return value if sound else None
