"""Who works through the list acts on its calls in a real browser, and never leaves it."""

import re

import pytest
from playwright.sync_api import Page, expect

from callcrm.testing import PASSWORD, World, add_lead
from telephony import feed
from telephony.models import Call
from telephony.outgoing import telephones
from telephony.tests.asking import MOBILE, miss, settled
from telephony.tests.live_clients import Server
from tests.browser import log_in, meanwhile, watch
from tests.test_pages_browser import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/b/acme/calls/"


@pytest.fixture
def missed(world) -> Call:
    """A call that nobody took, of somebody who is owed one back by who has a telephone."""
    with world.inside():
        telephones.choose(world.user, MOBILE)
    call: Call = miss(world, add_lead(world.acme, name="Nora Quill"))
    return call


def end(world: World) -> None:
    """Let the call that was asked for be over."""
    settled(world)
    with world.inside():
        asked = Call.objects.filter(direction="outbound").latest("started_at")
        feed.tell(world.acme.pk, "call.changed", asked.pk, asked.state)


def change(world: World, call: Call) -> None:
    with world.inside():
        feed.tell(world.acme.pk, "call.changed", call.pk, call.state)


def open_list(page: Page) -> list[str]:
    """Open it and return what goes wrong in it."""
    problems = watch(page)
    log_in(page, "user@acme.example")
    page.goto(LIST)
    page.wait_for_timeout(500)  # the feed is being opened
    return problems


def test_a_row_asks_before_it_calls_and_says_what_comes_of_it(
    world, missed, server: Server, page: Page
) -> None:
    problems = open_list(page)
    row, question = page.locator(f"#call-{missed.pk}"), page.locator("#pop")
    row.get_by_role("button", name="Call back").click()
    expect(question).to_contain_text("Call Nora Q.?")
    assert axe(page) == []
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    row.get_by_role("button", name="Call back").press("Enter")
    expect(question).to_contain_text("Call Nora Q.?")
    page.keyboard.press("Escape")
    expect(row.get_by_role("button", name="Call back")).to_be_focused()
    row.get_by_role("button", name="Call back").click()
    question.get_by_role("button", name="Call", exact=True).click()
    expect(question).to_be_hidden()
    expect(row).to_contain_text("Calling your telephone")
    expect(page.locator(".toasts")).to_contain_text("Your telephone rings in a moment")

    meanwhile(lambda: end(world))
    expect(row.get_by_role("button", name="Call back")).to_be_visible()
    assert page.url.endswith(LIST)
    assert problems == []


def test_what_is_done_below_a_row_is_said_in_it_and_taken_back_from_the_message(
    missed, server: Server, page: Page
) -> None:
    problems = open_list(page)
    row, detail = page.locator(f"#call-{missed.pk}"), page.locator(f"#detail-{missed.pk}")
    row.locator("[data-open]").click()
    detail.get_by_role("button", name="Take it").click()
    expect(row).to_contain_text("taken by you")
    expect(detail.get_by_role("button", name="Give it back")).to_be_focused()
    detail.get_by_role("button", name="Mark as spam").click()
    expect(row).to_contain_text("Spam")
    page.locator(".toasts").get_by_role("button", name="Undo").click()
    expect(row).not_to_contain_text("Spam")
    detail.get_by_role("button", name="Close", exact=True).click()
    detail.get_by_role("button", name="Wrong number").click()
    expect(row).to_contain_text("closed: wrong number")
    expect(detail.get_by_role("button", name="Open again")).to_be_focused()
    assert axe(page) == []
    assert page.url.endswith(LIST)
    assert problems == []


def test_every_page_asks_before_it_calls_and_the_focus_stays_at_the_button(
    world, missed, server: Server, page: Page
) -> None:
    problems = watch(page)
    log_in(page, "user@acme.example")
    question, main = page.locator("#pop"), page.locator("main")
    for address, word in (
        ("callbacks/", "Call back Nora Q."),
        (f"desk/?lead={missed.lead_id}", "Call Nora Q."),
        (f"leads/{missed.lead_id}/", "Call Nora Q."),
    ):
        page.goto(f"/b/acme/{address}")
        page.wait_for_timeout(500)  # the feed is being opened
        button = main.get_by_role("button", name=word, exact=True)
        button.press("Enter")
        expect(question).to_contain_text("Call Nora Q.?")
        question.get_by_role("button", name="Cancel").press("Enter")
        expect(button).to_be_focused()
        button.press("Enter")
        question.get_by_role("button", name="Call", exact=True).press("Enter")
        expect(question).to_be_hidden()
        expect(main.get_by_role("button", name="Stop the call to Nora Q.").last).to_be_focused()
        assert page.url.endswith(address)
        meanwhile(lambda: end(world))
        expect(button).to_be_focused()
    assert problems == []


@pytest.mark.parametrize("act", ["presses", "waits"])
def test_who_is_signed_out_meanwhile_is_sent_to_sign_in_and_back(
    world, missed, server: Server, page: Page, act: str
) -> None:
    """A page that asks by itself has sent nothing that could be lost."""
    open_list(page)
    page.context.clear_cookies(name="sessionid")
    if act == "presses":
        page.locator(f"#call-{missed.pk}").get_by_role("button", name="Call back").click()
    else:
        meanwhile(lambda: change(world, missed))
    expect(page).to_have_url(re.compile(r"/login\?next=/b/acme/calls/"))
    expect(page.locator("body")).not_to_contain_text("not saved")
    page.get_by_label("E-mail").fill("user@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/b/acme/calls/$"))
