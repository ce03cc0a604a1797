"""What Twilio is told to do with a call that waits, as TwiML.

Pure: what is to happen is passed in, addresses whole. Whatever a text holds, the document stays well formed, for a
document that cannot be read is a caller who hears an apology of Twilio's. https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from telephony.providers.base import Action, Dial, Gather, HangUp, Record, Reject, Say

CONTENT_TYPE: Final = "text/xml; charset=utf-8"

MOST_DESTINATIONS: Final = 10  # Twilio refuses a document with more

_LONGEST_TEXT = 4096  # likewise
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(actions: Sequence[Action]) -> str:
    """Return the document for what is to happen. With nothing in it a call goes on, and a text gets no reply."""
    response = Element("Response")
    for action in actions:
        _add(response, action)
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode")


def _add(parent: Element, action: Action) -> None:
    match action:
        case Say():
            verb = SubElement(parent, "Say", language=action.language)
            verb.text = _NOT_XML.sub("", action.text)[:_LONGEST_TEXT]
        case Gather():
            _gather(parent, action)
        case Dial():
            _dial(parent, action)
        case Record():
            _record(parent, action)
        case Reject():
            SubElement(parent, "Reject")
        case HangUp():
            SubElement(parent, "Hangup")


def _gather(parent: Element, gather: Gather) -> None:
    """Without a key the action is told as well, so that one place decides what follows."""
    verb = SubElement(parent, "Gather", input="dtmf", numDigits="1", timeout=str(gather.seconds))
    verb.set("action", gather.action_url)
    verb.set("actionOnEmptyResult", "true")
    for say in gather.words:
        _add(verb, say)


def _dial(parent: Element, dial: Dial) -> None:
    """The caller hears the ringing until somebody is put through."""
    verb = SubElement(
        parent, "Dial", action=dial.action_url, timeout=str(dial.seconds), answerOnBridge="true"
    )
    if dial.caller_id:
        verb.set("callerId", dial.caller_id)
    if dial.record:
        verb.set("record", "record-from-answer-dual")
        _report_recording(verb, dial.recording_status_url)
    for destination in dial.destinations[:MOST_DESTINATIONS]:
        number = SubElement(verb, "Number", statusCallback=destination.status_url)
        number.set("statusCallbackEvent", "initiated ringing answered completed")
        if destination.whisper_url:
            number.set("url", destination.whisper_url)
        number.text = destination.e164


def _record(parent: Element, record: Record) -> None:
    """Silence ends it, and then what follows in the document is done; the action hears of a message alone."""
    verb = SubElement(parent, "Record", action=record.action_url, maxLength=str(record.seconds), timeout="5")
    verb.set("playBeep", "true")
    _report_recording(verb, record.recording_status_url)
    if record.transcription_url:
        verb.set("transcribe", "true")
        verb.set("transcribeCallback", record.transcription_url)
    SubElement(parent, "Hangup")


def _report_recording(verb: Element, url: str) -> None:
    verb.set("recordingStatusCallback", url)
    verb.set("recordingStatusCallbackEvent", "in-progress completed absent")
