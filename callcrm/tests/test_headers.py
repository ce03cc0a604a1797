"""The promises to the browser hold on every answer."""

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.utils.functional import SimpleLazyObject

from callcrm.middleware import HttpsOnly, SecurityHeaders
from callcrm.middleware.headers import HEADERS

# With a database: closing an answer asks its connection, if a test before has left one open.
pytestmark = [pytest.mark.urls("callcrm.tests.error_urls"), pytest.mark.django_db]

EVERYWHERE = [
    "/address/",
    "/no/such/page/",
    "/raise/bug/",
    "/raise/denied/",
    "/static/css/app.css",
    "/raise/%00/",
]
EVERYWHERE += ["/api/v1/raise/invalid/", "/webhooks/raise/down/", "/raise/anonymous/", "/cached/"]
HSTS = override_settings(SECURE_HSTS_SECONDS=31_536_000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True)


def ask(address, **more):
    response = Client(raise_request_exception=False).get(address, **more)
    response.close()  # a static file is open until then
    return response


@pytest.mark.parametrize("address", EVERYWHERE)
def test_every_answer_has_every_header(address):
    response = ask(address)
    for name, value in HEADERS.items():
        assert response[name] == value, name
    assert response["X-Request-ID"]
    assert "Strict-Transport-Security" not in response


@pytest.mark.parametrize("address", EVERYWHERE)
@HSTS
def test_production_promises_https_on_every_answer(address):
    response = ask(address, secure=True)
    assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_the_policy_allows_nothing_that_is_not_ours():
    directives = dict(
        part.strip().split(" ", 1) for part in ask("/address/")["Content-Security-Policy"].split(";")
    )
    assert directives["default-src"] == "'none'"
    assert set(directives.values()) == {"'none'", "'self'"}


def cache_control(*, answer=None, user=None, **meta):
    request = RequestFactory().get(meta.pop("address", "/"), **meta)
    if user is not None:
        request.user = user
    return SecurityHeaders(lambda _: HttpResponse(headers=answer or {}))(request)["Cache-Control"]


class Member:
    is_authenticated = True


KEPT = {"Cache-Control": "public, max-age=60"}


def test_what_an_authenticated_person_saw_is_stored_by_nobody():
    assert cache_control(answer=KEPT, HTTP_AUTHORIZATION="Bearer x") == "no-store"
    assert cache_control(answer=KEPT, HTTP_COOKIE=f"{settings.SESSION_COOKIE_NAME}=x") == "no-store"
    assert cache_control(answer=KEPT, user=Member()) == "no-store"


def test_other_answers_are_not_stored_unless_they_say_so():
    assert cache_control() == "no-store"
    assert cache_control(answer=KEPT) == "public, max-age=60"
    assert cache_control(answer=KEPT, user=AnonymousUser()) == "public, max-age=60"


def test_static_files_are_kept_even_with_a_session():
    address = settings.STATIC_URL + "css/app.css"
    kept = cache_control(answer=KEPT, address=address, HTTP_COOKIE=f"{settings.SESSION_COOKIE_NAME}=x")
    assert kept == "public, max-age=60"


def test_nobody_is_looked_up_for_a_header():
    user = SimpleLazyObject(lambda: pytest.fail("a header cost a query"))
    assert cache_control(user=user) == "no-store"


def test_static_files_are_for_our_own_pages_alone():
    assert "Access-Control-Allow-Origin" not in ask("/static/css/app.css")


@HSTS
@override_settings(PUBLIC_BASE_URL="https://crm.example")
@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/address/?page=2", 301),
        ("POST", "/address/", 403),
        ("GET", "/api/v1/raise/missing/", 403),
        ("POST", "/webhooks/raise/missing/", 403),
    ],
)
def test_production_answers_over_https_only(method, address, status, monkeypatch):
    monkeypatch.setattr("callcrm.errors.on_denied", [])
    response = Client().generic(method, address, headers={"Host": "localhost"})
    assert response.status_code == status
    if status == 301:
        assert response["Location"] == "https://crm.example/address/?page=2"


def test_health_is_asked_in_clear_too():
    with HSTS:
        plain = HttpsOnly(lambda _: HttpResponse("alive"))
        assert plain(RequestFactory().get("/health")).status_code == 200
