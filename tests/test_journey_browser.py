"""One person's morning in a real browser, against a real server: log in, watch a call, find the caller, ring back.

Calls come as Twilio sends them, signed, over HTTP; nothing is reloaded by hand; the policy is never broken.
"""

import pytest
from playwright.sync_api import Page, expect

from callcrm.testing import DESTINATION, NUMBER, World, add_lead, sid
from telephony.tests.live_clients import Server
from tests.browser import deliver, log_in, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CALLER, MASKED, SHOWN = "+12065550147", "+1 (206) •••-••47", "+1 206-555-0147"


@pytest.fixture(autouse=True)
def nora(world: World) -> None:
    add_lead(world.acme, name="Nora Quill", phones=[CALLER], email="nora@quill.example")


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
    row = page.locator("tbody tr[id^=call-]").first
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


def test_one_press_calls_back_and_the_page_tells_how_it_goes(server: Server, page: Page) -> None:
    problems = watch(page)
    log_in(page, "user@acme.example")
    page.goto("/b/acme/telephone/")
    page.get_by_label("Number", exact=True).fill("503 555 0181")
    page.get_by_role("button", name="Save").click()
    page.goto("/b/acme/leads/")
    page.get_by_role("link", name="Nora Q.").click()
    page.get_by_role("button", name="Call Nora Q.").click()
    page.locator("#pop").get_by_role("button", name="Call", exact=True).dblclick()
    expect(page.get_by_text("Your telephone rings in a moment")).to_be_visible()
    page.locator("#what-happened").get_by_role("link").first.click()
    expect(page.locator("#what-happened")).to_contain_text("Asking the provider")
    call = page.url.rstrip("/").rpartition("/")[2]
    about = {"CallSid": sid("CA"), "From": NUMBER, "To": "+15035550181", "Direction": "outbound-api"}
    child = {"CallSid": sid("CA"), "ParentCallSid": about["CallSid"], "From": NUMBER, "To": CALLER}
    page.wait_for_timeout(500)  # the feed is being opened
    deliver(server, "voice-status", about | {"CallStatus": "in-progress"}, query=f"call={call}")
    deliver(server, "number-status", child | {"CallStatus": "in-progress"}, query=f"call={call}")
    expect(page.locator("#head")).to_contain_text("Talking")
    expect(page.locator("#what-happened")).not_to_contain_text("Asking the provider")
    assert CALLER not in page.content()
    assert problems == []
