"""The documents mean what Twilio's own library would have written, and no text can break them."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Dial as TheirDial
from twilio.twiml.voice_response import VoiceResponse

from telephony.providers.base import Destination, Dial, Gather, HangUp, Record, Reject, Say
from telephony.providers.twilio import answers

NOTICE = Say("Thanks for calling Müller & Söhne <1>. This call may be recorded.")
GERMAN = Say("Für Notfälle drücken Sie die 1.", "de-DE")
ACTION, RECORDING, NUMBER, WHISPER, WORDS = (
    f"https://calls.example.com/webhooks/twilio/{route}/?step=ring-2&turn=1"
    for route in ("dial-action", "recording-status", "number-status", "whisper", "transcription")
)
DESTINATIONS = ["+16465550123", "+13125550117"]
EVENTS = "initiated ringing answered completed"


def dial(destinations=DESTINATIONS, *, whisper=None, **changes):
    given = {"seconds": 20, "record": True, "action_url": ACTION, "recording_status_url": RECORDING} | changes
    telephones = tuple(Destination(e164, NUMBER, whisper) for e164 in destinations)
    return Dial(destinations=telephones, **given)


def read(document):
    return ElementTree.fromstring(document.encode())  # noqa: S314  we wrote it ourselves a moment ago


def meaning(document):
    """A document without the order of attributes, which says nothing."""
    element = read(document) if isinstance(document, str) else document
    return element.tag, dict(element.attrib), element.text or "", [meaning(child) for child in element]


def test_nothing_to_do_replies_to_no_text_and_puts_a_telephone_through():
    assert meaning(answers.document([])) == meaning(str(MessagingResponse()))


def test_a_sentence_is_said_and_the_call_ended():
    response = VoiceResponse()
    response.say(NOTICE.text, language="en-US")
    response.hangup()
    assert meaning(answers.document([NOTICE, HangUp()])) == meaning(str(response))


def test_a_caller_who_is_turned_away_costs_nothing():
    response = VoiceResponse()
    response.reject()
    assert meaning(answers.document([Reject()])) == meaning(str(response))


@pytest.mark.parametrize("caller_id", ["+14155550100", None])
@pytest.mark.parametrize("whisper", [WHISPER, None])
@pytest.mark.parametrize("record", [True, False])
def test_ringing_is_what_twilios_library_writes(caller_id, whisper, record):
    recording = {
        "record": "record-from-answer-dual",
        "recording_status_callback": RECORDING,
        "recording_status_callback_event": "in-progress completed absent",
    }
    response = VoiceResponse()
    response.say(NOTICE.text, language="en-US")
    theirs = TheirDial(
        action=ACTION, timeout=20, answer_on_bridge=True, caller_id=caller_id, **(recording if record else {})
    )
    for number in DESTINATIONS:
        theirs.number(number, status_callback=NUMBER, status_callback_event=EVENTS, url=whisper)
    response.append(theirs)
    ours = answers.document([NOTICE, dial(whisper=whisper, caller_id=caller_id, record=record)])
    assert meaning(ours) == meaning(str(response))


def test_a_menu_is_what_twilios_library_writes():
    response = VoiceResponse()
    gather = response.gather(
        input="dtmf", num_digits=1, timeout=5, action=ACTION, action_on_empty_result=True
    )
    gather.say(GERMAN.text, language="de-DE")
    assert meaning(answers.document([Gather((GERMAN,), 5, ACTION)])) == meaning(str(response))


@pytest.mark.parametrize("words", [WORDS, None])
def test_taking_a_message_is_what_twilios_library_writes(words):
    response = VoiceResponse()
    response.say(NOTICE.text, language="en-US")
    transcribed = {"transcribe": True, "transcribe_callback": words} if words else {}
    response.record(
        action=ACTION,
        max_length=120,
        timeout=5,
        play_beep=True,
        recording_status_callback=RECORDING,
        recording_status_callback_event="in-progress completed absent",
        **transcribed,
    )
    response.hangup()
    message = Record(seconds=120, action_url=ACTION, recording_status_url=RECORDING, transcription_url=words)
    assert meaning(answers.document([NOTICE, message])) == meaning(str(response))


def test_no_more_numbers_ring_than_twilio_takes():
    document = read(answers.document([dial([f"+1212555{n:04}" for n in range(100, 120)])]))
    assert len(document.findall("Dial/Number")) == 10


def test_the_document_says_what_it_is_encoded_in():
    document = answers.document([dial()])
    assert document.startswith('<?xml version="1.0" encoding="UTF-8"?><Response>')
    assert "&amp;turn=1" in document
    assert answers.CONTENT_TYPE == "text/xml; charset=utf-8"


def said(sentence):
    return answers.document([sentence])


@given(st.text(alphabet=st.characters()))
def test_no_text_breaks_a_document(text):
    heard = read(said(Say(text))).findtext("Say")
    assert heard is not None
    assert len(heard) <= len(text)


@pytest.mark.parametrize("char", ["\0", "\x0b", "\x1b", "\ud800", "\ufffe"])
def test_characters_that_xml_forbids_are_left_out(char):
    assert read(said(Say(f"a{char}b"))).findtext("Say") == "ab"


def test_a_novel_is_cut_where_twilio_would_refuse_it():
    assert len(read(said(Say("ü" * 5000))).findtext("Say", "")) == 4096
