"""The documents mean what Twilio's own library would have written, and no text can break them."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Dial, VoiceResponse

from telephony.providers.base import Say
from telephony.providers.twilio import answers

NOTICE = Say("Thanks for calling Müller & Söhne <1>. This call may be recorded.")
ACTION, RECORDING, NUMBER = (
    f"https://calls.example.com/webhooks/twilio/{route}/?a=1&b=2"
    for route in ("dial-action", "recording-status", "number-status")
)
DESTINATIONS = ["+16465550123", "+13125550117"]


def forward(destinations=DESTINATIONS, *, caller_id="+14155550100", notice=NOTICE, record=True, timeout=20):
    return answers.forward(
        destinations,
        caller_id=caller_id,
        notice=notice,
        record=record,
        action_url=ACTION,
        recording_status_url=RECORDING,
        number_status_url=NUMBER,
        timeout=timeout,
    )


def read(document):
    return ElementTree.fromstring(document.encode())  # noqa: S314  we wrote it ourselves a moment ago


def meaning(document):
    """A document without the order of attributes, which says nothing."""
    element = read(document) if isinstance(document, str) else document
    return element.tag, dict(element.attrib), element.text or "", [meaning(child) for child in element]


def the_librarys(caller_id, notice, record):
    response = VoiceResponse()
    if notice:
        response.say(notice.text, language=notice.language)
    recording = {
        "record": "record-from-answer-dual",
        "recording_status_callback": RECORDING,
        "recording_status_callback_event": "in-progress completed absent",
    }
    dial = Dial(
        action=ACTION, timeout=20, answer_on_bridge=True, caller_id=caller_id, **(recording if record else {})
    )
    for number in DESTINATIONS:
        events = "initiated ringing answered completed"
        dial.number(number, status_callback=NUMBER, status_callback_event=events)
    return str(response.append(dial))


@pytest.mark.parametrize("caller_id", ["+14155550100", None])
@pytest.mark.parametrize("notice", [NOTICE, None])
@pytest.mark.parametrize("record", [True, False])
def test_forwarding_is_what_twilios_library_writes(caller_id, notice, record):
    ours = forward(caller_id=caller_id, notice=notice, record=record)
    assert meaning(ours) == meaning(the_librarys(caller_id, notice, record))


def test_a_sentence_is_said_and_the_call_ended():
    response = VoiceResponse()
    response.say(NOTICE.text, language="en-US")
    response.hangup()
    assert meaning(answers.say(NOTICE)) == meaning(str(response))


def test_a_caller_who_reached_nobody_is_told_so():
    assert answers.after_dial(bridged=False, apology=NOTICE) == answers.say(NOTICE)


def test_a_caller_who_has_talked_hears_no_apology():
    response = VoiceResponse()
    response.hangup()
    assert meaning(answers.after_dial(bridged=True, apology=NOTICE)) == meaning(str(response))


def test_an_empty_answer_replies_to_no_text():
    assert meaning(answers.empty()) == meaning(str(MessagingResponse()))


def test_no_more_numbers_ring_than_twilio_takes():
    document = read(forward([f"+1212555{n:04}" for n in range(100, 120)]))
    assert len(document.findall("Dial/Number")) == 10


def test_the_document_says_what_it_is_encoded_in():
    document = forward()
    assert document.startswith('<?xml version="1.0" encoding="UTF-8"?><Response>')
    assert "&amp;b=2" in document
    assert answers.CONTENT_TYPE == "text/xml; charset=utf-8"


@given(st.text(alphabet=st.characters()))
def test_no_text_breaks_a_document(text):
    said = read(answers.say(Say(text))).findtext("Say")
    assert said is not None
    assert len(said) <= len(text)


@pytest.mark.parametrize("char", ["\0", "\x0b", "\x1b", "\ud800", "\ufffe"])
def test_characters_that_xml_forbids_are_left_out(char):
    assert read(answers.say(Say(f"a{char}b"))).findtext("Say") == "ab"


def test_a_novel_is_cut_where_twilio_would_refuse_it():
    assert len(read(answers.say(Say("ü" * 5000))).findtext("Say", "")) == 4096
