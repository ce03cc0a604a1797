"""The same delivery has the same key, however often and in whatever order it comes."""

import pytest

from telephony.providers.twilio import webhook
from telephony.tests.twilio_forms import (
    ACTION,
    CALLER,
    FORM,
    LEG,
    RECORDED,
    SMS,
    STATUS,
    VOICE,
    body_of,
)


def key(route, params, **changes):
    return webhook.dedupe_key(route, webhook.read(body_of(params, **changes), FORM))


def test_the_same_delivery_has_the_same_key_whatever_else_it_carries():
    assert key("voice", VOICE) == key("voice", dict(reversed(VOICE.items())), CallerCity="X")


@pytest.mark.parametrize(
    ("route", "params", "changes"),
    [
        ("voice-status", STATUS, {"CallStatus": "ringing"}),
        ("voice-status", STATUS, {"SequenceNumber": "2"}),
        ("voice-status", STATUS, {"CallSid": LEG}),
        ("voice-status", STATUS, {"AccountSid": "AC" + "0" * 32}),
        ("sms-status", SMS, {"MessageStatus": "delivered"}),
        ("recording-status", RECORDED, {"RecordingStatus": "absent"}),
        ("dial-action", ACTION, {"DialCallStatus": "busy"}),
    ],
)
def test_another_state_is_another_delivery(route, params, changes):
    assert key(route, params) != key(route, params, **changes)


def test_one_call_posted_to_two_routes_is_two_deliveries():
    routes = ("voice", "voice-fallback", "voice-status", "dial-action")
    assert len({key(route, {**VOICE, **ACTION}) for route in routes}) == len(routes)


@pytest.mark.parametrize("changes", [{"CallSid": CALLER}, {"CallStatus": CALLER}, {"AccountSid": CALLER}])
def test_a_key_holds_no_number_even_when_one_stands_in_the_wrong_place(changes):
    assert "5550142" not in key("voice", VOICE, **changes)


def test_a_delivery_without_sound_ids_has_no_key_of_its_own():
    assert key("voice", {}) == key("voice", {"a": "b"}) == key("voice", VOICE, CallSid="CA1") == ""
