"""On a real server too: an unknown route is 404 and another method 405, before a body is too large."""

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from telephony.tests.live_clients import Server

pytestmark = pytest.mark.django_db(transaction=True)
LARGE = b"x" * 300_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.stop()


def test_what_is_wrong_first_is_said(server: Server) -> None:
    assert _status(server, "POST", "/webhooks/twilio/nope/") == 404
    assert _status(server, "PUT", "/webhooks/twilio/voice/") == 405
    assert _status(server, "POST", "/webhooks/twilio/voice/") == 413


def _status(server: Server, method: str, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)) as connection:
        connection.request(method, path, LARGE, {"Content-Type": "application/x-www-form-urlencoded"})
        return connection.getresponse().status
