"""A signature is accepted when Twilio's own library accepts it, and nothing makes the check fall over."""

import hashlib
import json
import subprocess
import sys
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from telephony.providers import signing
from telephony.providers.base import Reason, Verdict
from telephony.providers.twilio import webhook

TOKEN = "4f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
URL = "https://calls.example.com/webhooks/twilio/voice/"


class Repeatable(dict[str, list[str]]):
    """What a framework gives Twilio's library: a form that keeps every value of a name."""

    def __init__(self, body):
        super().__init__()
        for name, value in parse_qsl(body, keep_blank_values=True):
            self.setdefault(name, []).append(value)

    def getlist(self, name):
        return self[name]


def oracle(url, body, signature, *, raw=False):
    return RequestValidator(TOKEN).validate(url, body if raw else Repeatable(body), signature)


def verify(url, body, signature, *, content_type=FORM, method="POST", secrets=(TOKEN,)):
    headers = {"X-Twilio-Signature": signature, "Content-Type": content_type}
    return webhook.verify(
        url=url, method=method, headers=headers, body=body.encode("utf-8", "surrogateescape"), secrets=secrets
    )


def signed(url, body, token=TOKEN):
    return RequestValidator(token).compute_signature(url, Repeatable(body))


BODIES = {
    "a call": urlencode({"CallSid": "CA1", "From": "+12125550142", "To": "+14155550100"}),
    "blanks": "FromCity=&FromZip=&Body",
    "one name, two values": "MediaUrl=b&MediaUrl=a&From=x",
    "one pair twice": "a=1&a=1&b=2",
    "emoji and accents": urlencode({"Body": "Grüße 🌵", "Ünï": "ß"}),
    "NUL": "Body=a%00b",
    "plus, space and percent": "A=1%2B2+3%203&B=100%25&C=%2b",
    "nothing": "",
}
ADDRESSES = {
    "plain": URL,
    "with a query": URL + "?b=2&a=1%2F2&c",
    "with its default port": "https://calls.example.com:443/webhooks/twilio/voice/",
    "with a port of its own": "http://calls.example.com:8443/webhooks/twilio/voice/?x=1",
}
SIGNERS = {
    "as called": lambda url, body: signed(url, body),
    "without the port": lambda url, body: signed(url.replace(":8443", "").replace(":443", ""), body),
    "with the default port": lambda url, body: signed(url.replace(".com/", ".com:443/"), body),
    "with another port": lambda url, body: signed(url.replace(".com/", ".com:8443/"), body),
    "another token": lambda url, body: signed(url, body, "0" * 32),
    "another body": lambda url, body: signed(url, body + "&forged=1"),
    "another path": lambda url, body: signed(url.replace("/voice", "/sms"), body),
    "upper case": lambda url, body: signed(url, body).upper(),
}


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("body", BODIES)
def test_forms_are_judged_as_twilios_library_judges_them(body, address, signer):
    url, form = ADDRESSES[address], BODIES[body]
    signature = SIGNERS[signer](url, form)
    assert verify(url, form, signature).ok == oracle(url, form, signature)


def test_the_comparison_above_has_both_outcomes():
    outcomes = [
        oracle(url, form, signer(url, form))
        for url in ADDRESSES.values()
        for form in BODIES.values()
        for signer in SIGNERS.values()
    ]
    assert 64 < sum(outcomes) < len(outcomes) - 64


def hashed(body, digest=None):
    return URL + "?bodySHA256=" + (digest or hashlib.sha256(body.encode()).hexdigest())


JSON_BODY = json.dumps({"text": "Grüße", "nested": {"a": [1, 2]}})
JSON_ADDRESSES = {
    "the hash of this body": hashed(JSON_BODY),
    "after other parameters": hashed(JSON_BODY).replace("?", "?x=1&"),
    "the hash of another body": hashed(JSON_BODY + " "),
    "the hash in upper case": hashed(JSON_BODY, hashlib.sha256(JSON_BODY.encode()).hexdigest().upper()),
    "half a hash": hashed(JSON_BODY, "00ff"),
}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", FORM, ""])
@pytest.mark.parametrize("address", JSON_ADDRESSES)
@pytest.mark.parametrize("token", [TOKEN, "0" * 32])
def test_hashed_bodies_are_judged_as_twilios_library_judges_them(address, content_type, token):
    url = JSON_ADDRESSES[address]
    signature = RequestValidator(token).compute_signature(url, {})
    expected = oracle(url, JSON_BODY, signature, raw=True)
    assert verify(url, JSON_BODY, signature, content_type=content_type).ok == expected


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data", ""])
@pytest.mark.parametrize("url", [URL, URL + "?bodySHA256=", URL + "?BodySHA256=" + "0" * 64])
def test_a_signature_over_the_address_alone_covers_no_other_body(url, content_type):
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    verdict = verify(url, '{"forged": true}', signature, content_type=content_type)
    assert verdict == Verdict(False, Reason.UNSUPPORTED_CONTENT_TYPE)


def test_two_hashes_of_which_one_is_wrong_are_refused():
    url = hashed(JSON_BODY) + "&bodySHA256=" + "0" * 64
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    assert not verify(url, JSON_BODY, signature, content_type="application/json").ok


@pytest.mark.parametrize("method", ["GET", "PUT", "post", "", None])
def test_only_posts_are_signed(method):
    assert verify(URL, "", signed(URL, ""), method=method).reason == Reason.METHOD


@pytest.mark.parametrize(
    "called",
    [
        URL + "#rc=2&ct=3000",
        URL + "?",
        URL.replace("https://", "https://user:secret@"),
        URL.replace("https://", "https://user:p@ss@"),
    ],
)
def test_what_providers_leave_out_of_the_address_is_left_out(called):
    assert verify(called, "a=1", signed(URL, "a=1")).ok


def test_an_empty_query_may_be_signed_too():
    url = URL + "?"
    assert verify(url, "", signing.sign(webhook.SCHEME, url=url, body=b"", secret=TOKEN)).ok


@pytest.mark.parametrize("host", ["[2001:db8::1]", "[2001:db8::1]:8443", "127.0.0.1:8000"])
def test_addresses_without_a_name_keep_their_brackets_and_ports(host):
    url = f"http://{host}/webhooks/twilio/voice/"
    assert verify(url, "a=1", signed(url, "a=1")).ok
    bare = url.replace(":8443", "").replace(":8000", "")
    assert verify(url, "a=1", signed(bare, "a=1")).ok


def test_bytes_that_are_not_utf8_are_checked_as_they_are():
    body = b"Body=%ff%FE&From=\xe9"
    signature = signing.sign(webhook.SCHEME, url=URL, body=body, secret=TOKEN)
    headers = {"x-twilio-signature": signature, "content-type": FORM}
    other = body.replace(b"%ff", b"%fd")
    assert webhook.verify(url=URL, method="POST", headers=headers, body=body, secrets=[TOKEN]).ok
    assert not webhook.verify(url=URL, method="POST", headers=headers, body=other, secrets=[TOKEN]).ok


def test_any_of_several_tokens_will_do():
    signature = signed(URL, "a=1")
    assert verify(URL, "a=1", signature, secrets=["old", TOKEN]).ok
    assert verify(URL, "a=1", signature, secrets=[TOKEN, "new"]).ok
    assert verify(URL, "a=1", signature, secrets=["old", "new"]).reason == Reason.MISMATCH


@pytest.mark.parametrize("secrets", [[], [""], ["  "], TOKEN, None, [None, 7], TOKEN.encode()])
def test_no_secret_is_no_entrance(secrets):
    """Least of all the empty one, or a string taken for a list of one-letter secrets."""
    for key in ("", " ", "4", TOKEN):
        verdict = verify(URL, "a=1", signed(URL, "a=1", key), secrets=secrets)
        assert verdict == Verdict(False, Reason.NO_SECRET)


@pytest.mark.parametrize("name", ["X-Twilio-Signature", "x-twilio-signature", "X-TWILIO-SIGNATURE"])
def test_header_names_compare_without_case(name):
    headers = {name: signed(URL, "a=1"), "CONTENT-type": FORM}
    assert webhook.verify(url=URL, method="POST", headers=headers, body=b"a=1", secrets=[TOKEN]).ok


def test_two_signatures_are_refused_even_when_both_are_right():
    signature = signed(URL, "a=1")
    assert verify(URL, "a=1", f"{signature},{signature}").reason == Reason.MALFORMED
    headers = {"X-Twilio-Signature": signature, "x-twilio-signature": signature, "Content-Type": FORM}
    verdict = webhook.verify(url=URL, method="POST", headers=headers, body=b"a=1", secrets=[TOKEN])
    assert verdict.reason == Reason.MALFORMED


@pytest.mark.parametrize("signature", ["x", "=" * 28, "A" * 29, "é" * 28, "A" * 27 + "\n", " " + "A" * 27])
def test_what_has_not_the_shape_of_a_signature_is_malformed(signature):
    assert verify(URL, "a=1", signature).reason == Reason.MALFORMED


@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": ""}, None, [], {b"X-Twilio-Signature": b"a"}])
def test_no_signature(headers):
    verdict = webhook.verify(url=URL, method="POST", headers=headers, body=b"", secrets=[TOKEN])
    assert verdict.reason == Reason.NO_SIGNATURE


@pytest.mark.parametrize(
    "url", ["", "voice/", "ftp://h/", "https://", "https:///x", "https://a:b/", "https://[/", None, 7]
)
def test_an_address_that_is_none_is_malformed(url):
    assert verify(url, "a=1", signed(URL, "a=1")).reason == Reason.MALFORMED


def test_an_address_with_half_a_character_matches_nothing():
    assert verify(URL + "\ud800", "a=1", signed(URL, "a=1")).reason == Reason.MISMATCH


@pytest.mark.parametrize("body", [None, "a=1", bytearray(b"a=1"), 7])
def test_a_body_that_is_no_bytes_is_malformed(body):
    headers = {"X-Twilio-Signature": signed(URL, "a=1"), "Content-Type": FORM}
    verdict = webhook.verify(url=URL, method="POST", headers=headers, body=body, secrets=[TOKEN])
    assert verdict.reason == Reason.MALFORMED


@pytest.mark.parametrize(
    "extra", [{None: FORM}, {7: "x"}, {b"Content-Type": FORM}, {"x-twilio-signature": 7}]
)
def test_odd_headers_beside_the_right_ones_change_nothing(extra):
    headers = {"X-Twilio-Signature": signed(URL, "a=1"), "Content-Type": FORM} | extra
    assert webhook.verify(url=URL, method="POST", headers=headers, body=b"a=1", secrets=[TOKEN]).ok


def test_an_odd_secret_beside_the_right_one_changes_nothing():
    assert verify(URL, "a=1", signed(URL, "a=1"), secrets=[None, 7, b"x", "\ud800", TOKEN]).ok


anything = st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.lists(st.text()))
header_names = st.one_of(anything, st.sampled_from(["X-Twilio-Signature", "Content-Type"])).filter(
    lambda key: not isinstance(key, list)
)
header_values = st.one_of(anything, st.sampled_from([FORM, "application/json", signed(URL, "a=1")]))


RIGHT = {
    "url": URL,
    "method": "POST",
    "headers": {"X-Twilio-Signature": signed(URL, "a=1"), "Content-Type": FORM},
    "body": b"a=1",
    "secrets": [TOKEN],
}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "url": anything | st.builds(URL.__add__, st.text()),
            "method": anything,
            "headers": anything | st.dictionaries(header_names, header_values),
            "body": anything | st.binary(),
            "secrets": anything | st.lists(anything),
        },
    ),
    st.binary(min_size=1),
)
def test_garbage_is_refused_and_never_raised(garbage, body):
    """A verifier that raises would be a 500, and the provider would try again."""
    verdict = webhook.verify(**({**RIGHT, "body": body} | garbage))
    assert verdict.ok == (verdict.reason == Reason.OK)
    assert verdict.reason in set(Reason)
    assert not verdict.ok or list(signing.pairs(({"body": body} | garbage)["body"])) == [(b"a", b"1")]


@given(body=st.binary(), content_type=st.text(), url=st.text())
def test_garbage_with_a_wellformed_signature_is_refused(body, content_type, url):
    headers = {"X-Twilio-Signature": "A" * 27 + "=", "Content-Type": content_type}
    for address in (url, URL, URL + "?" + url):
        assert not webhook.verify(url=address, method="POST", headers=headers, body=body, secrets=[TOKEN]).ok


@given(st.lists(st.tuples(st.text(), st.text())))
def test_any_form_verifies_as_signed_by_twilios_library(form):
    body = urlencode(form)
    assert verify(URL, body, signed(URL, body)).ok


def test_the_seam_needs_no_django():
    """Other programs import it where Django is not installed."""
    code = "import sys; sys.modules['django'] = None; import telephony.providers.twilio.webhook"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
