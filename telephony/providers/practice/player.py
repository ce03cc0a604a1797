"""Plays a scenario against the running product as a carrier would: signed posts, then what it answers.

Which phones ring and where their news go stands in the document that the product answers; nothing is known
here that a carrier would not know. Signed for the public address, sent to wherever the product listens.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, Protocol
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from telephony.providers.practice import webhook
from telephony.providers.practice.scenarios import Person, Scenario, Step, To, cast

PATIENCE: Final = 15  # seconds, as long as Twilio waits
_LONGEST_ANSWER = 64 * 1024
_LONGEST_WAY = 240  # seconds that keys, words and messages may take besides the script
_MOST_ANSWERS = 30  # documents in one call: a product that sends a caller round in circles is left
_MESSAGE = 9  # seconds that a message takes


class Misplayed(Exception):
    """The product did not answer as a carrier needs it. Names routes and statuses, never a person."""


@dataclass(frozen=True, slots=True)
class Line:
    """The connection to the product: whose account, which address is signed, where it is really posted."""

    account_id: str
    secret: str = field(repr=False)
    public_url: str
    base_url: str

    def post(self, url: str, params: Mapping[str, str]) -> str:
        body = urlencode({"AccountSid": self.account_id, "ApiVersion": "2010-04-01", **params}).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Practice-Signature": webhook.sign(url=url, body=body, secret=self.secret),
        }
        try:
            status, text = _send(self._here(url), body, headers)
        except (OSError, HTTPException) as error:
            raise Misplayed(
                f"the product cannot be reached at {self.base_url}: {type(error).__name__}"
            ) from None
        if not 200 <= status < 300:
            hint = "; is PUBLIC_BASE_URL the same for it and for this program?" if status == 403 else ""
            raise Misplayed(f"the product answered {status} on {urlsplit(url).path}{hint}")
        return text

    def route(self, name: str) -> str:
        return f"{self.public_url.rstrip('/')}/webhooks/practice/{name}/"

    def _here(self, url: str) -> str:
        """The same address on the machine that is spoken to. News for anyone else are not ours to send."""
        public = self.public_url.rstrip("/")
        if not url.startswith(public + "/"):
            raise Misplayed("the product's answer names an address that is not its own")
        return self.base_url.rstrip("/") + url[len(public) :]


def _send(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    """Without proxies and redirects: a post that is redirected loses its body."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=PATIENCE)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("POST", target, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read(_LONGEST_ANSWER).decode("utf-8", "replace")
    finally:
        connection.close()


class Clock(Protocol):
    """The time of the script."""

    @property
    def now(self) -> datetime: ...

    def wait(self, seconds: int) -> None: ...


class RealTime:
    """Wait as long as the script says: who watches sees it ring and be answered as it would."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: int) -> None:
        time.sleep(seconds)


class AtOnce:
    """Wait for nothing. The script's clock starts so far back that it reports no time to come."""

    def __init__(self, scenario: Scenario) -> None:
        length = sum(step.after for act in scenario.acts for step in act) + len(scenario.acts) * _LONGEST_WAY
        self.now = datetime.now(UTC) - timedelta(seconds=length)

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Played:
    calls: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


def play(
    scenario: Scenario,
    line: Line,
    number: str,
    *,
    rng: random.Random,
    clock: Clock | None = None,
) -> Played:
    """Play all acts of a scenario to one of our numbers. Raises Misplayed."""
    played = Played()
    clock = clock or RealTime()
    person = cast(scenario.who, number, rng)
    for act in scenario.acts:
        if act[0].to is To.SMS:
            played.messages.append(_text(act[0], line, person, number))
        else:
            played.calls.append(PracticeCall(line, person, number, clock, scenario.leaves).play(act))
    return played


def _text(step: Step, line: Line, person: Person, number: str) -> str:
    message = _new_id("SM")
    ids = {"MessageSid": message, "SmsSid": message, "SmsMessageSid": message}
    state = {"SmsStatus": "received", "NumMedia": "0", "NumSegments": "1"}
    line.post(
        line.route("sms"), ids | state | _parties(person.number, number) | _place(person) | dict(step.says)
    )
    return message


@dataclass(slots=True)
class _Leg:
    id: str
    to: str
    status_url: str | None
    whisper_url: str | None
    sequence: int = 0


@dataclass(slots=True)
class PracticeCall:
    """One call. What rings is done again for each `Dial` that the product answers with, one after the other."""

    line: Line
    person: Person
    number: str
    clock: Clock
    leaves: str = ""
    id: str = field(default_factory=lambda: _new_id("CA"))
    recording: str = field(default_factory=lambda: _new_id("RE"))
    caller_id: str = ""
    action_url: str | None = None
    recording_url: str | None = None
    legs: list[_Leg] = field(default_factory=list)
    answers: int = 0
    told: int = 0

    def play(self, act: tuple[Step, ...]) -> str:
        began = self.clock.now
        first, *ringing, last = act
        self._begin(first)
        while self.legs:
            self._ring(ringing)
        self.clock.wait(last.after if self.answers > 1 else 1)
        self._tell_status(last, began)
        return self.id

    def _begin(self, step: Step) -> None:
        self._follow(self.line.post(self.line.route("voice"), self._about_call() | dict(step.says)))

    def _ring(self, steps: Sequence[Step]) -> None:
        """Do what happens to the telephones that ring now; the end of the dialling may bring others."""
        ended = ""
        for step in steps:
            self.clock.wait(step.after)
            match step.to:
                case To.EVERY_LEG:
                    self._tell_legs(self.legs, step)
                case To.FIRST_LEG:
                    self._tell_legs(self.legs[:1], step)
                case To.OTHER_LEGS:
                    self._tell_legs(self.legs[1:], step)
                case To.DIAL_ACTION:
                    ended = self._end_dialling(step)
                case To.RECORDING:
                    self._tell_recording(step)
        self.legs = []
        if ended and not self._has_hung_up(steps):
            self._follow(ended)

    def _has_hung_up(self, steps: Sequence[Step]) -> bool:
        """Who is gone, or has talked, hears nothing more."""
        said = [step.says.get("DialCallStatus") for step in steps if step.to is To.DIAL_ACTION]
        return bool({"canceled", "completed"}.intersection(said))

    def _follow(self, document: str) -> None:
        """Do what the product says; a sentence and a hang-up leave nothing to do but to report the end."""
        self.answers += 1
        response = _read(document)
        gather, dial, record = (response.find(verb) for verb in ("Gather", "Dial", "Record"))
        if self.answers > _MOST_ANSWERS:
            raise Misplayed("the product's answers go round in circles")
        if gather is not None:
            self._follow(self._press("1", gather, self._about_call() | {"CallStatus": "in-progress"}))
        elif dial is not None:
            self._dial(dial)
        elif record is not None and self.leaves:
            self._leave_message(record)

    def _dial(self, dial: Element) -> None:
        self.caller_id = dial.get("callerId", self.person.number)
        self.action_url = dial.get("action")
        self.recording_url = dial.get("recordingStatusCallback")
        self.legs = [
            _Leg(_new_id("CA"), (number.text or "").strip(), number.get("statusCallback"), number.get("url"))
            for number in dial.findall("Number")
        ]

    def _press(self, key: str, gather: Element, about: Mapping[str, str]) -> str:
        self.clock.wait(1)
        return self.line.post(gather.get("action", ""), {**about, "Digits": key})

    def _leave_message(self, record: Element) -> None:
        self.clock.wait(_MESSAGE)
        taken = {"RecordingSid": _new_id("RE"), "RecordingDuration": str(_MESSAGE)}
        about = self._about_call() | {"CallStatus": "in-progress", "Digits": "hangup"} | taken
        self.line.post(record.get("action", ""), about)
        told = {"CallSid": self.id, "RecordingSource": "RecordVerb", "RecordingChannels": "1"} | taken
        if url := record.get("recordingStatusCallback"):
            self.line.post(url, told | {"RecordingStatus": "completed", "ErrorCode": "0"})
        if url := record.get("transcribeCallback"):
            words = {"TranscriptionSid": _new_id("TR"), "TranscriptionStatus": "completed"}
            self.line.post(url, {"CallSid": self.id} | taken | words | {"TranscriptionText": self.leaves})

    def _tell_legs(self, legs: Sequence[_Leg], step: Step) -> None:
        for leg in legs:
            if leg.status_url:
                self.line.post(leg.status_url, self._about_leg(leg) | dict(step.says))
            leg.sequence += 1
            if leg.whisper_url and step.says["CallStatus"] == "in-progress":
                self._take(leg)

    def _take(self, leg: _Leg) -> None:
        """Listen to what is whispered, and press 1 where it asks for it."""
        about = self._about_leg(leg) | {"CallStatus": "in-progress"}
        gather = _read(self.line.post(leg.whisper_url or "", about)).find("Gather")
        if gather is not None:
            self._press("1", gather, about)

    def _end_dialling(self, step: Step) -> str:
        """Return what the product answers to the end of the dialling."""
        dialled = {"CallStatus": "in-progress", "DialCallSid": self.legs[0].id}
        about = self._about_call() | dialled | dict(step.says)
        return self.line.post(self.action_url, about) if self.action_url else ""

    def _tell_recording(self, step: Step) -> None:
        if self.recording_url:
            about = {
                "CallSid": self.id,
                "RecordingSid": self.recording,
                "RecordingUrl": f"https://practice.invalid/Recordings/{self.recording}",
                "RecordingSource": "DialVerb",
                "RecordingChannels": "2",
                "RecordingTrack": "both",
                "ErrorCode": "0",
            }
            self.line.post(self.recording_url, about | dict(step.says))

    def _tell_status(self, step: Step, began: datetime) -> None:
        progress = {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self.told),
            "Timestamp": self._stamp(),
            "CallDuration": str(round((self.clock.now - began).total_seconds())),
        }
        self.told += 1
        self.line.post(self._status_url(), self._about_call() | progress | dict(step.says))

    def _status_url(self) -> str:
        return self.line.route("voice-status")

    def _about_call(self) -> dict[str, str]:
        parties = _parties(self.person.number, self.number)
        return {"CallSid": self.id, "Direction": "inbound"} | parties | _place(self.person)

    def _about_leg(self, leg: _Leg) -> dict[str, str]:
        return {
            "CallSid": leg.id,
            "ParentCallSid": self.id,
            "Direction": "outbound-dial",
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(leg.sequence),
            "Timestamp": self._stamp(),
            **_parties(self.caller_id, leg.to),
        }

    def _stamp(self) -> str:
        return format_datetime(self.clock.now)


def _read(document: str) -> Element:
    try:
        return ElementTree.fromstring(document)  # noqa: S314  the product's own answer, 64 kB at most
    except ElementTree.ParseError:
        raise Misplayed("the product's answer to a call is no document") from None


def _parties(caller: str, called: str) -> dict[str, str]:
    return {"From": caller, "Caller": caller, "To": called, "Called": called}


def _place(person: Person) -> dict[str, str]:
    """Blank values come from real carriers too, and count in the signature."""
    country = "US" if person.city else ""
    return {"FromCity": person.city, "FromState": person.state, "FromZip": "", "FromCountry": country}


def _new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
