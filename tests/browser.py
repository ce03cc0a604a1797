"""A real browser at a real server: the person in front of it, and the provider that delivers meanwhile."""

import http.client
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlencode

from django.db import connections
from playwright.sync_api import Page

from callcrm.testing import ACCOUNT_ID, PASSWORD, SECRET
from telephony.providers import signing
from telephony.providers.twilio.webhook import SCHEME
from telephony.tests.live_clients import Server

PUBLIC_URL = "http://calls.test"
FLAGS = ["--no-sandbox", "--disable-gpu"]


def deliver(server: Server, route: str, params: dict[str, str], query: str = "") -> None:
    """Post what Twilio would, in a thread of its own."""
    path = f"/webhooks/twilio/{route}/" + (f"?{query}" if query else "")
    body = urlencode({"AccountSid": ACCOUNT_ID, **params}).encode()
    signature = signing.sign(SCHEME, url=f"{PUBLIC_URL}{path}", body=body, secret=SECRET)
    headers = {"Content-Type": signing.FORM, "X-Twilio-Signature": signature}

    def post() -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)) as connection:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(post).result() in (200, 204)


def meanwhile(act: Callable[[], object]) -> None:
    """Do something behind the browser's back, in a thread of its own: this one belongs to the browser's loop."""

    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def log_in(page: Page, email: str) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/b/acme/")


def watch(page: Page) -> list[str]:
    """Collect what the browser complains of."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    return problems
