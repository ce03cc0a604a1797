"""Folders are alike: the same questions to every provider, the same answers."""

import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest

from telephony.providers import PROVIDERS, signing
from telephony.providers.base import (
    CallUpdate,
    Destination,
    Dial,
    Gather,
    HangUp,
    LegUpdate,
    MessageUpdate,
    Reason,
    Record,
    RecordingUpdate,
    Reject,
    Reply,
    Say,
    Unusable,
    Verdict,
)

FORM = "application/x-www-form-urlencoded"
NOW = datetime(2026, 11, 2, tzinfo=UTC)
SECRET = "4f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e"
FOLDER = Path(__file__).parent.parent / "providers"
CALLER, OURS, STAFF = "+12125550142", "+14155550100", "+16465550123"

# What each fixture must say, whoever the provider is.
MEANINGS: dict[str, list[tuple[type, dict[str, Any]]]] = {
    "voice_ringing": [
        (CallUpdate, {"state": "ringing", "from_e164": CALLER, "to_e164": OURS, "withheld": False})
    ],
    "voice_withheld": [(CallUpdate, {"state": "ringing", "from_e164": None, "withheld": True})],
    "voice-status_completed": [(CallUpdate, {"state": "completed", "duration": 47})],
    "number-status_initiated": [(LegUpdate, {"state": "queued", "to": STAFF, "bridged": None})],
    "number-status_in-progress": [(LegUpdate, {"state": "in-progress", "duration": None})],
    "number-status_completed": [(LegUpdate, {"state": "completed", "duration": 42})],
    "dial-action_bridged": [
        (CallUpdate, {"state": "in-progress"}),
        (LegUpdate, {"state": "completed", "bridged": True, "duration": 42}),
        (RecordingUpdate, {"state": "in-progress", "kind": "call"}),
    ],
    "dial-action_no-answer": [
        (CallUpdate, {"state": "in-progress"}),
        (LegUpdate, {"state": "no-answer", "bridged": False}),
    ],
    "recording-status_completed": [
        (RecordingUpdate, {"state": "completed", "kind": "call", "duration": 42, "channels": 2})
    ],
    "recording-status_absent": [(RecordingUpdate, {"state": "absent", "duration": None})],
    "sms_text": [
        (
            MessageUpdate,
            {"state": "received", "from_": CALLER, "to": OURS, "body": "Hi, are you open on Saturday? 🌵"},
        )
    ],
    "sms_picture": [(MessageUpdate, {"body": "", "num_media": 1, "direction": "inbound"})],
    "sms-status_delivered": [(MessageUpdate, {"state": "delivered", "direction": "outbound"})],
    "sms-status_undelivered": [(MessageUpdate, {"state": "undelivered", "error_code": "30003"})],
}

pytestmark = pytest.mark.parametrize("name", PROVIDERS)


def fixtures(name):
    return {
        path.stem: path.read_bytes().strip() for path in sorted((FOLDER / name / "fixtures").glob("*.txt"))
    }


def parsed(name, body, fixture):
    return PROVIDERS[name].webhook.parse(fixture.partition("_")[0], body, FORM, NOW)


def signature_of(name, url, body, secret=SECRET):
    scheme = importlib.import_module(f"telephony.providers.{name}.webhook").SCHEME
    headers = {scheme.header.title(): signing.sign(scheme, url=url, body=body, secret=secret)}
    return headers | {"Content-Type": FORM}


def test_it_is_a_folder_like_the_others(name):
    assert PROVIDERS[name].name == name
    assert {path.name for path in (FOLDER / name).iterdir()} >= {"webhook.py", "answers.py", "fixtures"}
    assert set(fixtures(name)) == set(MEANINGS)


@pytest.mark.parametrize("fixture", MEANINGS)
def test_what_it_posts_means_what_the_others_mean(name, fixture):
    updates = parsed(name, fixtures(name)[fixture], fixture)
    assert [type(update) for update in updates] == [kind for kind, _ in MEANINGS[fixture]]
    for update, (_, expected) in zip(updates, MEANINGS[fixture], strict=True):
        assert {field: getattr(update, field) for field in expected} == expected


@pytest.mark.parametrize("fixture", MEANINGS)
def test_every_delivery_leads_to_its_account_and_its_business(name, fixture):
    webhook, route = PROVIDERS[name].webhook, fixture.partition("_")[0]
    params = webhook.read(fixtures(name)[fixture], FORM)
    [account] = {update.account_id for update in parsed(name, fixtures(name)[fixture], fixture)}
    assert webhook.account_id(params) == account
    assert webhook.our_number(route, params) == OURS or webhook.call_id(route, params)


@pytest.mark.parametrize("fixture", MEANINGS)
def test_no_key_of_a_delivery_holds_a_persons_number(name, fixture):
    webhook, route = PROVIDERS[name].webhook, fixture.partition("_")[0]
    key = webhook.dedupe_key(route, webhook.read(fixtures(name)[fixture], FORM))
    assert key.startswith(f"{route}:{webhook.account_id(webhook.read(fixtures(name)[fixture], FORM))}:")
    assert not any(number.lstrip("+") in key for number in (CALLER, OURS, STAFF))


@pytest.mark.parametrize("fixture", MEANINGS)
def test_what_it_shows_of_a_delivery_names_every_field_and_nobody(name, fixture):
    params = PROVIDERS[name].webhook.read(fixtures(name)[fixture], FORM)
    shown = PROVIDERS[name].webhook.shown(params)
    assert [field for field, _ in shown] == list(params)
    told = " ".join(value for _, value in shown if value)
    private = ("From", "To", "Caller", "Called", "Body", "CallSid", "AccountSid", "RecordingUrl", "FromCity")
    assert not any(params[field][0] in told for field in private if params.get(field, ("",))[0])
    assert told or fixture.startswith("sms")


def test_no_two_fixtures_are_taken_for_one_delivery(name):
    webhook = PROVIDERS[name].webhook
    keys = {
        webhook.dedupe_key(fixture.partition("_")[0], webhook.read(body, FORM))
        for fixture, body in fixtures(name).items()
        if fixture != "voice_withheld"  # the same call once more, by another caller
    }
    assert len(keys) == len(MEANINGS) - 1


@pytest.mark.parametrize("fixture", MEANINGS)
def test_its_signature_opens_and_any_changed_byte_closes(name, fixture):
    body = fixtures(name)[fixture]
    url = f"https://calls.example.com/webhooks/{name}/{fixture.partition('_')[0]}/"
    headers = signature_of(name, url, body)
    verify = PROVIDERS[name].webhook.verify
    good = {"url": url, "method": "POST", "headers": headers, "body": body, "secrets": ["older", SECRET]}
    assert verify(**good) == Verdict(True, Reason.OK)
    for change in (
        {"body": body + b"&x=1"},
        {"body": body.replace(b"AccountSid=", b"AccountSid=0")},
        {"url": url.replace(name, "other")},
        {"url": url + "?x=1"},
        {"secrets": ["older"]},
        {"headers": headers | {"Content-Type": "application/json"}},
        {"method": "GET"},
    ):
        assert not verify(**(good | change)).ok


def test_no_other_providers_signature_opens(name):
    url, body = "https://calls.example.com/", b"a=1"
    for other in set(PROVIDERS) - {name}:
        verdict = PROVIDERS[name].webhook.verify(
            url=url, method="POST", headers=signature_of(other, url, body), body=body, secrets=[SECRET]
        )
        assert verdict.reason == Reason.NO_SIGNATURE


def test_no_other_providers_account_is_its_own(name):
    for other in set(PROVIDERS) - {name}:
        body = fixtures(other)["voice_ringing"]
        assert PROVIDERS[name].webhook.account_id(PROVIDERS[other].webhook.read(body, FORM)) is None
        with pytest.raises(Unusable):
            parsed(name, body, "voice_ringing")


def test_every_route_says_what_it_answers(name):
    replies: dict[Reply, set[str]] = {reply: set() for reply in Reply}
    for route, reply in PROVIDERS[name].routes.items():
        replies[reply].add(route)
    waiting = {
        "voice",
        "voice-fallback",
        "gather",
        "dial-action",
        "whisper",
        "whisper-accept",
        "record-action",
        "bridge",
    }
    assert replies[Reply.DOCUMENT] == waiting
    assert replies[Reply.EMPTY_DOCUMENT] == {"sms", "sms-fallback"}
    told = {"voice-status", "number-status", "recording-status", "transcription", "sms-status"}
    assert replies[Reply.NO_CONTENT] == told


def test_every_route_can_be_read(name):
    for route in PROVIDERS[name].routes:
        with pytest.raises(Unusable) as refusal:
            PROVIDERS[name].webhook.parse(route, b"", FORM, NOW)
        assert (refusal.value.code, refusal.value.parameter) == ("missing_parameter", "AccountSid")


def test_its_documents_are_well_formed(name):
    answers, say = PROVIDERS[name].answers, Say("<&>\0 ü")
    url = "https://calls.example.com/a/?x=1&y=2"
    dial = Dial(
        destinations=(Destination(STAFF, url, url),),
        seconds=20,
        record=True,
        action_url=url,
        recording_status_url=url,
    )
    message = Record(seconds=60, action_url=url, recording_status_url=url, transcription_url=url)
    for actions in ([], [say, HangUp()], [say, dial], [Gather((say,), 5, url)], [say, message], [Reject()]):
        document = answers.document(actions)
        assert ElementTree.fromstring(document.encode()).tag == "Response"  # noqa: S314  we wrote it
    assert PROVIDERS[name].content_type.startswith("text/xml")


def test_no_fixture_holds_a_real_persons_number(name):
    for body in fixtures(name).values():
        for field, value in parse_qsl(body.decode(), keep_blank_values=True):
            if field in ("From", "To", "Caller", "Called") and value.startswith("+"):
                assert value[-7:-2] == "55501", field
