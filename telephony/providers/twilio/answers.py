"""What Twilio is told to do with a call that waits, as TwiML.

Pure: everything that is known of the call is passed in, addresses whole. Whatever a text holds, the document
stays well formed, for a document that cannot be read is a caller who hears an apology of Twilio's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from telephony.providers.base import Say

CONTENT_TYPE: Final = "text/xml; charset=utf-8"

MOST_DESTINATIONS: Final = 10  # Twilio refuses a document with more

_LONGEST_TEXT = 4096  # likewise
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def forward(
    destinations: Sequence[str],
    *,
    caller_id: str | None,
    notice: Say | None,
    record: bool,
    action_url: str,
    recording_status_url: str,
    number_status_url: str,
    timeout: int = 20,
) -> str:
    """Ring all destinations at once; the caller hears the ringing until one of them answers."""
    response = Element("Response")
    if notice:
        _say(response, notice)
    dial = SubElement(response, "Dial", action=action_url, timeout=str(timeout), answerOnBridge="true")
    if caller_id:
        dial.set("callerId", caller_id)
    if record:
        dial.set("record", "record-from-answer-dual")
        dial.set("recordingStatusCallback", recording_status_url)
        dial.set("recordingStatusCallbackEvent", "in-progress completed absent")
    for destination in destinations[:MOST_DESTINATIONS]:
        number = SubElement(dial, "Number", statusCallback=number_status_url)
        number.set("statusCallbackEvent", "initiated ringing answered completed")
        number.text = destination
    return _document(response)


def say(sentence: Say) -> str:
    """Say it and hang up."""
    response = Element("Response")
    _say(response, sentence)
    SubElement(response, "Hangup")
    return _document(response)


def after_dial(*, bridged: bool, apology: Say) -> str:
    """A caller who has talked to somebody is done; one who has not is told so."""
    return hang_up() if bridged else say(apology)


def hang_up() -> str:
    response = Element("Response")
    SubElement(response, "Hangup")
    return _document(response)


def empty() -> str:
    """Nothing to do. To a text this is "no reply": any words would be sent back as one."""
    return _document(Element("Response"))


def _say(response: Element, sentence: Say) -> None:
    verb = SubElement(response, "Say", language=sentence.language)
    verb.text = _NOT_XML.sub("", sentence.text)[:_LONGEST_TEXT]


def _document(response: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode")
