"""Every way to go wrong, through the whole chain: the same four shapes, and nothing told of the cause."""

import json

import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from django.template import TemplateDoesNotExist
from django.test import Client, override_settings

from callcrm import errors
from callcrm.middleware import refusals
from callcrm.middleware.translation import refusal_for
from callcrm.tests import error_urls

pytestmark = pytest.mark.urls("callcrm.tests.error_urls")

STATUS = {
    "invalid": 400,
    "denied": 403,
    "missing": 404,
    "conflict": 409,
    "large": 413,
    "many": 429,
    "unavailable": 503,
    "http404": 404,
    "permission": 403,
    "suspicious": 400,
    "django-invalid": 400,
    "api-invalid": 400,
    "api-throttled": 429,
    "api-missing": 404,
    "api-type": 415,
    "data": 400,
    "down": 503,
    "closed": 503,
    "read-only": 503,
    "wall": 404,
    "twice": 409,
    "foreign-key": 500,
    "bug": 500,
}


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(("kind", "status"), STATUS.items())
def test_the_api_gives_one_envelope(client, kind, status):
    response = client.get(f"/api/v1/raise/{kind}/", headers={"X-Request-ID": "abcdef-12345678"})
    assert response.status_code == status
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"code", "message", "fields", "request_id"}
    assert response.json()["error"]["request_id"] == response["X-Request-ID"] == "abcdef-12345678"


@pytest.mark.parametrize(("kind", "status"), STATUS.items())
def test_a_page_has_the_same_status_and_tells_nothing_of_the_cause(client, kind, status):
    response = client.get(f"/raise/{kind}/")
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")
    for told in ("jo.doe", "lead 7", "passwd", "Traceback", "sqlstate"):
        assert told not in response.text


@pytest.mark.parametrize(("kind", "status"), STATUS.items())
def test_a_provider_gets_an_empty_body(client, kind, status):
    response = client.post(f"/webhooks/raise/{kind}/")
    assert (response.status_code, response.content) == (status, b"")


@pytest.mark.parametrize("kind", ["invalid", "denied", "missing", "many", "bug"])
def test_htmx_gets_a_fragment(client, kind):
    response = client.get(f"/raise/{kind}/", headers={"HX-Request": "true"})
    assert response.status_code == STATUS[kind]
    assert "<html" not in response.text
    assert response.text.strip()


def test_a_boosted_page_is_a_page(client):
    response = client.get("/raise/denied/", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert "<html" in response.text


def test_a_program_that_accepts_json_alone_gets_json(client):
    assert client.get("/raise/denied/", headers={"Accept": "application/json"}).json()["error"]["code"]
    both = client.get("/raise/denied/", headers={"Accept": "text/html,application/json"})
    assert both["Content-Type"].startswith("text/html")


def test_a_form_that_is_wrong_answers_422(client):
    assert client.post("/raise/invalid/").status_code == 422
    assert client.post("/raise/invalid/", "{}", content_type="application/json").status_code == 400
    assert client.post("/api/v1/raise/invalid/").status_code == 400


def test_fields_are_named(client):
    def fields(kind):
        return client.get(f"/api/v1/raise/{kind}/").json()["error"]["fields"]

    assert fields("invalid") == {"phone": ["is not a number"]}
    assert fields("django-invalid") == {"name": ["is too long"]}
    assert fields("api-invalid") == {"phones.0.number": ["is not a number"]}


def test_nobody_can_tell_one_missing_thing_from_another(client):
    """Rival's row, no row, no such page, and a row that PostgreSQL withheld: the same bytes."""
    answers = [client.get(f"/raise/{kind}/") for kind in ("missing", "http404", "api-missing", "wall")]
    answers.append(client.get("/no/such/page/"))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    dressed = [{n: v for n, v in one.headers.items() if n != "X-Request-ID"} for one in answers]
    assert all(one == dressed[0] for one in dressed)


def test_a_missing_page_of_the_api_is_the_same_but_for_its_id(client):
    headers = {"X-Request-ID": "same-id-for-both"}
    one = client.get("/api/v1/raise/missing/", headers=headers)
    other = client.get("/api/v1/no/such/", headers=headers)
    assert one.content == other.content


@pytest.mark.parametrize(("kind", "status"), [("down", 503), ("wall", 404), ("data", 400), ("bug", 500)])
def test_what_fails_between_us_and_the_view_is_understood_too(client, kind, status):
    broken = [*settings.MIDDLEWARE, "callcrm.tests.error_urls.BreaksBetween"]
    with override_settings(MIDDLEWARE=broken):
        response = client.get(f"/api/v1/raise/missing/?kind={kind}")
    assert response.status_code == status
    assert response.json()["error"]["code"]


def test_other_errors_carry_a_reference(client):
    response = client.get("/raise/bug/", headers={"X-Request-ID": "find-me-again"})
    assert "find-me-again" in response.text
    assert (
        "find-me-again" not in client.get("/raise/missing/", headers={"X-Request-ID": "find-me-again"}).text
    )


@pytest.mark.parametrize("broken", [TemplateDoesNotExist("errors/403.html"), RuntimeError("a broken tag")])
def test_a_page_that_cannot_be_rendered_is_still_a_page(client, monkeypatch, broken):
    def fails(*_):
        raise broken

    monkeypatch.setattr(refusals, "render_to_string", fails)
    response = client.get("/raise/denied/")
    assert response.status_code == 403
    assert "<html" in response.text
    assert errors.Denied.default_message in response.text


def test_who_is_not_logged_in_is_sent_to_log_in_and_back(client):
    response = client.get("/raise/anonymous/?page=2")
    assert (response.status_code, response["Location"]) == (302, "/login?next=/raise/anonymous/%3Fpage%3D2")
    assert client.post("/raise/anonymous/")["Location"] == "/login?next=/&unsaved=1"
    assert client.get("/api/v1/raise/anonymous/").status_code == 401


@pytest.mark.parametrize(
    ("before", "back"),
    [
        ("http://testserver/b/acme/hours/?x=1", "/b/acme/hours/%3Fx%3D1"),
        ("http://evil.example/b/acme/", "/"),
        ("http://[", "/"),
        ("javascript:x", "/"),
        ("", "/"),
    ],
)
def test_who_was_logged_out_is_sent_back_to_the_page_he_was_on_and_told_what_is_lost(client, before, back):
    lost = f"/login?next={back}&unsaved=1"
    assert client.post("/raise/anonymous/", headers={"Referer": before})["Location"] == lost
    for method, address in ((client.post, lost), (client.get, lost.removesuffix("&unsaved=1"))):
        live = {"HX-Request": "true", "HX-Current-URL": before}
        answer = method("/raise/anonymous/", headers=live)
        assert (answer.status_code, answer["HX-Redirect"]) == (401, address)


def test_a_limit_names_itself_and_the_wait(client):
    response = client.get("/api/v1/raise/many/")
    assert response["Retry-After"] == "27"
    assert "lead.reveal" in response.json()["error"]["message"]
    assert "27 seconds" in response.json()["error"]["message"]
    assert int(client.get("/raise/down/")["Retry-After"]) > 0


def test_a_counted_answer_tells_how_much_is_left(client):
    response = client.get("/counted/")
    told = [response[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")]
    assert told == ["30", "0", "12"]


@pytest.mark.parametrize("address", ["/form/?q=a%00b", "/form/?%00=1", "/api/v1/resource/?kind=%00"])
def test_a_nul_in_the_query_is_named(client, address):
    response = client.get(address, headers={"Accept": "application/json"})
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) in (["q"], [""], ["kind"])


def test_a_nul_in_the_path_is_refused(client):
    assert client.get("/raise/%00/").status_code == 400


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW"])
def test_methods_that_nothing_here_answers_are_refused(client, method):
    response = client.generic(method, "/address/")
    assert response.status_code == 405
    assert "GET" in response["Allow"]


def test_a_bare_number_becomes_a_page_and_keeps_its_headers(client):
    response = client.get("/post-only/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "<html" in response.text
    assert "<html" in client.get("/bare-403/").text


@pytest.mark.parametrize(
    ("method", "content_type", "body", "status"),
    [
        ("get", None, None, 405),
        ("post", "application/json", "{", 400),
        ("post", "application/json", "[" * 100_000, 400),
        ("post", "application/json", "9" * 5000, 400),
        ("post", "text/plain", "hello", 415),
        ("post", "application/json", "{}", 200),
    ],
)
def test_the_api_library_answers_in_the_same_envelope(client, method, content_type, body, status):
    address = "/api/v1/resource/"
    if method == "get":
        response = client.delete(address)
        assert set(response["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    else:
        response = client.post(address, body, content_type=content_type)
    assert response.status_code == status
    assert status == 200 or set(response.json()["error"]) == {"code", "message", "fields", "request_id"}


def test_deep_json_is_the_senders_fault_and_deep_code_is_ours(client):
    assert client.post("/json/", "[" * 100_000, content_type="application/json").status_code == 400
    assert client.get("/recurses/").status_code == 500


def test_too_many_fields_and_too_large_a_form_are_refused(client):
    assert client.post("/form/", {f"f{n}": "1" for n in range(1001)}).status_code == 422
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        assert client.post("/json/", "x" * 11, content_type="application/json").status_code == 413


def test_a_broken_multipart_body_is_the_senders_fault(client):
    response = client.generic("POST", "/form/", "nonsense", content_type="multipart/form-data; boundary=\xff")
    assert response.status_code in (400, 422)


def test_an_unknown_host_is_refused_without_repeating_it(client):
    response = client.get("/guarded/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.text


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_and_told_apart(monkeypatch):
    seen = []
    monkeypatch.setattr(errors, "on_denied", [lambda request, refused: seen.append(refused)])
    response = Client(enforce_csrf_checks=True).post("/guarded/")
    assert response.status_code == 403
    assert isinstance(seen[0], errors.CsrfFailed)
    assert "<html" in response.text


@pytest.mark.django_db(transaction=True)
def test_a_denied_attempt_is_told_after_its_transaction_and_in_one_of_its_own(client, monkeypatch):
    states = []

    def listener(request, refused):
        states.append((connection.in_atomic_block, request.path, refused.code))

    monkeypatch.setattr(errors, "on_denied", [listener])
    assert client.get("/writes/").status_code == 403
    assert states == [(True, "/writes/", "permission_denied")]
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_changes_nothing_and_the_next_one_hears(client, monkeypatch):
    heard = []

    def fails(request, refused):
        raise RuntimeError("no")

    monkeypatch.setattr(errors, "on_denied", [fails, lambda request, refused: heard.append(refused)])
    assert client.get("/raise/denied/").status_code == 403
    assert len(heard) == 1


@pytest.mark.django_db(transaction=True)
def test_a_used_up_limit_is_told_to_its_own_listeners(client, monkeypatch):
    heard = []
    monkeypatch.setattr(errors, "on_limited", [lambda request, refused: heard.append(refused.limit)])
    monkeypatch.setattr(errors, "on_denied", [lambda request, refused: heard.append("wrong")])
    client.get("/raise/many/")
    assert heard == ["lead.reveal"]


@pytest.mark.django_db
def test_what_postgres_really_says_is_understood():
    """The states above are ours; these come from the server."""

    def refused_by(statement, *values):
        with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
        return refusal_for(caught.value)

    assert isinstance(refused_by("SELECT %s::text", "a\x00b"), errors.Invalid)
    assert isinstance(refused_by("SELECT %s::int", "x"), errors.Invalid)
    assert isinstance(refused_by("SELECT %s::timestamptz", "2026-01-01T00:00:00+20:22"), errors.Invalid)
    assert isinstance(refused_by("CREATE TABLE pg_catalog.ours (id int)"), errors.NotFound)
    assert isinstance(refused_by("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)"), errors.Unavailable)
    assert refused_by("SELECT nonsense") is None


def test_json_error_of_a_bug_says_nothing_of_it(client):
    body = json.dumps(client.get("/api/v1/raise/bug/").json())
    assert error_urls.SECRET_ROW not in body
