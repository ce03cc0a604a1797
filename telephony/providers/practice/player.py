"""Plays a scenario against the running product as a carrier would: signed posts, then what it answers.

Which phones ring and where their news go stands in the document that the product answers; nothing is known
here that a carrier would not know. Signed for the public address, sent to wherever the product listens.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, Protocol
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from telephony.providers.practice import webhook
from telephony.providers.practice.scenarios import Person, Scenario, Step, To, cast

PATIENCE: Final = 15  # seconds, as long as Twilio waits
_LONGEST_ANSWER = 64 * 1024


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
    """Wait for nothing. The script's clock starts so far back that it ends now, and reports no time to come."""

    def __init__(self, scenario: Scenario) -> None:
        length = sum(step.after for act in scenario.acts for step in act)
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
            played.calls.append(_Call(line, person, number, clock).play(act))
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
    sequence: int = 0


@dataclass(slots=True)
class _Call:
    line: Line
    person: Person
    number: str
    clock: Clock
    id: str = field(default_factory=lambda: _new_id("CA"))
    recording: str = field(default_factory=lambda: _new_id("RE"))
    caller_id: str = ""
    action_url: str | None = None
    recording_url: str | None = None
    legs: list[_Leg] = field(default_factory=list)

    def play(self, act: tuple[Step, ...]) -> str:
        for step in act:
            if not self.legs and step.to not in (To.VOICE, To.VOICE_STATUS):
                continue
            self.clock.wait(step.after)
            self._perform(step)
        return self.id

    def _perform(self, step: Step) -> None:
        match step.to:
            case To.VOICE:
                self._follow(self.line.post(self.line.route("voice"), self._about_call() | dict(step.says)))
            case To.EVERY_LEG:
                self._tell_legs(self.legs, step)
            case To.FIRST_LEG:
                self._tell_legs(self.legs[:1], step)
            case To.OTHER_LEGS:
                self._tell_legs(self.legs[1:], step)
            case To.DIAL_ACTION:
                self._end_dialling(step)
            case To.RECORDING:
                self._tell_recording(step)
            case To.VOICE_STATUS:
                self._tell_status(step)

    def _follow(self, document: str) -> None:
        """Do what the product says; a sentence and a hang-up leave nothing to do but to report the end."""
        try:
            response = ElementTree.fromstring(document)  # noqa: S314  the product's own answer, 64 kB at most
        except ElementTree.ParseError:
            raise Misplayed("the product's answer to a call is no document") from None
        dial = response.find("Dial")
        if dial is None:
            return
        self.caller_id = dial.get("callerId", self.person.number)
        self.action_url = dial.get("action")
        self.recording_url = dial.get("recordingStatusCallback")
        self.legs = [
            _Leg(_new_id("CA"), (number.text or "").strip(), number.get("statusCallback"))
            for number in dial.findall("Number")
        ]

    def _tell_legs(self, legs: list[_Leg], step: Step) -> None:
        for leg in legs:
            if leg.status_url:
                self.line.post(leg.status_url, self._about_leg(leg) | dict(step.says))
            leg.sequence += 1

    def _end_dialling(self, step: Step) -> None:
        if self.action_url:
            dialled = {"CallStatus": "in-progress", "DialCallSid": self.legs[0].id}
            self.line.post(self.action_url, self._about_call() | dialled | dict(step.says))

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

    def _tell_status(self, step: Step) -> None:
        progress = {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": "0",
            "Timestamp": self._stamp(),
        }
        says = dict(step.says) if self.legs else {"CallStatus": "completed", "CallDuration": "5"}
        self.line.post(self.line.route("voice-status"), self._about_call() | progress | says)

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


def _parties(caller: str, called: str) -> dict[str, str]:
    return {"From": caller, "Caller": caller, "To": called, "Called": called}


def _place(person: Person) -> dict[str, str]:
    """Blank values come from real carriers too, and count in the signature."""
    country = "US" if person.city else ""
    return {"FromCity": person.city, "FromState": person.state, "FromZip": "", "FromCountry": country}


def _new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
