"""One person's morning in a real browser, against a real server: log in, watch a call, find the caller, ring back.

Calls come as Twilio sends them, signed, over HTTP; nothing is reloaded by hand; the policy is never broken.
"""

import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from callcrm.testing import ACCOUNT_ID, DESTINATION, NUMBER, PASSWORD, SECRET, World, add_lead, sid
from telephony.providers import signing
from telephony.providers.twilio.webhook import SCHEME
from telephony.tests.live_clients import Server

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CALLER, MASKED, SHOWN = "+12065550147", "+1 (206) •••-••47", "+1 206-555-0147"
FLAGS = ["--no-sandbox", "--disable-gpu"]


@pytest.fixture
def server(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("PUBLIC_BASE_URL", "http://calls.test")
    add_lead(world.acme, name="Nora Quill", phones=[CALLER], email="nora@quill.example")
    running = Server(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def page(server: Server, chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        page = browser.new_context(base_url=f"http://127.0.0.1:{server.port}").new_page()
        page.set_default_timeout(15_000)
        yield page
        browser.close()


def deliver(server: Server, route: str, params: dict[str, str]) -> None:
    """Post what Twilio would, in a thread of its own."""
    path = f"/webhooks/twilio/{route}/"
    body = urlencode({"AccountSid": ACCOUNT_ID, **params}).encode()
    signature = signing.sign(SCHEME, url=f"http://calls.test{path}", body=body, secret=SECRET)
    headers = {"Content-Type": signing.FORM, "X-Twilio-Signature": signature}

    def post() -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)) as connection:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(post).result() in (200, 204)


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


def test_a_call_rings_is_answered_and_ends_before_the_eyes_of_who_watches(server: Server, page: Page) -> None:
    problems = watch(page)
    log_in(page, "owner@acme.example")
    page.goto("/b/acme/calls/")
    strip = page.locator("#live")
    expect(strip).to_contain_text("No call")
    page.wait_for_timeout(500)  # the feed is being opened
    call, leg = sid("CA"), sid("CA")
    about = {"CallSid": call, "From": CALLER, "To": NUMBER, "Direction": "inbound"}
    child = {"CallSid": leg, "ParentCallSid": call, "From": CALLER, "To": DESTINATION}
    deliver(server, "voice", about | {"CallStatus": "ringing"})
    expect(strip).to_contain_text("Ringing")
    expect(strip).to_contain_text("Nora Q.")
    deliver(server, "number-status", child | {"CallStatus": "in-progress", "SequenceNumber": "2"})
    expect(strip).to_contain_text("Talking")
    deliver(
        server,
        "number-status",
        child | {"CallStatus": "completed", "CallDuration": "60", "SequenceNumber": "3"},
    )
    deliver(
        server,
        "voice-status",
        about | {"CallStatus": "completed", "CallDuration": "70", "SequenceNumber": "4"},
    )
    expect(strip).to_contain_text("No call")
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("Answered")
    expect(row).to_contain_text("Nora Q.")
    assert CALLER not in page.content()
    assert problems == []


def test_somebody_is_found_by_the_last_digits_and_shown_for_a_reason(server: Server, page: Page) -> None:
    problems = watch(page)
    log_in(page, "user@acme.example")
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/b/acme/leads/")
    page.keyboard.press("/")
    page.keyboard.type("0147")
    page.keyboard.press("Enter")
    found = page.locator("tbody tr")
    expect(found).to_have_count(1)
    expect(found).to_contain_text(MASKED)
    assert "0147" not in page.url
    page.locator("tbody .title a").click()
    page.get_by_role("link", name="Reveal phone number").first.click()
    page.get_by_role("button", name="To call back").click()
    expect(page.locator("[data-remask]")).to_contain_text("0147")
    page.get_by_role("button", name="Hide").click()
    expect(page.locator("[data-remask]")).to_have_count(0)
    assert problems == []


def test_who_logs_out_in_one_tab_is_out_in_the_other(server: Server, page: Page) -> None:
    log_in(page, "user@acme.example")
    page.goto("/b/acme/calls/")
    other = page.context.new_page()
    other.goto("/b/acme/leads/")
    other.locator(".side .foot .who-btn").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/login")
    page.wait_for_url("**/login**", timeout=15_000)
