"""The form dialect Twilio began, read into updates. A provider that speaks it brings its own account ids.

`parse` raises `Unusable` and nothing else; the other functions are total, for they run before anything is
known of the sender. An update says only what its delivery said; what follows from it is for ingest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from telephony.providers import form
from telephony.providers.base import (
    NOTHING,
    CallState,
    CallUpdate,
    Direction,
    LegUpdate,
    Media,
    MessageState,
    MessageUpdate,
    Params,
    RecordingKind,
    RecordingState,
    RecordingUpdate,
    Reply,
    TranscriptionUpdate,
    Unusable,
    Update,
)
from telephony.providers.form import Fields

_Reader: TypeAlias = Callable[[str, Fields], list[Update]]

ROUTES: Final[Mapping[str, Reply]] = MappingProxyType(
    {
        "voice": Reply.DOCUMENT,
        "voice-fallback": Reply.DOCUMENT,
        "gather": Reply.DOCUMENT,
        "dial-action": Reply.DOCUMENT,
        "whisper": Reply.DOCUMENT,
        "whisper-accept": Reply.DOCUMENT,
        "record-action": Reply.DOCUMENT,
        "bridge": Reply.DOCUMENT,
        "voice-status": Reply.NO_CONTENT,
        "number-status": Reply.NO_CONTENT,
        "recording-status": Reply.NO_CONTENT,
        "transcription": Reply.NO_CONTENT,
        "sms": Reply.EMPTY_DOCUMENT,
        "sms-fallback": Reply.EMPTY_DOCUMENT,
        "sms-status": Reply.NO_CONTENT,
    }
)

# What makes two deliveries the same one, besides route and account. The state belongs to it: without it
# the second state of a message would pass for the first. The first name must be there. A route that is not
# named has nothing of the kind: its bytes tell one from another.
_IDENTITY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "voice": ("CallSid", "CallStatus"),
        "voice-fallback": ("CallSid", "CallStatus"),
        "dial-action": ("CallSid", "DialCallSid", "DialCallStatus"),
        "voice-status": ("CallSid", "CallStatus", "SequenceNumber"),
        "number-status": ("CallSid", "CallStatus", "SequenceNumber"),
        "recording-status": ("RecordingSid", "RecordingStatus"),
        "transcription": ("TranscriptionSid", "TranscriptionStatus"),
        "whisper": ("CallSid",),
        "sms": ("MessageSid",),
        "sms-fallback": ("MessageSid",),
        "sms-status": ("MessageSid", "MessageStatus"),
    }
)

_CALL_ID = re.compile(r"CA[0-9a-fA-F]{32}")
_MESSAGE_ID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_RECORDING_ID = re.compile(r"RE[0-9a-fA-F]{32}")
_RECORDING_URL = re.compile(r"https?://[^\s?#]{1,400}/(RE[0-9a-fA-F]{32})(?:\.[a-z0-9]{3})?")
_TRANSCRIPTION_ID = re.compile(r"TR[0-9a-fA-F]{32}")
_KEY = re.compile(r"[0-9*#]")
_MEDIA_URL = re.compile(r"https://[^\s?#]{1,400}/Media/(ME[0-9a-fA-F]{32})")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,64}/[a-z0-9.+-]{1,64}")
_SOURCE = re.compile(r"[A-Za-z]{1,40}")
_STATE_OR_COUNTER = re.compile(r"[a-z_-]{1,24}|[0-9]{1,9}")

_OF_A_LEG = ("number-status", "whisper", "whisper-accept")
_LONGEST_TRANSCRIPT = 20_000
_LONGEST_CALL = 7 * 24 * 3600
_MOST_MEDIA = 10
_MOST_SEGMENTS = 100
_MOST_CHANNELS = 2
_HIGHEST_ERROR = 999_999

_CALL_STATES = {str(state): state for state in CallState} | {"initiated": CallState.QUEUED}
_DIAL_STATES = _CALL_STATES | {"answered": CallState.IN_PROGRESS}
_BRIDGED = {"": None, "true": True, "false": False}
_RECORDING_STATES = {str(state): state for state in RecordingState}
_MESSAGE_STATES = {str(state): state for state in MessageState if state is not MessageState.UNKNOWN} | {
    "accepted": MessageState.QUEUED,
    "scheduled": MessageState.QUEUED,
    "receiving": MessageState.RECEIVED,
    "partially_delivered": MessageState.SENT,
    "canceled": MessageState.FAILED,
}
_DIRECTIONS = {
    "": Direction.INBOUND,
    "inbound": Direction.INBOUND,
    "outbound-api": Direction.OUTBOUND,
    "outbound-dial": Direction.OUTBOUND,
}


def our_number(route: str, params: Params) -> str | None:
    """The tracking number a delivery names, if any. Of a leg or a recording only its call knows."""
    if route in (*_OF_A_LEG, "recording-status", "transcription"):
        return None
    outbound = route == "sms-status" or form.first(params, "Direction").startswith("outbound")
    return form.number(form.first(params, "From" if outbound else "To"))


def call_id(route: str, params: Params) -> str | None:
    """The caller's call that a delivery belongs to."""
    value = form.first(params, "ParentCallSid" if route in _OF_A_LEG else "CallSid")
    return value if _CALL_ID.fullmatch(value) else None


def key(params: Params) -> str:
    """The key that was pressed; empty for none."""
    value = form.first(params, "Digits")
    return value if _KEY.fullmatch(value) else ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One provider's accent: what its account ids look like."""

    account: re.Pattern[str]

    def account_id(self, params: Params) -> str | None:
        value = form.first(params, "AccountSid")
        return value if self.account.fullmatch(value) else None

    def dedupe_key(self, route: str, params: Params) -> str:
        """At most 160 characters of ids, states and counters. Empty when nothing sound tells one from another."""
        names = _IDENTITY.get(route, ("",))
        values = [form.first(params, name) for name in names]
        account = self.account_id(params)
        if account and values[0] and all(map(_is_plain, values)):
            return ":".join((route, account, *values))
        return ""

    def parse(
        self,
        route: str,
        body: bytes,
        content_type: str,
        received_at: datetime,
        params: Params | None = None,
        asked: Mapping[str, str] = NOTHING,
    ) -> list[Update]:
        """`params`: what `read` has made of the body already; `asked`: what we wrote into the address ourselves."""
        if route not in _READERS:
            raise Unusable("unknown_route")
        form.require_utf8(body, content_type)
        fields = Fields(form.read(body, content_type) if params is None else params, received_at)
        account = fields.match("AccountSid", self.account)
        updates = _READERS[route](account, fields)
        return [_screened(update) for update in updates] if "press" in asked else updates


def _is_plain(value: str) -> bool:
    patterns = (_STATE_OR_COUNTER, _CALL_ID, _MESSAGE_ID, _RECORDING_ID, _TRANSCRIPTION_ID)
    return not value or any(pattern.fullmatch(value) for pattern in patterns)


def _incoming_call(account: str, fields: Fields) -> list[Update]:
    """The caller may be anyone, but the question who it is and whom they want must be in the form."""
    fields.present("From")
    fields.present("To")
    return [_call(account, fields)]


def _call_status(account: str, fields: Fields) -> list[Update]:
    return [_call(account, fields)]


def _left_message(account: str, fields: Fields) -> list[Update]:
    seconds = _if_sound(fields, "RecordingDuration")
    return [_call(account, fields), *_named_recording(account, fields, RecordingKind.VOICEMAIL, seconds)]


def _if_sound(fields: Fields, name: str) -> int | None:
    try:
        return fields.integer(name, _LONGEST_CALL, unknown="-1")
    except Unusable:
        return None


def _named_recording(
    account: str, fields: Fields, kind: RecordingKind, seconds: int | None
) -> list[RecordingUpdate]:
    """A recording that is only named: that it is complete is said by a delivery of its own, which may be lost.

    Of the address the id alone is taken. Somebody waits for the answer to this delivery, so what is odd is left out.
    `seconds` is how long it took: by that it has begun before now.
    """
    named = _RECORDING_ID.fullmatch(fields.text("RecordingSid"))
    found = named or _RECORDING_URL.fullmatch(fields.text("RecordingUrl"))
    if found is None:
        return []
    return [
        RecordingUpdate(
            provider_id=found[found.lastindex or 0],
            account_id=account,
            call_provider_id=fields.match("CallSid", _CALL_ID),
            state=RecordingState.IN_PROGRESS,
            kind=kind,
            source="",
            at=fields.received_at - timedelta(seconds=seconds or 0),
            duration=seconds if kind is RecordingKind.VOICEMAIL else None,  # of a talk it is the leg's
        )
    ]


def _call(account: str, fields: Fields) -> CallUpdate:
    return CallUpdate(
        provider_id=fields.match("CallSid", _CALL_ID),
        account_id=account,
        direction=fields.choose("Direction", _DIRECTIONS),
        state=fields.choose("CallStatus", _CALL_STATES),
        from_e164=fields.number("From"),
        to_e164=fields.number("To"),
        withheld=fields.withheld("From"),
        at=fields.instant("Timestamp"),
        duration=fields.integer("CallDuration", _LONGEST_CALL),
    )


def _screened(update: Update) -> Update:
    """A telephone that must press a key is not put through because it was picked up: a mailbox picks up too."""
    if isinstance(update, LegUpdate) and update.bridged is None:
        return replace(update, bridged=False)
    return update


def _leg_status(account: str, fields: Fields) -> list[Update]:
    return list(_legs(account, fields))


def _legs(account: str, fields: Fields) -> list[LegUpdate]:
    return [
        LegUpdate(
            provider_id=fields.match("CallSid", _CALL_ID),
            account_id=account,
            parent_provider_id=fields.match("ParentCallSid", _CALL_ID),
            state=fields.choose("CallStatus", _CALL_STATES),
            to=fields.number("To"),
            at=fields.instant("Timestamp"),
            duration=fields.integer("CallDuration", _LONGEST_CALL),
        )
    ]


def _whispered(account: str, fields: Fields) -> list[Update]:
    """A telephone that was picked up and hears our words; whether it is put through comes after."""
    return [replace(leg, bridged=False) for leg in _legs(account, fields)]


def _accepted(account: str, fields: Fields) -> list[Update]:
    return [replace(leg, bridged=fields.text("Digits") == "1") for leg in _legs(account, fields)]


def _dial_action(account: str, fields: Fields) -> list[Update]:
    """The end of the dialling, told by the caller's call: one leg of those that rang, and how it went."""
    call = _call(account, fields)
    state = fields.choose("DialCallStatus", _DIAL_STATES)
    leg_id = fields.match_if_any("DialCallSid", _CALL_ID)
    bridged = _bridged(fields, state)
    duration = fields.integer("DialCallDuration", _LONGEST_CALL)
    recorded = _named_recording(account, fields, RecordingKind.CALL, duration)
    if leg_id is None:
        return [call, *recorded]
    leg = LegUpdate(
        provider_id=leg_id,
        account_id=account,
        parent_provider_id=call.provider_id,
        state=state,
        duration=duration,
        bridged=bridged,
    )
    return [call, leg, *recorded]


def _bridged(fields: Fields, state: CallState) -> bool | None:
    """Where it is not said, the state says it: for all but a telephone that must press a key first."""
    said = _BRIDGED.get(fields.text("DialBridged").lower())
    talked = state in (CallState.COMPLETED, CallState.IN_PROGRESS)
    return said if said is not None or talked else False


def _recording_status(account: str, fields: Fields) -> list[Update]:
    source = fields.match_if_any("RecordingSource", _SOURCE) or ""
    return [
        RecordingUpdate(
            provider_id=fields.match("RecordingSid", _RECORDING_ID),
            account_id=account,
            call_provider_id=fields.match("CallSid", _CALL_ID),
            state=fields.choose("RecordingStatus", _RECORDING_STATES),
            kind=RecordingKind.VOICEMAIL if source == "RecordVerb" else RecordingKind.CALL,
            source=source,
            at=fields.instant("RecordingStartTime"),
            duration=fields.integer("RecordingDuration", _LONGEST_CALL, unknown="-1"),
            channels=fields.integer("RecordingChannels", _MOST_CHANNELS),
        )
    ]


def _transcribed(account: str, fields: Fields) -> list[Update]:
    text = fields.text("TranscriptionText").replace("\0", "")[:_LONGEST_TRANSCRIPT].strip()
    return [
        TranscriptionUpdate(
            recording_provider_id=fields.match("RecordingSid", _RECORDING_ID),
            account_id=account,
            call_provider_id=fields.match("CallSid", _CALL_ID),
            text=fields.choose("TranscriptionStatus", {"completed": text, "failed": ""}) or None,
        )
    ]


def _incoming_message(account: str, fields: Fields) -> list[Update]:
    fields.present("From")
    fields.present("To")
    count = fields.integer("NumMedia", _MOST_MEDIA) or 0
    return [
        MessageUpdate(
            provider_id=fields.match("MessageSid", _MESSAGE_ID),
            account_id=account,
            direction=Direction.INBOUND,
            state=MessageState.RECEIVED,
            from_=fields.address("From"),
            to=fields.address("To"),
            body=fields.present("Body").replace("\0", ""),  # PostgreSQL's text cannot hold NUL
            num_media=count,
            media=tuple(_media(fields, index) for index in range(count)),
            segments=fields.integer("NumSegments", _MOST_SEGMENTS),
        )
    ]


def _media(fields: Fields, index: int) -> Media:
    """An odd type costs nobody the text that came with it: the bytes tell when they are fetched."""
    url = fields.match(f"MediaUrl{index}", _MEDIA_URL)
    claimed = fields.text(f"MediaContentType{index}").lower()
    known = _MEDIA_TYPE.fullmatch(claimed)
    return Media(url.rpartition("/")[2], claimed if known else "application/octet-stream")


def _message_status(account: str, fields: Fields) -> list[Update]:
    error = fields.integer("ErrorCode", _HIGHEST_ERROR)
    return [
        MessageUpdate(
            provider_id=fields.match("MessageSid", _MESSAGE_ID),
            account_id=account,
            direction=Direction.OUTBOUND,
            state=fields.choose("MessageStatus", _MESSAGE_STATES),
            from_=fields.address("From"),
            to=fields.address("To"),
            error_code=str(error) if error else None,
        )
    ]


_READERS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {
        "voice": _incoming_call,
        "voice-fallback": _incoming_call,
        "dial-action": _dial_action,
        "voice-status": _call_status,
        "number-status": _leg_status,
        "gather": _call_status,
        "record-action": _left_message,
        "bridge": _call_status,
        "whisper": _whispered,
        "whisper-accept": _accepted,
        "recording-status": _recording_status,
        "transcription": _transcribed,
        "sms": _incoming_message,
        "sms-fallback": _incoming_message,
        "sms-status": _message_status,
    }
)
