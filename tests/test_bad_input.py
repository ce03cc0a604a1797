"""Whatever is sent, the answer is an answer: a page, a refusal, never a fault of ours."""

import base64
import json
import re
from urllib.parse import quote

import pytest
from django.test import Client

from callcrm.lib.ids import uuid7
from callcrm.testing import add_superuser, login
from telephony.listing.filters import NAMES
from tests.addresses import behind_doors, every_address
from tests.api import Api
from tests.everything import one_of_everything

# As they stand in a URL or in the body of a form.
GARBAGE = {
    "nothing": "",
    "a NUL": "%00",
    "no UTF-8": "%FF%FE",
    "half a character": "%ED%A0%80",
    "5,000 digits": "9" * 5000,
    "a text without end": "x" * 20_000,
    "digits of another script": quote("٣٤"),
    "a raised digit": quote("²"),
    "less than nothing": "-1",
    "a number that is none": "NaN",
    "infinity": "1e999",
    "a list": "[]",
    "SQL": quote("'; DROP TABLE leads_lead; --"),
    "a way up": "..%2F..%2Fetc%2Fpasswd",
    "a template": quote("{{ request }}{% debug %}"),
    "signs that turn text around": quote("\u202e\u2066\ufeff"),
    "a percent sign": "%25s%25",
    "a line": "a%0d%0aSet-Cookie:%20b=c",
    "an id of nobody": str(uuid7()),
    "a time that is none": quote("9999-99-99T99:99:99Z"),
    "the last moment": quote("9999-12-31T23:59:59-23:59"),
    "the first moment": quote("0001-01-01T00:00:00+23:59"),
}
FEW = (
    "a NUL",
    "half a character",
    "5,000 digits",
    "a raised digit",
    "a text without end",
    "infinity",
    "an id of nobody",
)
PARAMETERS = (
    *NAMES,
    "search",
    "cursor",
    "view",
    "lead",
    "on",
    "status",
    "assigned",
    "name",
    "actor",
    "subject",
    "fields",
    "next",
    "q",
    "label",
)
LISTS = {
    "calls/": (*NAMES, "search"),
    "leads/": ("status", "source", "assigned", "search"),
    "audit/": ("name", "actor", "subject"),
    "messages/": (),
    "callbacks/": ("view",),
    "exports/": (),
}
IDA = {"name": "Ida", "phones": "", "email": "", "notes": "", "source": "{source}", "value": "1", "tags": ""}
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "9-17") | {"version": ""}
FLOW = {
    "state": "1.1",
    "start": "voicemail",
    "step": "voicemail:voicemail",
    "voicemail-text": "After the tone.",
    "voicemail-seconds": "60",
}
# What a form sends when nothing is wrong with it.
FORMS = {
    "call-edits": {"disposition": "Quote sent", "tags": "leak", "note": "Called."},
    "callback-assignments": {"to": "me", "view": "mine"},
    "callback-closings": {"reason": "other", "words": "Moved away", "view": ""},
    "callback-reopenings": {"view": "closed"},
    "call-new": {
        "phone": "+15035550142",
        "name": "Ida",
        "direction": "inbound",
        "outcome": "missed",
        "tags": "leak",
        "started_at": "2026-11-20T09:00",
        "duration_seconds": "4:30",
        "number": "{number}",
        "source": "{source}",
        "disposition": "Quote",
        "note": "Called.",
        "key": "{call}",
    },
    "exports": {"back": "outcome=missed", "key": "{call}"},
    "call-out": {"to": "+15035550142", "number": "{number}", "telephone": "+15035550181", "key": "{call}"},
    "telephone": {"telephone": "+15035550181"},
    "practice-calls": {"scenario": "answered"},
    "number": {"source": "Search", "label": "", "is_active": "on"},
    "number-new": {"e164": "+15035550177", "account": "{account}", "source": "Search", "notice": "Recorded."},
    "flow": FLOW,
    "flow-removals": FLOW | {"remove": "voicemail"},
    "flow-publications": FLOW,
    "flow-what-if": {"caller": "hidden", "at": "2026-11-23T12:00", "keys": "1"},
    "hours": WEEK,
    "holidays": {"day": "2026-12-24", "name": "Christmas Eve", "openings": "9-12", "version": ""},
    "holiday-removals": {"day": "2026-12-24", "version": ""},
    "public-holidays": {"country": "US", "version": ""},
    "integrations": {"provider": "twilio", "account_id": "AC12", "secret": "12345678", "label": ""},
    "recording-notes": {"at": "0:00", "body": "Says hello."},
    "transcript-reveal": {"reason": "verify"},
    "leads": {"q": "0142"},
    "calls": {"q": "0142"},
    "lead-new": IDA,
    "lead-edits": IDA,
    "lead-merges": {"with": "{other}", "name": "gone", "value": "kept"},
    "lead-merge-searches": {"q": "0142"},
    "lead-moves": {"status": "won", "assigned_to": "{member}"},
    "lead-notes": {"body": "Called."},
    "lead-note-drafts": {"body": "Call"},
    "lead-deletions": {"confirm": "no"},
    "reveal": {"fields": "phones", "reason": "verify"},
    "team": {"email": "new@acme.example", "role": "user"},
    "member-role": {"role": "admin", "confirm": ""},
    "member-removal": {"confirm": ""},
    "retention": {"call": "9", "voicemail": "", "confirm": ""},
    "retention-copies": {"delete_at_provider": "on", "confirm": ""},
    "recording-holds": {"reason": "lawsuit"},
    "recording-pauses": {},
    "recording-resumptions": {},
    "recording-deletions": {"rule": "card_data", "confirm": ""},
    "settings": {"name": "Acme", "timezone": "America/New_York", "region": "US"},
    "account": {"current": "x", "new": "y"},
    "login": {"email": "a@acme.example", "password": "x"},
    "visits": {"business": "acme", "reason": "A test"},
}
ODD_PATHS = re.findall(
    r"\S+",
    """
    /%00 /b/%00/ /b/acme/%00/ /b/acme/calls/%00/ /b/acme/leads/%ED%A0%80/ /b/%FF/ //b/acme/ /b//calls/ /b/acme/../../
    /b/acme/calls/00000000-0000-0000-0000-00000000000g/ /b/acme/calls/99999999999999999999/ /admin/%00/ /admin/r/x/y/
    /admin/leads/lead/%00/change/ /admin/leads/lead/x/change/ /admin/leads/lead/?name__contains=x
    /admin/leads/lead/?p=-1 /admin/leads/lead/?p=99999999999999999999 /admin/leads/lead/?o=x.y
    /admin/leads/lead/?status__exact=%00 /admin/telephony/call/?lead__name__startswith=x
    /admin/accounts/user/?password__startswith=a /invitations/%00/x/ /invitations/zz/zz-zz/
    /invitations/MQ/set-password/ /static/%00 /static/..%2f..%2fmanage.py /api/v1/%00 /api/schema/?format=%00
    /webhooks/twilio/voice/%00 /webhooks/%00/voice/ /login?next=%00 /login?next=//evil.example/%00
    /login?next=javascript:x /platform/?name=%00 /platform/?name=%25 /health?x=%00
    """,
)


@pytest.fixture
def place(world):
    return one_of_everything(world.acme, world.owner)


@pytest.fixture
def owner(world):
    return login(Client(raise_request_exception=False), world.owner)


@pytest.fixture
def root():
    return login(Client(raise_request_exception=False), add_superuser())


def pages(place):
    ids = place.ids | {"visit": str(uuid7())}
    named = [a for a in every_address() if a.name in FORMS or a.is_business]
    return {a.name: a.path(ids) for a in named if a.name != "live"}


def test_no_garbage_breaks_a_page_that_knows_none_of_it(place, owner):
    broken = []
    for name, path in pages(place).items():
        for what in FEW:
            query = "&".join(f"{parameter}={GARBAGE[what]}" for parameter in PARAMETERS)
            status = owner.get(f"{path}?{query}").status_code
            broken += [(name, what, status)] if status >= 500 else []
    assert broken == []


@pytest.mark.parametrize("path", LISTS)
def test_no_garbage_breaks_a_list(place, owner, path):
    broken = []
    for parameter in (*LISTS[path], "cursor"):
        for what, value in GARBAGE.items():
            status = owner.get(f"/b/acme/{path}?{parameter}={value}").status_code
            broken += [(parameter, what, status)] if status not in (200, 400) else []
    assert broken == []


def cursors():
    at, pk = "2026-11-20T09:00:00+00:00", str(uuid7())
    odd = [
        [],
        {},
        5,
        None,
        "o",
        ["o"],
        ["o", at],
        ["o", at, 5],
        ["o", 5, pk],
        ["o", None, None],
        ["x", at, pk],
        [["o"], at, pk],
    ]
    odd += [
        ["o", at, pk, pk],
        ["n", "9999-12-31T23:59:59-23:59", pk],
        ["o", "0001-01-01T00:00:00+23:59", pk],
        ["o", at[:19], pk],
    ]
    odd += [{"o": at}, ["o", at, "0" * 32], ["n", pk], ["o", {}, []], ["o", "\0", "\0"], ["o", True, False]]
    yield from (base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in odd)
    yield base64.urlsafe_b64encode(b"[" * 200).decode()
    yield from ("=", "====", "A", "!!!!", "%E2%98%83", "W10" * 1000)


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_that_is_none_of_ours_is_refused_or_starts_somewhere(place, owner, world, path):
    program = Api(world.owner)
    for cursor in cursors():
        assert owner.get(f"/b/acme/{path}", {"cursor": cursor}).status_code in (200, 400), cursor
        if path != "exports/":  # no list of the API
            assert program.get(path, {"cursor": cursor}).status_code in (200, 400), cursor


@pytest.mark.parametrize("path", ODD_PATHS)
def test_an_odd_address_is_answered(place, owner, root, path):
    for client in (owner, root, Client(raise_request_exception=False)):
        for method in ("GET", "POST"):
            answer = client.generic(method, path)
            assert 200 <= answer.status_code < 500, (method, answer.status_code)
            assert "evil.example" not in answer.headers.get("Location", "").partition("?")[0]


@pytest.mark.parametrize("name", FORMS)
def test_no_field_of_a_form_breaks_its_page(place, owner, root, name):
    [address] = [one for one in every_address() if one.name == name]
    client, path = (root if name == "visits" else owner), address.path(place.ids)
    form = {field: value.format(**place.ids) for field, value in FORMS[name].items()}
    assert client.post(path, form).status_code < 500
    for field in form:
        for what in FEW:
            garbage = GARBAGE[what]
            rest = "&".join(f"{other}={quote(value)}" for other, value in form.items() if other != field)
            body = f"{rest}&{field}={garbage}&{field}={garbage[:9]}"
            answer = client.post(path, body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500, (field, what)


def test_a_body_that_is_no_form_is_refused(place, owner):
    bodies = {
        "multipart/form-data": b"x",
        "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n\xff\xfe',
        "application/x-www-form-urlencoded; charset=utf-16": b"q=\xff",
        "application/x-www-form-urlencoded; charset=nothing": b"q=x",
        "application/x-www-form-urlencoded": b"&".join(b"q%d=x" % n for n in range(1500)),
        "application/json": b'{"q": ',
        "": b"\x00\xff",
    }
    for name, path in pages(place).items():
        for content_type, body in bodies.items():
            answer = owner.generic("POST", path, body, content_type=content_type)
            assert answer.status_code < 500, (name, content_type)


def test_a_method_that_is_none_is_refused(place, owner):
    for name, path in pages(place).items():
        for method in ("TRACE", "CONNECT", "PROPFIND", "FOO", "get", "OPTIONS"):
            assert owner.generic(method, path).status_code < 500, (name, method)


def test_headers_that_are_none_are_not_believed(place, owner):
    headers = {
        "X-Forwarded-For": "1.2.3.4, \x00, ☃",
        "X-Request-ID": "a" * 5000,
        "HX-Request": "maybe",
        "HX-Boosted": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "Accept": "*/*;q=x, application/json;;;",
        "Accept-Language": "xx-" * 500,
        "Range": "bytes=99-1",
        "If-Modified-Since": "yesterday",
        "If-None-Match": '"' * 99,
        "Referer": "http://[",
        "Origin": "null",
    }
    for name, value in headers.items():
        for path in ("/b/acme/", "/login", "/api/v1/calls/", "/nothing"):
            assert owner.get(path, headers={name: value}).status_code < 500, (name, path)
    for host in ("evil.example", "a b", "[", "localhost:99999999", "localhost\0"):
        assert Client(raise_request_exception=False).get("/login", headers={"Host": host}).status_code in (
            200,
            400,
        ), host


def test_cookies_that_are_none_are_strangers(world):
    client = Client(raise_request_exception=False)
    for value in ("", "x", "a" * 5000, "\\000", "é"):
        for name in ("sessionid", "csrftoken", "messages", "theme"):
            client.cookies.clear()
            client.cookies[name] = value
            assert client.get("/b/acme/").status_code == 302, (name, value)
            assert client.get("/login").status_code == 200, (name, value)


def test_no_form_is_taken_that_did_not_come_from_our_pages(place, world):
    client = login(Client(enforce_csrf_checks=True, raise_request_exception=False), world.owner)
    for name, path in pages(place).items():
        for headers in (
            {},
            {"X-CSRFToken": "x" * 64},
            {"X-CSRFToken": "\0"},
            {"Origin": "https://evil.example"},
        ):
            form = {field: value.format(**place.ids) for field, value in FORMS.get(name, {}).items()}
            answer = client.post(path, form | {"csrfmiddlewaretoken": "x" * 32}, headers=headers)
            assert answer.status_code in (403, 405), (name, headers, answer.status_code)


def test_a_text_that_is_none_is_refused_by_the_api(place, world):
    program = Api(world.owner)
    bodies = [
        r'{"name": "\ud800"}',
        r'{"name": "a\u0000b"}',
        '{"name": 5}',
        "[]",
        "null",
        '"x"',
        "{",
        "\ufeff{}",
        "9" * 5000,
    ]
    bodies += [
        '{"value": 1e999}',
        '{"value": NaN}',
        '{"tags": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"name": "x", "name": "y"}',
    ]
    bodies += [
        b"\xff\xfe",
        b'{"name": "\xed\xa0\x80"}',
        '{"\\ud800": 1}',
        '{"phones": ["' + "9" * 5000 + '"]}',
    ]
    for address in behind_doors():
        for method in address.needs if address.is_api else ():
            for body in bodies if method in ("POST", "PUT", "PATCH") else ():
                path = address.path(place.ids | {"entry": str(uuid7())})
                answer = program.send(method, path, body)
                assert answer.status_code < 500, (address.name, method, body[:40])


def test_no_parameter_breaks_the_api(place, world, settings):
    settings.RATE_LIMIT_API = "100000/15m"
    program = Api(world.owner)
    for address in behind_doors():
        if address.is_api and "GET" in address.needs and not address.has_id:
            for parameter in (
                *PARAMETERS,
                "page_size",
                "is_archived",
                "is_active",
                "assigned_to",
                "call",
                "kind",
            ):
                for what in FEW[:4]:
                    answer = program.get(f"{address.path(place.ids)}?{parameter}={GARBAGE[what]}")
                    assert answer.status_code in (200, 400), (address.name, parameter, what)


@pytest.mark.parametrize(
    "last", ["9" * 5000, "-1", "x", "", "1.5", "\u0663", str(2**63), str(2**63 - 1), "0"]
)
def test_the_live_feed_begins_wherever_it_is_told(place, owner, last):
    assert owner.get("/b/acme/live/", headers={"Last-Event-ID": last}).status_code == 200
