"""What every telephony provider is turned into, whatever it sends.

A delivery becomes updates: plain values that ingest applies, in any order and twice, to the same end.
States carry distinct ranks and only ever move up, so the end is a maximum. Nothing here imports Django.
The dialects are read in `dialect.py`, signatures checked in `signing.py`, updates applied in `ingest.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, TypeAlias

Params: TypeAlias = Mapping[str, tuple[str, ...]]
"""A form as it was posted: every name with all its values, in their order."""

NOTHING: Mapping[str, str] = MappingProxyType({})


class Reason(StrEnum):
    """Why a signature was accepted or not; for logs and counters, never for the caller."""

    OK = "ok"
    METHOD = "method"
    NO_SIGNATURE = "no_signature"
    NO_SECRET = "no_secret"  # noqa: S105  # a word for a log, not a secret
    MALFORMED = "malformed"
    UNSUPPORTED_CONTENT_TYPE = "unsupported_content_type"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Verdict:
    ok: bool
    reason: str


class Unusable(Exception):
    """Rightly signed, yet nothing can be made of it. Names the parameter, never what stood in it."""

    def __init__(self, code: str, parameter: str = "") -> None:
        super().__init__(f"{code}: {parameter}" if parameter else code)
        self.code = code
        self.parameter = parameter


class Reply(StrEnum):
    """What a route answers with."""

    DOCUMENT = "document"
    EMPTY_DOCUMENT = "empty_document"
    NO_CONTENT = "no_content"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallState(StrEnum):
    """In order of rank, the ends too: whichever of two ends is reported first, the same one stays."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    CANCELED = "canceled"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    COMPLETED = "completed"

    @property
    def rank(self) -> int:
        return _CALL_RANKS[self]

    @property
    def is_over(self) -> bool:
        return self.rank > CallState.IN_PROGRESS.rank


class MessageState(StrEnum):
    """In order of rank. Unknown (we gave up waiting) gives way to anything the provider says later."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"
    READ = "read"
    RECEIVED = "received"

    @property
    def rank(self) -> int:
        return _MESSAGE_RANKS[self]


_CALL_RANKS = {state: rank for rank, state in enumerate(CallState)}
_MESSAGE_RANKS = {state: rank for rank, state in enumerate(MessageState)}


class RecordingState(StrEnum):
    """The provider's word on the audio; what we made of it is the Recording's own state."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    ABSENT = "absent"


class RecordingKind(StrEnum):
    CALL = "call"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUpdate:
    """The caller's own leg. `withheld`: there is a caller, and no number that could be called back."""

    provider_id: str
    account_id: str
    direction: Direction
    state: CallState
    from_e164: str | None
    to_e164: str | None
    withheld: bool = False
    at: datetime | None = None
    duration: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegUpdate:
    """A leg to one destination. `bridged` is None where the delivery does not say whether the two talked."""

    provider_id: str
    account_id: str
    parent_provider_id: str
    state: CallState
    to: str | None = None
    at: datetime | None = None
    duration: int | None = None
    bridged: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingUpdate:
    provider_id: str
    account_id: str
    call_provider_id: str
    state: RecordingState
    kind: RecordingKind
    source: str
    at: datetime | None = None
    duration: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionUpdate:
    """What a recording says, in words. `text` is None where the provider could not make it out."""

    recording_provider_id: str
    account_id: str
    call_provider_id: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Media:
    """Known by id alone: an address in a delivery is never fetched as it stands."""

    provider_id: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUpdate:
    """`from_` and `to` are E.164 or a short code; None where the delivery has neither."""

    provider_id: str
    account_id: str
    direction: Direction
    state: MessageState
    from_: str | None = None
    to: str | None = None
    body: str | None = None
    num_media: int = 0
    media: tuple[Media, ...] = ()
    segments: int | None = None
    error_code: str | None = None
    at: datetime | None = None


Update: TypeAlias = CallUpdate | LegUpdate | RecordingUpdate | TranscriptionUpdate | MessageUpdate


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence for a caller."""

    text: str
    language: str = "en-US"


@dataclass(frozen=True, slots=True)
class Gather:
    """Wait for one key so many seconds, while the words are said; report the key or its absence."""

    words: tuple[Say, ...]
    seconds: int
    action_url: str


@dataclass(frozen=True, slots=True)
class Destination:
    """A telephone to ring. `whisper_url`: what it hears before it is put through."""

    e164: str
    status_url: str
    whisper_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Ring all destinations at once until one is put through; report how it ended."""

    destinations: tuple[Destination, ...]
    seconds: int
    record: bool
    action_url: str
    recording_status_url: str
    caller_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Take a message after a tone; who says nothing is hung up on."""

    seconds: int
    action_url: str
    recording_status_url: str
    transcription_url: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Do not take the call at all. Only the first thing a call meets."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Action: TypeAlias = Say | Gather | Dial | Record | Reject | HangUp


class Webhook(Protocol):
    """What the module `providers/<name>/webhook.py` defines. All but `parse` are total."""

    def verify(
        self,
        *,
        url: str,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
        secrets: Sequence[str],
        now: datetime | None = None,
    ) -> Verdict: ...

    def read(self, body: bytes, content_type: str) -> Params: ...

    def account_id(self, params: Params) -> str | None: ...

    def our_number(self, route: str, params: Params) -> str | None: ...

    def call_id(self, route: str, params: Params) -> str | None: ...

    def dedupe_key(self, route: str, params: Params) -> str: ...

    def key(self, params: Params) -> str: ...

    def shown(self, params: Params) -> list[tuple[str, str | None]]:
        """Return the names of what was posted, each with its value where anybody may read it, else None."""

    def parse(
        self,
        route: str,
        body: bytes,
        content_type: str,
        received_at: datetime,
        params: Params | None = None,
        asked: Mapping[str, str] = NOTHING,
    ) -> list[Update]: ...


class Answers(Protocol):
    """What the module `providers/<name>/answers.py` defines: the document that makes a provider do what we say."""

    def document(self, actions: Sequence[Action]) -> str: ...


@dataclass(frozen=True, slots=True)
class Access:
    """What a client needs to act for an account. `base_url` is the operator's own word on where the provider is."""

    account_id: str
    secret: str = field(repr=False)
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A recording as the provider has told of it.

    `silent`: from which second till which the provider was told to record silence. Who keeps recordings has done so.
    """

    provider_id: str
    channels: int | None = None
    seconds: int | None = None
    silent: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """A call to one of our own telephones. What is heard when it is picked up is asked at `answer_url`."""

    to: str
    from_: str
    answer_url: str
    status_url: str
    seconds: int = 25  # that it rings: shorter than most mailboxes wait


class Sound(Protocol):
    """The audio on its way here. Reading it raises FetchError (`callcrm.lib.http`) when it does not come whole."""

    def blocks(self) -> Iterator[bytes]: ...


class Client(Protocol):
    """What the module `providers/<name>/client.py` defines: calls to the provider. All raise FetchError.

    Addresses are made of the base and of ids that were checked; one that was delivered is never used.
    """

    def open_recording(
        self, access: Access, wanted: Wanted, *, max_bytes: int, seconds: float
    ) -> AbstractContextManager[Sound]: ...

    def find_recordings(self, access: Access, call_provider_id: str) -> list[RecordingUpdate]:
        """Return what there is of a call that is over, as if it had been delivered."""

    def delete_recording(self, access: Access, provider_id: str) -> bool:
        """Delete the provider's copy, and say whether there was one: one that is not there may yet come."""

    def pause_recording(self, access: Access, call_provider_id: str, provider_id: str) -> None:
        """Let silence be recorded of a call that goes on, so that the recording stays as long as the talk."""

    def resume_recording(self, access: Access, call_provider_id: str, provider_id: str) -> None:
        """Record what is said again."""

    def start_call(self, access: Access, call: NewCall) -> str:
        """Start a call and return its id. After an error that is no refusal nobody knows whether it was started."""

    def find_calls(self, access: Access, call: NewCall, since: datetime) -> list[str]:
        """Return the ids of calls from and to the same that were started since, the oldest first."""

    def end_call(self, access: Access, call_provider_id: str) -> None:
        """End a call that was started, however far it is; one that is over, or not there, is ended already."""


@dataclass(frozen=True, slots=True)
class Provider:
    """`routes` says which there are and what each answers with; `content_type` is that of its documents."""

    name: str
    routes: Mapping[str, Reply]
    content_type: str
    webhook: Webhook
    answers: Answers
    client: Client
