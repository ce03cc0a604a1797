"""Forms become updates; what cannot be believed is refused by the name of the parameter alone."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.providers.base import (
    NOTHING,
    CallState,
    CallUpdate,
    Direction,
    MessageUpdate,
    RecordingState,
    RecordingUpdate,
    Unusable,
)
from telephony.providers.twilio import webhook
from telephony.tests.twilio_forms import (
    ACCOUNT,
    ACTION,
    CALL,
    CALLER,
    FORM,
    LEG,
    NOW,
    OURS,
    RECORDED,
    RECORDING,
    SMS,
    STATUS,
    TEXT,
    VOICE,
    body_of,
)


def parse(route, params, *, asked=NOTHING, **changes):
    return webhook.parse(route, body_of(params, **changes), FORM, NOW, asked=asked)


def refused(route, params, **changes):
    with pytest.raises(Unusable) as refusal:
        parse(route, params, **changes)
    return refusal.value.code, refusal.value.parameter


def test_an_incoming_call_says_who_and_whom_and_not_when():
    assert parse("voice", VOICE, CallerName="ignored") == [
        CallUpdate(
            provider_id=CALL,
            account_id=ACCOUNT,
            direction=Direction.INBOUND,
            state=CallState.RINGING,
            from_e164=CALLER,
            to_e164=OURS,
        )
    ]


@pytest.mark.parametrize(
    "caller",
    [
        "",
        "anonymous",
        "Anonymous",
        "Restricted",
        "unavailable",
        "+266696687",
        "+7378742833",
        "+86282452253",
        "sip:anonymous@anonymous.invalid",
        "client:desk",
        "5550142",
        "+1",
        "+0212555014",
        "+１２１２５５５０１４２",
    ],
)
def test_a_caller_without_a_number_to_call_back_is_withheld(caller):
    [call] = parse("voice", VOICE, From=caller)
    assert (call.from_e164, call.withheld) == (None, True)


def test_a_delivery_that_does_not_speak_of_the_caller_does_not_make_him_withheld():
    [call] = parse("voice-status", STATUS, From=None, To=None)
    assert (call.from_e164, call.withheld) == (None, False)


@pytest.mark.parametrize(
    "caller", ["sip:+12125550142@example.invalid", "SIP:12125550142@example.invalid:5060"]
)
def test_the_number_in_a_sip_address_is_the_callers(caller):
    [call] = parse("voice", VOICE, From=caller)
    assert call.from_e164 == CALLER


def test_a_status_brings_time_and_duration():
    [call] = parse("voice-status", STATUS, Timestamp="Sun, 01 Nov 2026 13:00:51 +0100")
    assert call.at == datetime(2026, 11, 1, 12, 0, 51, tzinfo=UTC)
    assert call.duration == 47


@pytest.mark.parametrize("status", ["queued", "initiated"])
def test_initiated_is_queued(status):
    [call] = parse("voice-status", STATUS, CallStatus=status)
    assert call.state is CallState.QUEUED


@pytest.mark.parametrize(
    ("said", "state", "bridged"),
    [
        ("true", "completed", True),
        ("false", "completed", False),
        (None, "completed", None),  # the state says it, but for a telephone that must press a key
        (None, "answered", None),
        (None, "no-answer", False),
        ("false", "busy", False),
    ],
)
def test_the_end_of_the_dialling_says_whether_the_two_talked(said, state, bridged):
    _, leg = parse("dial-action", ACTION, DialCallStatus=state, DialBridged=said)
    assert (leg.provider_id, leg.parent_provider_id, leg.bridged) == (LEG, CALL, bridged)


@pytest.mark.parametrize(("said", "bridged"), [("true", True), (None, False)])
def test_a_telephone_that_must_press_a_key_is_put_through_only_when_it_is_said(said, bridged):
    params = {"DialCallStatus": "completed", "DialBridged": said}
    _, leg = parse("dial-action", ACTION, asked={"step": "ring", "press": "1"}, **params)
    assert leg.bridged is bridged


def test_dialling_that_reached_no_leg_leaves_the_call_alone():
    [call] = parse("dial-action", ACTION, DialCallSid=None, DialCallStatus="canceled")
    assert isinstance(call, CallUpdate)


@pytest.mark.parametrize(
    "named",
    [
        {"RecordingSid": RECORDING},
        {"RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}"},
        {"RecordingUrl": f"http://elsewhere.example/{RECORDING}.mp3"},
    ],
)
@pytest.mark.parametrize(("route", "kind"), [("dial-action", "call"), ("record-action", "voicemail")])
def test_a_recording_that_is_named_on_the_way_has_begun(named, route, kind):
    recording = parse(route, ACTION, **named)[-1]
    assert isinstance(recording, RecordingUpdate)
    assert (recording.provider_id, recording.call_provider_id) == (RECORDING, CALL)
    assert (recording.kind, recording.state) == (kind, RecordingState.IN_PROGRESS)


@pytest.mark.parametrize("name", ["RecordingSid", "RecordingUrl"])
@pytest.mark.parametrize("text", ["", "x", "RE1", f"https://a.example/{RECORDING}/more", f"{RECORDING} "])
def test_a_recording_that_is_named_oddly_keeps_nobody_waiting(name, text):
    assert not any(
        isinstance(update, RecordingUpdate) for update in parse("dial-action", ACTION, **{name: text})
    )


@pytest.mark.parametrize("status", ["initiated", "in-progress", "completed"])
def test_a_legs_own_status_does_not_say_whether_the_two_talked(status):
    """With a whisper the destination's phone is answered before the two hear each other."""
    [leg] = parse(
        "number-status", VOICE, ParentCallSid=CALL, CallSid=LEG, CallStatus=status, To="+16465550123"
    )
    assert (leg.bridged, leg.to) == (None, "+16465550123")


@pytest.mark.parametrize(
    ("source", "kind"), [("RecordVerb", "voicemail"), ("DialVerb", "call"), ("", "call")]
)
def test_a_message_left_is_told_from_a_call_recorded(source, kind):
    [recording] = parse("recording-status", RECORDED, RecordingSource=source)
    assert recording.kind == kind


def test_an_unknown_length_is_none():
    [recording] = parse("recording-status", RECORDED, RecordingDuration="-1", RecordingStatus="absent")
    assert recording.duration is None


def test_a_text_loses_its_nul_and_nothing_else():
    [text] = parse("sms", SMS, Body=" a\0b 🌵\r\n ")
    assert text.body == " ab 🌵\r\n "


def test_a_text_comes_from_a_short_code_too():
    [text] = parse("sms", SMS, From="22395")
    assert text.from_ == "22395"


def test_pictures_are_known_by_their_id_and_an_odd_type_does_not_cost_the_text():
    media = "ME" + "f6" * 16
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{TEXT}/Media/{media}"
    changes = {"NumMedia": "1", "MediaUrl0": url}
    [text] = parse("sms", SMS, MediaContentType0="Image/JPEG", **changes)
    assert [(item.provider_id, item.content_type) for item in text.media] == [(media, "image/jpeg")]
    [text] = parse("sms", SMS, MediaContentType0="<b>", **changes)
    assert text.media[0].content_type == "application/octet-stream"
    assert refused("sms", SMS, **(changes | {"MediaUrl0": "https://127.0.0.1/"})) == (
        "absurd_parameter",
        "MediaUrl0",
    )


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("accepted", "queued"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("undelivered", "undelivered"),
        ("read", "read"),
        ("canceled", "failed"),
        ("partially_delivered", "sent"),
    ],
)
def test_message_states(said, state):
    [text] = parse("sms-status", SMS, MessageStatus=said, ErrorCode="30003")
    assert isinstance(text, MessageUpdate)
    assert (text.state, text.direction, text.error_code) == (state, "outbound", "30003")


@pytest.mark.parametrize(
    ("route", "params", "name"),
    [("voice", VOICE, name) for name in ("AccountSid", "CallSid", "CallStatus", "From", "To")]
    + [("sms", SMS, name) for name in ("AccountSid", "MessageSid", "From", "To", "Body")]
    + [("recording-status", RECORDED, name) for name in ("CallSid", "RecordingSid", "RecordingStatus")]
    + [("dial-action", ACTION, "DialCallStatus"), ("number-status", VOICE, "ParentCallSid")]
    + [("sms-status", SMS, "MessageStatus")],
)
def test_what_is_needed_and_missing_is_named(route, params, name):
    assert refused(route, params, **{name: None}) == ("missing_parameter", name)


LONG = "9" * 5000


@pytest.mark.parametrize(
    ("route", "params", "name", "value"),
    [("voice-status", STATUS, "CallDuration", value) for value in ("-5", "1e3", "٣", LONG, "604801", "4.2")]
    + [("voice-status", STATUS, "CallStatus", value) for value in ("ascended", "COMPLETED", "\0", LONG)]
    + [("voice-status", STATUS, "CallSid", value) for value in ("CA1", CALL + "\n", TEXT, "é" * 34, LONG)]
    + [("voice-status", STATUS, "AccountSid", "PR" + "a" * 32), ("voice", VOICE, "Direction", "sideways")]
    + [
        ("voice-status", STATUS, "Timestamp", value)
        for value in (
            "Fri, 31 Dec 9999 23:59:59 +0000",
            "Thu, 01 Jan 1970 00:00:00 +0000",
            "yesterday",
            LONG,
            "Sun, 01 Nov 2026 12:00:00 +9999",
            "Mon, 02 Nov 2026 12:30:01 +0000",
            "Sun, 99 Nov 2026 12:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 -1200",
            "Sat, 01 Jan 0001 00:00:00 +1200",
        )
    ]
    + [("recording-status", RECORDED, "RecordingDuration", value) for value in ("-2", "1_0", " 1")]
    + [("recording-status", RECORDED, "RecordingChannels", "3"), ("sms", SMS, "NumMedia", "11")]
    + [("sms-status", SMS | {"MessageStatus": "failed"}, "ErrorCode", "x")]
    + [("sms-status", SMS, "MessageStatus", "unknown"), ("dial-action", ACTION, "DialCallSid", "x")],
)
def test_what_is_absurd_is_named_and_not_repeated(route, params, name, value):
    assert refused(route, params, **{name: value}) == ("absurd_parameter", name)
    with pytest.raises(Unusable) as refusal:
        parse(route, params, **{name: value})
    assert str(refusal.value) == f"absurd_parameter: {name}"
    assert refusal.value.__context__ is None


def test_an_old_delivery_is_late_and_not_absurd():
    [call] = parse("voice-status", STATUS, Timestamp="Thu, 01 Jan 2015 00:00:00 -0000")
    assert call.at == datetime(2015, 1, 1, tzinfo=UTC)


def test_two_values_for_one_name_are_not_chosen_between():
    """The signature covers them in no order: whoever replays them may put either first."""
    assert refused("voice", VOICE, CallStatus=["ringing", "completed"]) == (
        "repeated_parameter",
        "CallStatus",
    )
    assert parse("voice", VOICE, CallStatus=["ringing", "ringing"]) == parse("voice", VOICE)


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/x-www-form-urlencoded; charset=iso-8859-1", b"Body=x", "charset"),
        ('application/x-www-form-urlencoded;charset="UTF-16"', b"Body=x", "charset"),
        (FORM, b"Body=%ff", "charset"),
        (FORM, b"Body=\xe9", "charset"),
        (FORM, b"%e9=x", "charset"),
        (FORM, b"Body=%ed%a0%80", "charset"),
        ("application/json", b"{}", "missing_parameter"),
        ("application/json", b"\xff", "charset"),
        ("text/plain", b"x", "content_type"),
        ("", b"", "content_type"),
        (FORM, b"", "missing_parameter"),
    ],
)
def test_what_cannot_be_read_as_text_is_refused(content_type, body, code):
    with pytest.raises(Unusable) as refusal:
        webhook.parse("sms", body, content_type, NOW)
    assert refusal.value.code == code
    assert refusal.value.__context__ is None


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", FORM.upper(), FORM + "; x=y"])
def test_utf8_is_what_a_form_is_in_when_it_says_nothing_else(content_type):
    [text] = webhook.parse("sms", urlencode(SMS | {"Body": "ü"}).encode(), content_type, NOW)
    assert isinstance(text, MessageUpdate)
    assert text.body == "ü"


def test_an_unknown_route_is_unusable():
    assert refused("fax", VOICE) == ("unknown_route", "")


def test_the_account_is_found_before_the_text_can_be_read():
    params = webhook.read(b"AccountSid=" + ACCOUNT.encode() + b"&Body=%ff", FORM + "; charset=utf-16")
    assert webhook.account_id(params) == ACCOUNT
    assert webhook.account_id({"AccountSid": (ACCOUNT + "'",)}) is None
    assert webhook.read(b"AccountSid=x", "application/json") == {}


@pytest.mark.parametrize(
    ("route", "direction", "expected"),
    [
        ("voice", "inbound", "to"),
        ("dial-action", "inbound", "to"),
        ("sms", "", "to"),
        ("voice-status", "outbound-api", "from"),
        ("sms-status", "", "from"),
        ("number-status", "outbound-dial", None),
        ("recording-status", "", None),
    ],
)
def test_our_own_number_is_where_the_direction_says(route, direction, expected):
    params = {"From": ("+14155550100",), "To": ("+16465550123",), "Direction": (direction,)}
    numbers = {"from": "+14155550100", "to": "+16465550123", None: None}
    assert webhook.our_number(route, params) == numbers[expected]


def test_a_leg_belongs_to_its_parents_call():
    params = {"CallSid": (LEG,), "ParentCallSid": (CALL,)}
    assert webhook.call_id("number-status", params) == CALL
    assert webhook.call_id("voice-status", params) == LEG
    assert webhook.call_id("sms", {}) is None


names = st.sampled_from([*VOICE, *SMS, *RECORDED, *ACTION, "Timestamp", "ParentCallSid", "MediaUrl0"])
values = st.one_of(st.text(), st.sampled_from([ACCOUNT, CALL, LEG, TEXT, "ringing", "1", "inbound", LONG]))


@given(route=st.sampled_from([*webhook.ROUTES]), form=st.lists(st.tuples(names, values)), junk=st.binary())
def test_parsing_raises_unusable_and_nothing_else(route, form, junk):
    body = urlencode(form).encode() + b"&" + junk
    params = webhook.read(body, FORM)
    assert len(webhook.dedupe_key(route, params)) <= 160
    webhook.our_number(route, params), webhook.call_id(route, params), webhook.account_id(params)
    with suppress(Unusable):
        assert webhook.parse(route, body, FORM, NOW)


@given(route=st.sampled_from([*webhook.ROUTES]), stamp=st.text(max_size=45))
def test_no_date_is_too_odd(route, stamp):
    with suppress(Unusable):
        assert parse(route, STATUS | SMS | RECORDED, Timestamp=stamp, RecordingStartTime=stamp)


@given(st.datetimes(datetime(2009, 1, 1), datetime(2026, 10, 31)), st.integers(-1439, 1439))  # noqa: DTZ001  # Hypothesis asks
def test_any_date_a_provider_can_write_is_read(moment, minutes):
    sign, offset = "-" if minutes < 0 else "+", abs(minutes)
    stamp = f"{moment:%a, %d %b %Y %H:%M:%S} {sign}{offset // 60:02}{offset % 60:02}"
    [call] = parse("voice-status", STATUS, Timestamp=stamp)
    expected = moment.replace(microsecond=0, tzinfo=UTC) - timedelta(minutes=minutes)
    assert call.at == expected
