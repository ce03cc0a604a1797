"""What Twilio posts, as the tests of its parser begin from it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
ACCOUNT, CALL, LEG = "AC" + "a1" * 16, "CA" + "b2" * 16, "CA" + "c3" * 16
TEXT, RECORDING = "SM" + "d4" * 16, "RE" + "e5" * 16
CALLER, OURS = "+12125550142", "+14155550100"

VOICE = {
    "AccountSid": ACCOUNT,
    "CallSid": CALL,
    "CallStatus": "ringing",
    "Direction": "inbound",
    "From": CALLER,
    "To": OURS,
}
SMS = {"AccountSid": ACCOUNT, "MessageSid": TEXT, "From": CALLER, "To": OURS, "Body": "Hi", "NumMedia": "0"}
RECORDED = {
    "AccountSid": ACCOUNT,
    "CallSid": CALL,
    "RecordingSid": RECORDING,
    "RecordingStatus": "completed",
    "RecordingDuration": "42",
}
ACTION = VOICE | {"CallStatus": "in-progress", "DialCallStatus": "completed", "DialCallSid": LEG}
STATUS = VOICE | {"CallStatus": "completed", "CallDuration": "47"}


def body_of(params: dict[str, Any], **changes: Any) -> bytes:
    """Return the form as it is posted; what is changed to None is left out of it."""
    form = {name: value for name, value in (params | changes).items() if value is not None}
    return urlencode(form, doseq=True).encode()
