"""Who may do what over the API, and what any address does with what nobody should send."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from audit.models import Entry
from callcrm.api import v1
from callcrm.testing import add_call, add_lead, add_message
from leads.models import Lead
from recordings.models import Recording
from telephony.callbacks import ledger
from telephony.hours.week import WEEKDAYS
from telephony.models import Call, Callback, Outcome
from telephony.problems import reports
from tests.api import Api, fields, same

# path, method, a body that is right, who may: by the table of the outside, not by the code's own declarations
EVERYBODY, ADMINS, OWNERS = ("user", "admin", "owner"), ("admin", "owner"), ("owner",)
MATRIX: list[tuple[str, str, Any, Any]] = [
    ("calls/", "GET", None, EVERYBODY),
    ("calls/", "POST", {}, EVERYBODY),
    ("calls/{call}/", "GET", None, EVERYBODY),
    ("calls/{call}/", "PATCH", {"tags": ["x"]}, EVERYBODY),
    ("calls/{call}/stops/", "POST", None, EVERYBODY),
    ("calls/{call}/problems/", "GET", None, EVERYBODY),
    ("calls/{call}/problems/", "POST", {"kind": "poor_audio"}, EVERYBODY),
    ("problems/", "GET", None, ADMINS),
    ("problems/{problem}/", "GET", None, ADMINS),
    ("problems/{problem}/resolutions/", "POST", {"resolution": "mended"}, ADMINS),
    ("problems/{problem}/reopenings/", "POST", None, ADMINS),
    ("leads/", "GET", None, EVERYBODY),
    ("leads/", "POST", {"name": "New Person"}, EVERYBODY),
    ("leads/search/", "POST", {"q": "smith"}, EVERYBODY),
    ("leads/{lead}/", "GET", None, EVERYBODY),
    ("leads/{lead}/", "PATCH", {"status": "won"}, EVERYBODY),
    ("leads/{lead}/", "DELETE", None, ADMINS),
    ("leads/{lead}/merges/", "POST", {}, EVERYBODY),
    ("leads/{lead}/reveals/", "POST", {"fields": ["name"], "reason": "verify"}, EVERYBODY),
    ("messages/", "GET", None, EVERYBODY),
    ("messages/{message}/", "GET", None, EVERYBODY),
    ("recordings/", "GET", None, EVERYBODY),
    ("recordings/{recording}/", "GET", None, EVERYBODY),
    ("recordings/{recording}/audio/", "GET", None, EVERYBODY),
    ("recordings/{recording}/holds/", "POST", {"reason": "lawsuit"}, ADMINS),
    ("recordings/{recording}/hold-liftings/", "POST", {}, ADMINS),
    ("recordings/{recording}/deletions/", "POST", {"rule": "request"}, ADMINS),
    ("numbers/", "GET", None, ADMINS),
    ("numbers/", "POST", {}, ADMINS),
    ("numbers/{number}/", "GET", None, ADMINS),
    ("numbers/{number}/", "PATCH", {"label": "x"}, ADMINS),
    ("numbers/{number}/flow/", "GET", None, ADMINS),
    ("numbers/{number}/flow/", "PUT", {"flow": {}}, ADMINS),
    ("numbers/{number}/flow/publications/", "POST", None, ADMINS),
    ("numbers/{number}/flow/what-if/", "POST", {"from": "hidden"}, ADMINS),
    ("callbacks/", "GET", None, EVERYBODY),
    ("callbacks/{callback}/", "GET", None, EVERYBODY),
    ("callbacks/{callback}/", "PATCH", {"assigned_to": None}, EVERYBODY),
    ("callbacks/{callback}/closings/", "POST", {"reason": "not_needed"}, EVERYBODY),
    ("callbacks/{callback}/reopenings/", "POST", None, EVERYBODY),
    ("telephone/", "GET", None, EVERYBODY),
    ("telephone/", "PUT", {"e164": "+15035550181"}, EVERYBODY),
    ("hours/", "GET", None, EVERYBODY),
    ("hours/", "PUT", {"week": {day: ["09:00-17:00"] for day in WEEKDAYS}, "holidays": {}}, ADMINS),
    ("sources/", "GET", None, EVERYBODY),
    ("sources/", "POST", {"name": "Vans"}, ADMINS),
    ("sources/{source}/", "GET", None, EVERYBODY),
    ("sources/{source}/", "PATCH", {"name": "Vans"}, ADMINS),
    ("users/", "GET", None, OWNERS),
    ("users/", "POST", {}, OWNERS),
    ("users/{user}/", "GET", None, OWNERS),
    ("users/{user}/", "PATCH", {"role": "admin"}, OWNERS),
    ("users/{user}/", "DELETE", None, OWNERS),
    ("audit/", "GET", None, ADMINS),
    ("audit/{entry}/", "GET", None, ADMINS),
    ("webhook-receipts/", "GET", None, ADMINS),
    ("webhook-receipts/{receipt}/", "GET", None, ADMINS),
]
IDS = [f"{method} {path}" for path, method, _, _ in MATRIX]


@pytest.fixture
def ids(world):
    """One of each thing of acme. Nothing was delivered, so the receipt is an id of nothing."""
    lead = add_lead(world.acme, name="John Smith")
    call = add_call(world.acme, lead)
    with world.inside():
        made = Recording.objects.create(
            business=world.acme, call=call, provider_id="RE1", created_at=call.started_at
        )
        vain = add_call(world.acme, lead, outcome=Outcome.MISSED, answered_at=None)
        ledger.follow_call(vain, by=None)
        problem = reports.report(call, "poor_audio", "It crackles.", by=world.user)
    return {
        "problem": problem.pk,
        "lead": lead.pk,
        "call": call.pk,
        "recording": made.pk,
        "callback": _debt(world),
        "message": add_message(world.acme, lead).pk,
        "number": world.number.pk,
        "source": world.source.pk,
        "user": world.user.pk,
        "entry": Entry.objects.of(world.acme.pk)[0].pk,
        "receipt": uuid4(),
    }


def _debt(world):
    with world.inside():
        return Callback.objects.get().pk


def test_the_matrix_names_every_address_and_method():
    answered = set()
    for pattern in v1:
        for method in getattr(pattern.callback.view_class, "needs", ()):
            answered.add((str(pattern.pattern).replace("<uuid:pk>", "*"), method))
    assert {(re.sub(r"{\w+}", "*", path), method) for path, method, _, _ in MATRIX} == answered


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize(("path", "method", "body", "who"), MATRIX, ids=IDS)
def test_a_role_may_what_it_may_and_no_more(world, ids, path, method, body, who, role):
    answer = Api(getattr(world, role)).send(method, path.format(**ids), body)
    if role in who:
        assert answer.status_code not in (401, 403), answer.content
        return
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "permission_denied"
    denied = Entry.objects.of(world.acme.pk).get(name="access.denied")
    assert denied.actor == getattr(world, role).audit_actor


@pytest.mark.parametrize(("path", "method", "body", "who"), MATRIX, ids=IDS)
def test_a_rival_finds_nothing_of_ours(world, ids, path, method, body, who):
    if "{" not in path:
        return
    theirs = Api(world.rival_owner)
    found = theirs.send(method, path.format(**ids), body)
    nothing = theirs.send(method, path.format(**dict.fromkeys(ids, uuid4())), body)
    assert found.status_code == nothing.status_code == 404
    assert same(found) == same(nothing)
    with world.inside():
        assert Lead.objects.get(pk=ids["lead"]).status == "new"
        assert Call.objects.get(pk=ids["call"]).tags == []


@pytest.mark.parametrize(("path", "method", "body", "who"), MATRIX, ids=IDS)
def test_without_a_token_nothing_opens(world, ids, path, method, body, who):
    answer = Api().send(method, path.format(**ids), body)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_authenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert int(answer.headers["RateLimit-Remaining"]) < int(answer.headers["RateLimit-Limit"])


def test_a_refused_attempt_leaves_nothing_behind(world, ids):
    Api(world.user).delete(f"leads/{ids['lead']}/")
    with world.inside():
        assert Lead.objects.filter(pk=ids["lead"]).exists()


def test_what_fails_halfway_is_undone(world, ids, monkeypatch):
    from leads import api as leads_api

    def breaks(self, thing, status=None):
        raise RuntimeError("halfway")

    monkeypatch.setattr(leads_api.Leads, "answer", breaks)
    client = Api(world.user)
    client.client.raise_request_exception = False
    answer = client.post("leads/", {"name": "Half Made"})
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "error"
    with world.inside():
        assert Lead.objects.count() == 1


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]
PATHS = sorted({path for path, *_ in MATRIX})


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_refused_with_those_that_there_are(world, ids, path):
    allowed = {method for where, method, *_ in MATRIX if where == path}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    client = Api(world.owner)
    for method in set(METHODS) - allowed:
        answer = client.send(method, path.format(**ids))
        assert answer.status_code == 405, method
        if method not in ("QUERY", "TRACE", "OPTIONS"):
            assert set(answer.headers["Allow"].split(", ")) == allowed, method


WRITES = [(path, method) for path, method, body, _ in MATRIX if body is not None]
BODIES = {
    "no json": b"{",
    "a list": b"[]",
    "a text": b'"x"',
    "nothing": b"null",
    "a number": b"5",
    "two values": b"{} {}",
    "latin-1": b'{"name": "\xe9"}',
    "utf-16": '{"name": "x"}'.encode("utf-16"),
    "a mark in front": b"\xef\xbb\xbf{}",
    "not a number": b'{"name": NaN}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"name":' * 50_000,
    "deep inside a field": b'{"name": ' + b"[" * 3_000 + b"]" * 3_000 + b"}",
    "an endless number": b'{"name": ' + b"9" * 5_000 + b"}",
    "an endless fraction": b'{"name": 0.' + b"9" * 5_000 + b"}",
    "an endless exponent": b'{"value": 1e999999999}',
    "a name twice": b'{"name": "a", "name": "b"}',
    "a broken sign": b'{"name": "\\ud800"}',
    "a nul": b'{"name": "\\u0000"}',
    "a nul as name": b'{"\\u0000": 1}',
    "a name of broken signs": b'{"\\ud800": 1}',
    "a proto": b'{"__proto__": {}, "constructor": 1}',
    "a novel": json.dumps({"name": "x" * 1_000_000}).encode(),
    "a thousand names": json.dumps(dict.fromkeys(map(str, range(1_000)), 1)).encode(),
    "a novel of a name": json.dumps({"x" * 100_000: 1}).encode(),
}


@pytest.mark.parametrize("name", BODIES)
def test_an_odd_body_is_a_400_everywhere(world, ids, name):
    client = Api(world.owner)
    for path, method in WRITES:
        answer = client.send(method, path.format(**ids), BODIES[name])
        assert answer.status_code == 400, (path, method, answer.content[:200])
        error = answer.json()["error"]
        assert error["code"] == "invalid"
        assert len(answer.content) < 5_000
    for path in ("auth/token/", "auth/token/refresh/", "auth/token/revoke/"):
        assert Api().post(path, BODIES[name]).status_code == 400


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "",
     "application/json-patch+json", "application/json; charset=utf-16", "application/json; charset=hex"],
)  # fmt: skip
def test_anything_but_json_is_415(world, kind):
    client = Api(world.owner)
    assert client.send("POST", "leads/", b'{"name": "x"}', kind).status_code == 415
    assert Api().send("POST", "auth/token/", b"{}", kind).status_code == 415


def test_json_may_say_that_it_is_utf8(world):
    assert (
        Api(world.owner)
        .send("POST", "leads/", '{"name": "Zoë Ö"}', "application/json; charset=UTF-8")
        .status_code
        == 201
    )


@pytest.mark.parametrize(("path", "method"), WRITES)
def test_no_address_that_writes_takes_parameters(world, ids, path, method):
    if path == "leads/search/":
        return
    for name in ("force", "page_size", "cursor"):
        answer = Api(world.owner).send(method, path.format(**ids) + f"?{name}=1", {})
        assert name in fields(answer)


@pytest.mark.parametrize(
    "pk", ["5", "x", "018F0000-0000-7000-8000-000000000000", "018f000000007000800000000000000", "%00"]
)
def test_what_is_no_id_is_not_there(world, pk):
    client = Api(world.owner)
    for kind in ("calls", "leads", "numbers", "users", "audit"):
        answer = client.get(f"{kind}/{pk}/")
        assert answer.status_code in ((400,) if pk == "%00" else (404,))
        if pk != "%00":
            assert same(answer) == same(client.get(f"{kind}/{uuid4()}/"))


@pytest.mark.parametrize("path", ["calls/click/", "exports/", "payments/", "privacy-requests/"])
def test_what_is_not_built_is_not_there(world, path):
    for method in ("GET", "POST"):
        assert Api(world.owner).send(method, path).status_code == 404


def test_an_answer_carries_the_id_that_was_asked_with(world):
    client = Client(headers={"X-Request-ID": "abcd-1234-efgh"})
    answer = client.get("/api/v1/calls/")
    assert answer.headers["X-Request-ID"] == "abcd-1234-efgh"
    assert answer.json()["error"]["request_id"] == "abcd-1234-efgh"
    assert set(answer.json()["error"]) == {"code", "message", "fields", "request_id"}


def test_only_json_is_given(world):
    client = Api(world.owner)
    assert client.client.get("/api/v1/calls/", headers={"Accept": "text/html"}).status_code == 406
    for accept in (
        "*/*",
        "application/*",
        "application/json; indent=99999999999",
        "text/html, */*;q=0.1",
        ";;;",
        "/",
    ):
        assert client.client.get("/api/v1/calls/", headers={"Accept": accept}).status_code in (200, 406)


def test_a_head_is_a_get_without_a_body(world):
    answer = Api(world.owner).send("HEAD", "calls/", b"")
    assert (answer.status_code, answer.content) == (200, b"")
