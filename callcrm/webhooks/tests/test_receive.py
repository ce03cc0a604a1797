"""What arrives at the webhooks' door: nonsense is turned away, what is signed is never lost."""

import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from accounts import keys
from accounts.models import BusinessKey
from audit.models import Entry
from callcrm.testing import ACCOUNT_ID, NUMBER, SECRET, World, ring, sid, signed_post
from callcrm.webhooks.models import Receipt
from callcrm.webhooks.receive import replay
from telephony import ingest, numbers
from telephony.models import Call, ProviderAccount
from telephony.providers import signing
from telephony.providers.twilio.webhook import SCHEME

CALLER = "+12065550111"
FORM = signing.FORM
pytestmark = pytest.mark.django_db


def call_params(**more: str) -> dict[str, str]:
    return {"CallSid": sid("CA"), "From": CALLER, "To": NUMBER, "CallStatus": "ringing", **more}


def post_raw(
    client: Client, body: bytes, *, route: str = "voice", secret: str = SECRET, **options: Any
) -> Any:
    """Post these bytes, signed as they are."""
    path = f"/webhooks/twilio/{route}/"
    signature = signing.sign(SCHEME, url=settings.PUBLIC_BASE_URL + path, body=body, secret=secret)
    headers = {"X-Twilio-Signature": signature} | options.pop("headers", {})
    return client.post(path, body, content_type=options.pop("content_type", FORM), headers=headers)


def _broken(*args: Any) -> None:
    raise RuntimeError("a fault of ours")


def nothing_happened(world: World) -> bool:
    with world.inside():
        return not (Receipt.objects.exists() or Call.objects.exists())


def test_a_signed_call_is_answered_with_the_notice_and_the_telephones(world: World, client: Client) -> None:
    answer = signed_post(client, "voice", call_params())
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (200, "text/xml")
    text = answer.content.decode()
    assert text.index("This call may be recorded.") < text.index("<Dial") < text.index("+15035550190")
    assert 'record="record-from-answer-dual"' in text


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Twilio-Signature": ""}, {"X-Twilio-Signature": "AAAA"}, {"X-Twilio-Signature": "é" * 28}],
)
def test_a_wrong_or_missing_signature_is_403_with_nothing_in_it(
    world: World, client: Client, headers: dict[str, str]
) -> None:
    body = urlencode({"AccountSid": ACCOUNT_ID, **call_params()})
    answer = client.post("/webhooks/twilio/voice/", body, content_type=FORM, headers=headers)
    assert (answer.status_code, answer.content) == (403, b"")
    assert nothing_happened(world)


def test_an_unknown_account_is_403_like_a_wrong_signature(world: World, client: Client) -> None:
    answer = signed_post(client, "voice", call_params(), account_id="AC" + "9" * 32)
    assert (answer.status_code, answer.content) == (403, b"")
    assert nothing_happened(world)


def test_one_changed_byte_is_403(world: World, client: Client) -> None:
    body = urlencode({"AccountSid": ACCOUNT_ID, **call_params()}).encode()
    url = settings.PUBLIC_BASE_URL + "/webhooks/twilio/voice/"
    signature = signing.sign(SCHEME, url=url, body=body, secret=SECRET)
    changed = body.replace(b"ringing", b"singing")
    headers = {"X-Twilio-Signature": signature}
    answer = client.post("/webhooks/twilio/voice/", changed, content_type=FORM, headers=headers)
    assert answer.status_code == 403
    assert nothing_happened(world)


def test_the_host_header_decides_nothing(world: World, client: Client) -> None:
    params = call_params()
    assert signed_post(client, "voice", params).status_code == 200
    body = urlencode({"AccountSid": ACCOUNT_ID, **call_params()}).encode()
    forged = signing.sign(SCHEME, url="http://localhost/webhooks/twilio/voice/", body=body, secret=SECRET)
    answer = client.post(
        "/webhooks/twilio/voice/",
        body,
        content_type=FORM,
        headers={"X-Twilio-Signature": forged, "Host": "localhost"},
    )
    assert answer.status_code == 403


def test_routes_work_without_the_last_slash(world: World, client: Client) -> None:
    body = urlencode({"AccountSid": ACCOUNT_ID, **call_params()}).encode()
    url = settings.PUBLIC_BASE_URL + "/webhooks/twilio/voice"
    headers = {"X-Twilio-Signature": signing.sign(SCHEME, url=url, body=body, secret=SECRET)}
    assert client.post("/webhooks/twilio/voice", body, content_type=FORM, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["/webhooks/twilio/nothing/", "/webhooks/nobody/voice/", "/webhooks/twilio/"]
)
def test_an_unknown_route_is_404_before_anything_else(world: World, client: Client, path: str) -> None:
    assert client.post(path, b"x" * 300_000, content_type=FORM).status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "options", "head"])
def test_another_method_is_405(world: World, client: Client, method: str) -> None:
    assert getattr(client, method)("/webhooks/twilio/voice/").status_code == 405


def test_a_large_body_is_413_even_when_it_is_signed(world: World, client: Client) -> None:
    body = urlencode({"AccountSid": ACCOUNT_ID, **call_params(Padding="x" * 300_000)}).encode()
    assert post_raw(client, body).status_code == 413
    assert nothing_happened(world)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"CallStatus": "dancing"}, "absurd_parameter: CallStatus"),
        ({"CallSid": "CA1"}, "absurd_parameter: CallSid"),
        ({"CallSid": ""}, "missing_parameter: CallSid"),
        ({"CallDuration": "9" * 5000}, "absurd_parameter: CallDuration"),
        ({"CallDuration": "-5"}, "absurd_parameter: CallDuration"),
        ({"Timestamp": "Fri, 31 Dec 9999 23:59:59 +0000"}, "absurd_parameter: Timestamp"),
    ],
)
def test_signed_but_unusable_is_kept_with_its_error_and_the_caller_hears_a_sentence(
    world: World, client: Client, changes: dict[str, str], error: str
) -> None:
    answer = signed_post(client, "voice", call_params() | changes)
    assert (answer.status_code, b"<Say" in answer.content) == (200, True)
    receipt = Receipt.objects.get()
    assert (receipt.state, receipt.error) == ("failed", error)
    with world.inside():
        assert not Call.objects.exists()


def test_an_unusable_status_is_204_and_kept(world: World, client: Client) -> None:
    answer = signed_post(client, "voice-status", {"CallSid": sid("CA")})
    assert (answer.status_code, answer.content) == (204, b"")
    assert Receipt.objects.get().state == "failed"


@pytest.mark.parametrize("garbage", [b"\xff\xfe", b"%00", b"Body=%ED%A0%80", "Body=\U0001f3e0".encode()])
def test_odd_bytes_are_signed_kept_and_never_a_500(world: World, client: Client, garbage: bytes) -> None:
    body = urlencode({"AccountSid": ACCOUNT_ID, **call_params()}).encode() + b"&X=" + garbage
    assert post_raw(client, body).status_code == 200
    assert Receipt.objects.get().delivery().body == body


def test_nul_bytes_in_a_text_reach_no_column(world: World, client: Client) -> None:
    params = {"MessageSid": sid("SM"), "From": CALLER, "To": NUMBER, "Body": "a\0b", "NumMedia": "0"}
    assert signed_post(client, "sms", params).status_code == 200
    assert Receipt.objects.get().state == "applied"


def test_ten_thousand_fields_are_read_or_refused_and_never_a_500(world: World, client: Client) -> None:
    body = urlencode(
        {"AccountSid": ACCOUNT_ID, **call_params(), **{f"F{n}": "1" for n in range(10_000)}}
    ).encode()
    assert post_raw(client, body).status_code == 200


def test_a_call_that_comes_as_json_is_a_call(world: World, client: Client) -> None:
    body = json.dumps({"AccountSid": ACCOUNT_ID, **call_params()}).encode()
    target = f"/webhooks/twilio/voice/?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = signing.sign(SCHEME, url=settings.PUBLIC_BASE_URL + target, body=b"", secret=SECRET)
    headers = {"X-Twilio-Signature": signature}
    answer = client.post(target, body, content_type="application/json", headers=headers)
    assert (answer.status_code, b"<Dial" in answer.content) == (200, True)
    forged = body.replace(b"ringing", b"singing")
    assert client.post(target, forged, content_type="application/json", headers=headers).status_code == 403


def test_a_failed_delivery_that_comes_again_is_applied(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = call_params()
    with monkeypatch.context() as patched:
        patched.setattr(ingest, "apply", _broken)
        signed_post(client, "voice-fallback", params)
    assert Receipt.objects.get().state == "failed"
    assert b"<Dial" in signed_post(client, "voice-fallback", params).content
    assert (Receipt.objects.get().state, Receipt.objects.get().attempts) == ("applied", 2)


def test_the_previous_secret_is_good_until_it_is_forgotten(world: World, client: Client) -> None:
    with world.inside():
        numbers.connect(world.acme, "twilio", ACCOUNT_ID, "f" * 32)
    assert signed_post(client, "voice", call_params()).status_code == 200
    assert signed_post(client, "voice", call_params(), secret="f" * 32).status_code == 200
    with world.inside():
        numbers.forget_previous(ProviderAccount.objects.get(), by=None)
    assert signed_post(client, "voice", call_params()).status_code == 403


def test_who_registers_anothers_account_id_gets_nothing_of_his_calls(world: World, client: Client) -> None:
    with world.inside(world.rival):
        numbers.connect(world.rival, "twilio", ACCOUNT_ID, "e" * 32)
    ring(client, CALLER)
    with world.inside(world.rival):
        assert not Call.objects.exists()
    forged = signed_post(client, "voice", call_params(), secret="e" * 32)
    assert b"not in service" in forged.content  # signed by the rival's secret: it is the rival's delivery
    with world.inside():
        assert Call.objects.count() == 1


def test_one_account_of_two_businesses_is_told_apart_by_the_number(world: World, client: Client) -> None:
    with world.inside(world.rival):
        numbers.connect(world.rival, "twilio", ACCOUNT_ID, SECRET)
    ring(client, CALLER)
    with world.inside():
        assert Call.objects.count() == 1


def test_what_could_not_be_applied_stays_and_is_applied_by_a_replay(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(ingest, "apply", _broken)
        answer = signed_post(client, "voice-fallback", call_params())
    assert (answer.status_code, b"<Say" in answer.content) == (200, True)
    receipt = Receipt.objects.get()
    assert (receipt.state, receipt.error) == ("failed", "RuntimeError")
    assert replay(receipt)
    with world.inside():
        assert Call.objects.count() == 1
    assert Receipt.objects.get().attempts == 2


def test_a_receipt_is_sealed_and_holds_what_was_delivered(world: World, client: Client) -> None:
    body = urlencode({"AccountSid": ACCOUNT_ID, **call_params(Padding="y" * 200_000)}).encode()
    post_raw(client, body)
    receipt = Receipt.objects.get()
    assert CALLER.encode() not in b"".join(bytes(piece) for piece in receipt.sealed)
    assert receipt.delivery().body == body


def test_a_rejected_delivery_leaves_no_row_and_no_entry(world: World, client: Client) -> None:
    before = Entry.objects.count()
    signed_post(client, "voice", call_params(), secret="wrong-secret-wrong")
    assert Entry.objects.count() == before


def test_an_account_whose_key_is_gone_is_503_and_not_a_500(world: World, client: Client) -> None:
    BusinessKey.objects.filter(business=world.acme).update(master_version="00000000")
    keys.forget()
    answer = signed_post(client, "voice", call_params())
    keys.forget()
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
