"""What we ask of Twilio: the audio of a recording, to delete it there, to pause it; a call, and its end. No Django.

Addresses are made anew of the base, the account and the recording's id. Credentials go to the base alone: Twilio may
lead on to its media hosts, which need none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from callcrm.lib.http import Answer, FetchError, fetch
from telephony.providers.base import Access, NewCall, RecordingKind, RecordingState, RecordingUpdate, Wanted

TYPES = ("audio/", "application/octet-stream", "binary/octet-stream")  # the bytes are looked at as well
MEDIA_HOSTS = (".twiliocdn.com",)
DELETE_SECONDS = 30.0
PAUSE_SECONDS = 8.0  # somebody waits with a card in his hand
START_SECONDS = 10.0
STOP_SECONDS = 5.0  # a telephone rings that should not; it may take two requests
MOST_ANSWERED = 64 * 1024
MOST_LOOKED_AT = 20  # calls
FIND_SECONDS = 15.0
MOST_FOUND = 20  # recordings of one call
LONGEST = 24 * 3600  # seconds that a call can last
CLOCKS_DIFFER = timedelta(seconds=30)  # by more they are out of order
OVER = ("canceled", "completed", "busy", "failed", "no-answer")
TOLD_OF = ("initiated", "ringing", "answered", "completed")

_ACCOUNT, _RECORDING = re.compile(r"AC[0-9a-fA-F]{32}"), re.compile(r"RE[0-9a-fA-F]{32}")
_CALL = re.compile(r"CA[0-9a-fA-F]{32}")
_ERROR = re.compile(r"[0-9]{5}")
_FOUND = {"completed": RecordingState.COMPLETED, "absent": RecordingState.ABSENT}
_NOT_THERE, _TOO_LATE = "error_20404", "error_21220"


@contextmanager
def open_recording(access: Access, wanted: Wanted, *, max_bytes: int, seconds: float) -> Iterator[Answer]:
    """Both sides of the talk on a channel each, where Twilio has them so; else mixed."""
    address = _address(access, wanted.provider_id) + ".wav"
    with ExitStack() as stack:
        yield _best(stack, access, address, wanted, max_bytes, seconds)


def find_recordings(access: Access, call_provider_id: str) -> list[RecordingUpdate]:
    """https://www.twilio.com/docs/voice/api/recording: those of one call. A call that Twilio does not know has none."""
    if not _CALL.fullmatch(call_provider_id):
        raise FetchError("refused_host")
    address = f"{_account(access)}/Calls/{call_provider_id}/Recordings.json?PageSize={MOST_FOUND}"
    try:
        with fetch(address, **_asking(access, FIND_SECONDS)) as answer:
            rows = _read(answer).get("recordings")
    except FetchError as failure:
        if failure.code != "status_404":
            raise
        return []
    if not isinstance(rows, list):
        raise FetchError("wrong_type")
    return [_found(access, call_provider_id, row) for row in rows[:MOST_FOUND]]


def delete_recording(access: Access, provider_id: str) -> bool:
    try:
        with fetch(
            _address(access, provider_id) + ".json",
            auth=(access.account_id, access.secret),
            trusted_base=access.base_url,
            max_bytes=0,
            seconds=DELETE_SECONDS,
            method="DELETE",
        ):
            return True
    except FetchError as failure:
        if failure.code != "status_404":
            raise
        return False


def pause_recording(access: Access, call_provider_id: str, provider_id: str) -> None:
    _tell(access, call_provider_id, provider_id, {"Status": "paused", "PauseBehavior": "silence"})


def resume_recording(access: Access, call_provider_id: str, provider_id: str) -> None:
    _tell(access, call_provider_id, provider_id, {"Status": "in-progress"})


def start_call(access: Access, call: NewCall) -> str:
    """https://www.twilio.com/docs/voice/api/call-resource. A refusal bears Twilio's own number, as `error_21211`."""
    form = [
        ("To", call.to),
        ("From", call.from_),
        ("Url", call.answer_url),
        ("StatusCallback", call.status_url),
        *(("StatusCallbackEvent", event) for event in TOLD_OF),
        ("Timeout", str(call.seconds)),
    ]
    try:
        with fetch(f"{_account(access)}/Calls.json", form=form, **_asking(access, START_SECONDS)) as answer:
            return _call_id(_read(answer))
    except FetchError as failure:
        raise _explained(failure) from None


def find_calls(access: Access, call: NewCall, since: datetime) -> list[str]:
    query = urlencode({"To": call.to, "From": call.from_, "PageSize": MOST_LOOKED_AT})
    with fetch(f"{_account(access)}/Calls.json?{query}", **_asking(access, START_SECONDS)) as answer:
        rows = _read(answer).get("calls")
    if not isinstance(rows, list):
        raise FetchError("wrong_type")
    begun = [row for row in rows if isinstance(row, dict) and _begun(row, since)]
    return [_call_id(row) for row in reversed(begun)]


def end_call(access: Access, call_provider_id: str) -> None:
    """What queues or rings is canceled, which says that nobody was reached; what was picked up since is completed."""
    if not _CALL.fullmatch(call_provider_id):
        raise FetchError("refused_host")
    address = f"{_account(access)}/Calls/{call_provider_id}.json"
    if _becomes(access, address, "canceled") not in OVER:
        _becomes(access, address, "completed")


def _becomes(access: Access, address: str, wished: str) -> str:
    """Return the state that the call has then. Twilio refuses to change what is over, and what it does not know."""
    try:
        with fetch(address, form={"Status": wished}, **_asking(access, STOP_SECONDS)) as answer:
            return str(_read(answer).get("status", ""))
    except FetchError as failure:
        code = _explained(failure).code
        if code in (_NOT_THERE, "status_404"):
            return "completed"
        if code == _TOO_LATE:
            return ""
        raise FetchError(code, retry_after=failure.retry_after) from None


def _asking(access: Access, seconds: float) -> dict[str, Any]:
    auth = (access.account_id, access.secret)
    return {"auth": auth, "trusted_base": access.base_url, "max_bytes": MOST_ANSWERED, "seconds": seconds}


def _read(answer: Answer) -> dict[str, Any]:
    try:
        told = json.loads(b"".join(answer.blocks()))
    except (ValueError, RecursionError):
        raise FetchError("wrong_type") from None
    if not isinstance(told, dict):
        raise FetchError("wrong_type")
    return told


def _call_id(told: Mapping[str, Any]) -> str:
    value = str(told.get("sid", ""))
    if not _CALL.fullmatch(value):
        raise FetchError("wrong_type")
    return value


def _begun(row: Mapping[str, Any], since: datetime) -> bool:
    made = _moment(row.get("date_created"))
    return made is not None and made >= since - CLOCKS_DIFFER


def _found(access: Access, call_provider_id: str, row: Any) -> RecordingUpdate:
    """What Twilio has yet to finish it calls processing: that has begun, and is not complete."""
    told = row if isinstance(row, dict) else {}
    if not _RECORDING.fullmatch(str(told.get("sid", ""))) or told.get("call_sid") != call_provider_id:
        raise FetchError("wrong_type")
    source = str(told.get("source", ""))
    return RecordingUpdate(
        provider_id=told["sid"],
        account_id=access.account_id,
        call_provider_id=call_provider_id,
        state=_FOUND.get(str(told.get("status", "")), RecordingState.IN_PROGRESS),
        kind=RecordingKind.VOICEMAIL if source == "RecordVerb" else RecordingKind.CALL,
        source=source if source.isalpha() else "",
        at=_moment(told.get("start_time")),
        duration=_count(told.get("duration"), LONGEST),
        channels=_count(told.get("channels"), 2),
    )


def _moment(said: Any) -> datetime | None:
    """Twilio says whole seconds by its own clock, as RFC 2822 has them."""
    try:
        moment = parsedate_to_datetime(str(said))
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _count(said: Any, most: int) -> int | None:
    """Return a number up to one that is plausible; -1 is Twilio's word for one that it does not know yet."""
    text = str(said)
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
    return number if 0 < number <= most else None


def _explained(failure: FetchError) -> FetchError:
    try:
        number = str(json.loads(failure.said)["code"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return failure
    known = failure.code.startswith("status_4") and _ERROR.fullmatch(number)
    return FetchError(f"error_{number}") if known else failure


def _tell(access: Access, call_provider_id: str, provider_id: str, form: Mapping[str, str]) -> None:
    """A recording that goes on belongs to its call; only there its state can be changed."""
    whole = _address(access, provider_id)
    if not _CALL.fullmatch(call_provider_id):
        raise FetchError("refused_host")
    account, _, _ = whole.partition("/Recordings/")
    address = f"{account}/Calls/{call_provider_id}/Recordings/{provider_id}.json"
    with fetch(address, form=form, **_asking(access, PAUSE_SECONDS)):
        return


def _best(
    stack: ExitStack, access: Access, address: str, wanted: Wanted, max_bytes: int, seconds: float
) -> Answer:
    """Twilio answers 400 where it has one channel only."""

    def ask(query: str) -> Answer:
        asked = fetch(
            address + query,
            auth=(access.account_id, access.secret),
            trusted_base=access.base_url,
            redirect_hosts=MEDIA_HOSTS,
            max_bytes=max_bytes,
            seconds=seconds,
            types=TYPES,
        )
        return stack.enter_context(asked)

    if wanted.channels == 1:
        return ask("")
    try:
        return ask("?RequestedChannels=2")
    except FetchError as failure:
        if failure.code != "status_400":
            raise
    return ask("")


def _address(access: Access, provider_id: str) -> str:
    if not _RECORDING.fullmatch(provider_id):
        raise FetchError("refused_host")
    return f"{_account(access)}/Recordings/{provider_id}"


def _account(access: Access) -> str:
    if not _ACCOUNT.fullmatch(access.account_id):
        raise FetchError("refused_host")
    return f"{access.base_url}/2010-04-01/Accounts/{access.account_id}"
