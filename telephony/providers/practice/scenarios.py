"""What practice callers do, as data: who says what to which address, how many seconds after the last step.

The seconds are real ones, unless the player is asked to hurry: short enough to watch, long enough to be what
they say. All people and numbers are invented: 555-0100 to 555-0199 ring nowhere.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Final


class To(Enum):
    """Whom a step speaks to: a route of ours, or an address that the answer named."""

    VOICE = auto()
    EVERY_LEG = auto()
    FIRST_LEG = auto()
    OTHER_LEGS = auto()
    DIAL_ACTION = auto()
    RECORDING = auto()
    VOICE_STATUS = auto()
    SMS = auto()


class Who(Enum):
    SOMEBODY_NEW = auto()
    SOMEBODY_KNOWN = auto()
    NO_NUMBER = auto()


@dataclass(frozen=True, slots=True)
class Step:
    after: int
    to: To
    says: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`acts` are calls or texts of one person, one after the other.

    `leaves`: the message he leaves where he is asked for one, in words; without any he hangs up at the tone.
    """

    sentence: str
    acts: tuple[tuple[Step, ...], ...]
    who: Who = Who.SOMEBODY_NEW
    leaves: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    number: str
    city: str
    state: str


_RINGS: Final = (
    Step(0, To.VOICE, {"CallStatus": "ringing"}),
    Step(1, To.EVERY_LEG, {"CallStatus": "initiated"}),
    Step(1, To.EVERY_LEG, {"CallStatus": "ringing"}),
)


def _answered(rings: int, talks: int) -> tuple[Step, ...]:
    talked = str(talks)
    return (
        *_RINGS,
        Step(rings, To.FIRST_LEG, {"CallStatus": "in-progress"}),
        Step(0, To.OTHER_LEGS, {"CallStatus": "canceled", "CallDuration": "0"}),
        Step(0, To.RECORDING, {"RecordingStatus": "in-progress"}),
        Step(talks, To.FIRST_LEG, {"CallStatus": "completed", "CallDuration": talked}),
        Step(
            0,
            To.DIAL_ACTION,
            {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": talked},
        ),
        Step(0, To.RECORDING, {"RecordingStatus": "completed", "RecordingDuration": talked}),
        Step(1, To.VOICE_STATUS, {"CallStatus": "completed"}),
    )


def _unanswered(rings: int, state: str, stays: int) -> tuple[Step, ...]:
    """Nobody talked; the caller's own leg is completed all the same, as carriers report it."""
    return (
        *_RINGS,
        Step(rings, To.EVERY_LEG, {"CallStatus": state, "CallDuration": "0"}),
        Step(0, To.DIAL_ACTION, {"DialCallStatus": state, "DialBridged": "false"}),
        Step(0, To.RECORDING, {"RecordingStatus": "absent", "RecordingDuration": "-1"}),
        Step(stays, To.VOICE_STATUS, {"CallStatus": "completed"}),
    )


def _text(body: str) -> tuple[Step, ...]:
    return (Step(0, To.SMS, {"Body": body}),)


SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {
        "answered": Scenario("rings, is answered and talks for a moment", (_answered(3, 8),)),
        "missed": Scenario("rings until nobody answers", (_unanswered(15, "no-answer", 2),)),
        "voicemail": Scenario(
            "reaches nobody and leaves a message",
            (_unanswered(15, "no-answer", 1),),
            leaves="Hi, this is about the gutters. Please call me back this afternoon. Thank you.",
        ),
        "busy": Scenario("finds every destination engaged", (_unanswered(2, "busy", 2),)),
        "abandoned": Scenario("hangs up after a few rings", (_unanswered(5, "canceled", 0),)),
        "withheld": Scenario("calls without showing a number", (_answered(3, 6),), Who.NO_NUMBER),
        "returning": Scenario(
            "misses somebody, calls again and is answered",
            (_unanswered(15, "no-answer", 2), _answered(2, 9)),
            Who.SOMEBODY_KNOWN,
        ),
        "sms": Scenario("asks something by text", (_text("Hi, are you open on Saturday? Thanks!"),)),
        "stop": Scenario("wants no more texts", (_text("STOP"),)),
    }
)

_PLACES: Final = (
    ("206", "SEATTLE", "WA"),
    ("212", "NEW YORK", "NY"),
    ("303", "DENVER", "CO"),
    ("305", "MIAMI", "FL"),
    ("312", "CHICAGO", "IL"),
    ("404", "ATLANTA", "GA"),
    ("415", "SAN FRANCISCO", "CA"),
    ("503", "PORTLAND", "OR"),
    ("512", "AUSTIN", "TX"),
    ("602", "PHOENIX", "AZ"),
    ("615", "NASHVILLE", "TN"),
    ("617", "BOSTON", "MA"),
    ("702", "LAS VEGAS", "NV"),
    ("919", "RALEIGH", "NC"),
)


def somebody(rng: random.Random) -> Person:
    area, city, state = rng.choice(_PLACES)
    return Person(f"+1{area}55501{rng.randrange(100):02}", city, state)


def cast(who: Who, number: str, rng: random.Random) -> Person:
    """Choose who calls. Each of our numbers has one person who comes back."""
    if who is Who.NO_NUMBER:
        return Person("anonymous", "", "")
    return somebody(random.Random(number) if who is Who.SOMEBODY_KNOWN else rng)  # noqa: S311  an actor
