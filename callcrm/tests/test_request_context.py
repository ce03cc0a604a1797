"""Whose request it is, and what is written about it."""

import json
import logging

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory, override_settings
from django.utils.functional import SimpleLazyObject
from hypothesis import given
from hypothesis import strategies as st

from callcrm.lib import context, logs
from callcrm.middleware.context import address_of, id_of

pytestmark = pytest.mark.urls("callcrm.tests.error_urls")


@pytest.fixture
def lines():
    """The lines that the request logger writes, as they would stand in the file."""
    written = []

    class Kept(logging.Handler):
        def emit(self, record):
            written.append(json.loads(logs.Line().format(record)))

    logger, handler = logging.getLogger("callcrm.request"), Kept()
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


def asked(**meta):
    return RequestFactory().get("/", **meta)


@pytest.mark.parametrize("given_id", ["abcdefgh", "A-1" * 20, "0192f0c2-1234-7000-8000-123456789012"])
def test_a_callers_id_is_kept(given_id):
    response = Client().get("/address/", headers={"X-Request-ID": given_id})
    assert response["X-Request-ID"] == given_id
    assert response.text.split()[-1] == given_id


@pytest.mark.parametrize(
    "given_id", ["", "short", "x" * 65, "with space", "new\nline-here", "semi;colon-1", "ünïcödé-id"]
)
def test_an_id_of_another_shape_is_replaced(given_id):
    made = id_of(asked(HTTP_X_REQUEST_ID=given_id))
    assert made != given_id
    assert len(made) == 32


def test_nothing_is_left_behind_for_the_next_request():
    Client().get("/address/", headers={"X-Request-ID": "abcdefgh"})
    assert (context.request_id.get(), context.client_ip.get()) == ("", "")


FORWARDED = "6.6.6.6, 203.0.113.7, 198.51.100.2"


@pytest.mark.parametrize(
    ("depth", "forwarded", "expected"),
    [
        (0, FORWARDED, "10.0.0.1"),
        (1, FORWARDED, "198.51.100.2"),
        (2, FORWARDED, "203.0.113.7"),
        (4, FORWARDED, "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "nonsense", "10.0.0.1"),
        (1, "6.6.6.6, [2001:db8::1]:443", "2001:db8::1"),
        (1, "6.6.6.6, 203.0.113.7:5555", "203.0.113.7"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_the_client_is_counted_from_the_right(depth, forwarded, expected):
    with override_settings(TRUSTED_PROXY_DEPTH=depth):
        assert address_of(asked(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)) == expected


@given(st.text(max_size=80))
def test_what_a_client_writes_itself_is_never_believed(invented):
    with override_settings(TRUSTED_PROXY_DEPTH=1):
        request = asked(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=f"{invented},203.0.113.7")
        assert address_of(request) == "203.0.113.7"


def test_libraries_see_the_same_address():
    with override_settings(TRUSTED_PROXY_DEPTH=1):
        response = Client().get("/address/", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.7"})
    assert response.text.split()[:2] == ["203.0.113.7", "203.0.113.7"]


def test_a_request_is_one_line_with_its_route_and_not_its_path(lines):
    Client().get("/raise/missing/?q=John+Smith", headers={"X-Request-ID": "abcdefgh"})
    [line] = lines
    assert (line["method"], line["route"], line["status"]) == ("GET", "/raise/<kind>/", 404)
    assert (line["request_id"], line["code"]) == ("abcdefgh", "not_found")
    assert line["duration_ms"] >= 0
    assert "missing" not in json.dumps(line)
    assert "John" not in json.dumps(line)


def test_an_address_that_nobody_serves_is_not_repeated(lines):
    Client().get("/leads/john-smith/")
    assert lines[0]["route"] == "none"


def test_a_method_that_was_made_up_is_not_repeated(lines):
    Client().generic("JOHNSMITH", "/address/")
    assert lines[0]["method"] == "OTHER"


def test_a_slow_request_is_a_warning(lines):
    with override_settings(SLOW_REQUEST_SECONDS=0.01):
        Client().get("/waits/?seconds=0.02")
    Client().get("/waits/?seconds=0")
    assert [(line["level"], line["event"]) for line in lines] == [
        ("warning", "slow request"),
        ("info", "request"),
    ]


def test_the_line_names_who_asked_if_somebody_looked(lines):
    from callcrm.middleware.context import _who

    class Person:
        pk = "0192f0c2-1234-7000-8000-123456789012"

    request = asked()
    request.user = SimpleLazyObject(lambda: pytest.fail("the log asked who it was"))
    assert _who(request) == {}
    request.user = SimpleLazyObject(Person)
    assert request.user.pk
    assert _who(request) == {"user_id": Person.pk}
    request.user, request.business = AnonymousUser(), Person()
    assert _who(request) == {"business_id": Person.pk}
