"""What must never stand in a log, in every way it may arrive there."""

import time
from uuid import uuid4

import pytest
from django.db import utils
from hypothesis import given, settings
from hypothesis import strategies as st

from callcrm.lib import redaction

PHONES = [
    "+15555550142",
    "15555550142",
    "(555) 555-0142",
    "555-555-0142",
    "555.555.0142",
    "+1 555 555 0142",
    "%2B15555550142",
    "+1%20555%20555%200142",
    "tel:+15555550142",
    "phone_15555550142",
    "x15555550142y",
    "\uff15\uff15\uff15\uff15\uff15\uff15\uff10\uff11\uff14\uff12",
    "555\u2011555\u20110142",
]


@pytest.mark.parametrize("shown", PHONES)
def test_a_phone_number_goes_however_it_is_written(shown):
    left = redaction.text(f"calling {shown} now")
    assert redaction.NUMBER in left
    assert not any(part in left for part in ("0142", "\uff10\uff11\uff14\uff12"))


@pytest.mark.parametrize(
    ("shown", "secret"),
    [
        ("password=hunter2longer", "hunter2"),
        ('{"auth_token": "s3cretvalue"}', "s3cret"),
        ("Authorization: Bearer abcdefghij.klm", "abcdefghij"),
        ("bearer abcdefghijklm", "abcdefghijklm"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "eyJ"),
        ("postgres://user:pw@host/db", "pw"),
        ("GET /calls/?q=John+Smith HTTP/1.1", "John"),
        ("jo.doe@example.com wrote", "jo.doe"),
        ("jo.doe%40example.com", "jo.doe"),
        ("Set-Cookie: sessionid=abcdef123", "abcdef123"),
        ("x-api-key: k1k2k3k4", "k1k2k3k4"),
        ("TWILIO_AUTH_TOKEN='abc def'", "abc"),
    ],
)
def test_secrets_and_addresses_go(shown, secret):
    assert secret not in redaction.text(shown)


@pytest.mark.parametrize(
    "shown",
    [
        "0192f0c2-1234-7000-8000-123456789012",
        "01921234-1234-7000-8000-123456789012",
        "2026-11-20T21:57:18.123456Z",
        "127.0.0.1:8000",
        "gunicorn 27.0.1 took 1234 ms",
        "GET /b/acme/calls/ 200",
    ],
)
def test_what_a_reader_needs_stays(shown):
    assert redaction.text(shown) == shown


def test_an_address_of_impossible_parts_is_a_number():
    assert redaction.text("555.555.014.2000") == redaction.NUMBER


def test_safe_keys_keep_ids_and_lose_numbers():
    number = uuid4()
    assert redaction.value("user_id", number) == number
    assert redaction.value("request_id", number.hex) == number.hex
    assert redaction.value("provider_id", "CA" + number.hex) == "CA" + number.hex
    assert redaction.value("provider_id", "15555550142") == redaction.NUMBER
    assert redaction.value("actor", "+15555550142") == redaction.NUMBER


def test_other_keys_lose_long_numbers_whatever_their_type():
    assert redaction.value("found", 15555550142) == redaction.NUMBER
    assert redaction.value("found", 3) == 3
    assert redaction.value("deep", {"list": [{"x": "+15555550142"}]}) == {"list": [{"x": redaction.NUMBER}]}
    assert redaction.value("phone", "5550142") == redaction.PERSONAL
    assert redaction.value("new_password", "abc") == redaction.SECRET
    assert redaction.value("raw", b"+15555550142") == "<12 bytes>"


def test_an_object_gives_its_class_alone():
    class Lead:
        def __repr__(self) -> str:
            return "John Smith"

    assert redaction.value("lead", Lead()) == "<Lead>"


def test_a_database_error_gives_its_state_alone():
    class Cause(Exception):
        sqlstate = "23505"

    Cause.__module__ = "psycopg.errors"
    failure = utils.IntegrityError("Key (email)=(john) already exists")
    failure.__cause__ = Cause("DETAIL: john")
    assert redaction.error(failure) == "SQLSTATE 23505"
    assert redaction.error(utils.OperationalError("connection to john failed")) == "database error"


def test_what_an_error_quotes_goes_but_names_of_the_program_stay():
    assert "John" not in redaction.error(ValueError("invalid literal for int(): 'John O'Brien'"))
    assert "colour" in redaction.error(AttributeError("'Lead' object has no attribute 'colour'"))


def test_an_error_that_cannot_be_printed_is_still_an_error():
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert redaction.error(Broken()) == "[unprintable]"


@given(st.text(max_size=300), st.sampled_from(PHONES), st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_surroundings_let_a_number_through(before, number, after):
    assert "5550142" not in redaction.text(before + number + after)
    assert "555-0142" not in redaction.text(before + number + after)


@pytest.mark.parametrize(
    "part", ["a", "1-", "a-", "'a", "a@", "?x", "eyJaaaaa.", "%2B", "password", "0192f0c2-"]
)
def test_no_text_takes_long(part):
    """A line is built while a caller waits; time that grew with the square would take minutes here."""
    began = time.perf_counter()
    redaction.text(part * 200_000)
    redaction.error(ValueError(part * 200_000))
    assert time.perf_counter() - began < 1
