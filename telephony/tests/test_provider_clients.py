"""What we ask of providers: the same questions to every client. Twilio's answers come over real HTTP."""

import io
import re
import wave
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from callcrm.lib.http import FetchError
from telephony.providers import PROVIDERS
from telephony.providers.base import Access, NewCall, Wanted
from telephony.providers.twilio import client as twilio_client
from tests import carrier as provider
from tests.carrier import wav

SINCE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ACCOUNTS = {"twilio": "AC" + "1" * 32, "practice": "PR" + "1" * 32}
SECRET = "0123456789abcdef0123456789abcdef"
CALL = "CA" + "c" * 32
WANTED = Wanted("RE" + "a" * 32, channels=2, seconds=4)
NEW = NewCall(
    to="+15035550181",
    from_="+15035550100",
    answer_url="https://calls.example.com/webhooks/practice/bridge/?call=1",
    status_url="https://calls.example.com/webhooks/practice/voice-status/?call=1",
)
each = pytest.mark.parametrize("name", PROVIDERS)


@pytest.fixture(autouse=True)
def willing(carrier):
    carrier.will(
        provider.by_path(
            dual=provider.audio(wav(4, channels=2)),
            mono=provider.audio(wav(4)),
            delete=provider.status(204),
        )
    )


def access(name, carrier):
    return Access(ACCOUNTS[name], SECRET, carrier.base)


def sound(name, carrier, wanted=WANTED, max_bytes=10**6):
    client = PROVIDERS[name].client
    with client.open_recording(access(name, carrier), wanted, max_bytes=max_bytes, seconds=5) as opened:
        return b"".join(opened.blocks())


@each
@pytest.mark.parametrize("channels", [1, 2])
def test_a_recording_plays_as_long_as_was_told_in_as_many_channels(name, carrier, channels):
    content = sound(name, carrier, Wanted(WANTED.provider_id, channels, 4))
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnframes() / file.getframerate(), file.getnchannels()) == (4, channels)


@each
def test_the_same_recording_sounds_the_same(name, carrier):
    assert sound(name, carrier) == sound(name, carrier)


@each
def test_more_than_was_allowed_is_refused(name, carrier):
    with pytest.raises(FetchError, match="too_large"):
        sound(name, carrier, max_bytes=1000)


@each
def test_a_copy_is_deleted_and_may_be_gone_already(name, carrier):
    PROVIDERS[name].client.delete_recording(access(name, carrier), WANTED.provider_id)
    carrier.will(provider.status(404))
    PROVIDERS[name].client.delete_recording(access(name, carrier), WANTED.provider_id)


@each
def test_a_recording_that_goes_on_is_paused_and_resumed(name, carrier):
    carrier.will(provider.status(200))
    client = PROVIDERS[name].client
    client.pause_recording(access(name, carrier), CALL, WANTED.provider_id)
    client.resume_recording(access(name, carrier), CALL, WANTED.provider_id)


@each
def test_a_call_is_started_and_has_an_id(name, carrier):
    carrier.will(provider.told({"sid": CALL}, 201))
    started = PROVIDERS[name].client.start_call(access(name, carrier), NEW)
    assert re.fullmatch("CA[0-9a-f]{32}", started)


@each
def test_a_call_is_ended_and_may_be_over_already(name, carrier):
    client = PROVIDERS[name].client
    for answer in (
        provider.told({"sid": CALL, "status": "canceled"}),
        provider.told({"code": 21220}, 400),
        provider.told({"code": 20404}, 404),
        provider.status(404),
    ):
        carrier.will(answer)
        client.end_call(access(name, carrier), CALL)


@each
def test_what_a_client_is_given_does_not_print_the_secret(name, carrier):
    assert SECRET not in repr(access(name, carrier))


def test_no_two_practice_recordings_sound_alike(carrier):
    assert sound("practice", carrier) != sound("practice", carrier, Wanted("RE" + "b" * 32, 2, 4))


# --- Twilio


def test_twilio_is_asked_for_two_channels_unless_it_has_told_of_one(carrier):
    sound("twilio", carrier)
    sound("twilio", carrier, Wanted(WANTED.provider_id, None, 4))
    sound("twilio", carrier, Wanted(WANTED.provider_id, 1, 4))
    assert ["RequestedChannels=2" in asked.path for asked in carrier.asked] == [True, True, False]


@pytest.mark.parametrize("code", [401, 404, 429, 500])
def test_any_other_answer_is_no_reason_to_ask_for_less(carrier, code):
    carrier.will(provider.status(code))
    with pytest.raises(FetchError, match=f"status_{code}"):
        sound("twilio", carrier)
    assert len(carrier.asked) == 1


def test_a_deletion_that_is_refused_is_told(carrier):
    carrier.will(provider.status(401))
    with pytest.raises(FetchError, match="status_401"):
        twilio_client.delete_recording(access("twilio", carrier), WANTED.provider_id)


@pytest.mark.parametrize(
    ("account", "recording"),
    [
        (ACCOUNTS["twilio"], "RE1"),
        (ACCOUNTS["twilio"], "RE" + "a" * 32 + "/../x"),
        ("AC1/..", WANTED.provider_id),
    ],
)
def test_nothing_else_than_an_id_becomes_part_of_an_address(carrier, account, recording):
    strange = Access(account, SECRET, carrier.base)
    with pytest.raises(FetchError, match="refused_host"):
        twilio_client.delete_recording(strange, recording)
    assert carrier.asked == []


def test_twilio_is_told_of_the_recording_of_its_call_once_with_the_accounts_credentials(carrier):
    carrier.will(provider.body(b"{}", "application/json"))
    twilio_client.pause_recording(access("twilio", carrier), CALL, WANTED.provider_id)
    twilio_client.resume_recording(access("twilio", carrier), CALL, WANTED.provider_id)
    path = f"/2010-04-01/Accounts/{ACCOUNTS['twilio']}/Calls/{CALL}/Recordings/{WANTED.provider_id}.json"
    assert [(asked.method, asked.path) for asked in carrier.asked] == [("POST", path)] * 2
    bodies = [asked.body.decode() for asked in carrier.asked]
    assert bodies == ["Status=paused&PauseBehavior=silence", "Status=in-progress"]
    assert carrier.asked[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert carrier.asked[0].headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("code", [302, 400, 401, 404, 429, 500])
def test_a_pause_that_is_refused_is_told_and_follows_nobody(carrier, code):
    carrier.will(provider.status(code, Location=f"{carrier.base}/elsewhere"))
    with pytest.raises(FetchError, match=f"status_{code}"):
        twilio_client.pause_recording(access("twilio", carrier), CALL, WANTED.provider_id)
    assert len(carrier.asked) == 1


def test_twilio_cancels_what_rings_and_completes_what_was_picked_up_meanwhile(carrier):
    carrier.will(provider.told({"status": "canceled"}))
    twilio_client.end_call(access("twilio", carrier), CALL)
    for talking in (provider.told({"status": "in-progress"}), provider.told({"code": 21220}, 400)):
        carrier.will(talking, provider.told({"status": "completed"}))
        twilio_client.end_call(access("twilio", carrier), CALL)
    path = f"/2010-04-01/Accounts/{ACCOUNTS['twilio']}/Calls/{CALL}.json"
    assert {(asked.method, asked.path) for asked in carrier.asked} == {("POST", path)}
    both = ["Status=canceled", "Status=completed"]
    assert [asked.body.decode() for asked in carrier.asked] == ["Status=canceled", *both, *both]


@pytest.mark.parametrize("code", [401, 429, 500])
def test_an_end_that_twilio_refuses_is_told(carrier, code):
    carrier.will(provider.status(code))
    with pytest.raises(FetchError, match=f"status_{code}"):
        twilio_client.end_call(access("twilio", carrier), CALL)
    assert len(carrier.asked) == 1


@pytest.mark.parametrize("call", ["CA1", CALL + "/../x", "RE" + "a" * 32, ""])
def test_a_call_is_paused_by_its_id_alone(carrier, call):
    with pytest.raises(FetchError, match="refused_host"):
        twilio_client.pause_recording(access("twilio", carrier), call, WANTED.provider_id)
    with pytest.raises(FetchError, match="refused_host"):
        twilio_client.end_call(access("twilio", carrier), call)
    assert carrier.asked == []


def test_the_calls_that_twilio_is_asked_for_are_those_begun_since_the_oldest_first(carrier):
    ids = ["CA" + digit * 32 for digit in "1234"]
    begun = [SINCE + timedelta(seconds=n) for n in (9, 3, -20, -45)]  # its clock may be behind ours
    rows = [{"sid": i, "date_created": format_datetime(at)} for i, at in zip(ids, begun, strict=True)]
    carrier.will(provider.told({"calls": [*rows, {"sid": CALL, "date_created": "soon"}]}))
    found = twilio_client.find_calls(access("twilio", carrier), NEW, SINCE)
    assert found == ids[2::-1]
    assert parse_qs(urlsplit(carrier.asked[0].path).query)["To"] == [NEW.to]


@pytest.mark.parametrize("said", [b"[]", b"{", b'{"sid": "CA1"}', b'{"sid": 7}'])
def test_an_answer_without_an_id_is_no_refusal(carrier, said):
    carrier.will(provider.body(said, "application/json"))
    with pytest.raises(FetchError, match="wrong_type"):
        twilio_client.start_call(access("twilio", carrier), NEW)


def test_a_refusal_bears_twilios_number_and_nothing_that_was_said(carrier):
    carrier.will(provider.told({"code": 21211, "message": "The number +15035550181 is not valid"}, 400))
    with pytest.raises(FetchError, match="error_21211") as refused:
        twilio_client.start_call(access("twilio", carrier), NEW)
    assert "5550181" not in f"{refused.value!r} {refused.value.said!r}"
