"""The counts of the tabs in a real browser: they come after the page, move nothing, and fail without a word."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from callcrm.testing import World, add_call, add_lead
from telephony.listing import saved_views
from telephony.models import Call, CallView
from telephony.tests.asking import miss
from telephony.tests.live_clients import Server
from tests.browser import log_in, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST, COUNTS = "/b/acme/calls/", "**/b/acme/calls/counts/**"


@pytest.fixture
def leaks(world: World) -> CallView:
    """A view; what it shows is a voicemail."""
    add_call(world.acme, outcome="voicemail", tags=["leak"])
    with world.inside():
        return saved_views.save("Leaks", {"tag": "leak"}, shared=True, by=world.owner)


def places(page: Page) -> list[Any]:
    return [link.bounding_box() for link in page.locator("#tabs a").all()]


def test_counts_come_after_the_page_and_disturb_nobody(leaks: CallView, server: Server, page: Page) -> None:
    problems, held = watch(page), list[Route]()
    log_in(page, "owner@acme.example")
    page.route(COUNTS, lambda route: held.append(route))  # a method of C cannot be a handler
    with page.expect_request(COUNTS):
        page.goto(LIST)
    before = places(page)
    tab = page.locator("#tab-voicemail")
    expect(tab).to_have_text("Voicemail ")
    tab.focus()
    page.evaluate("document.querySelector('#today').textContent = 'as it was'")
    held[0].continue_()
    expect(page.get_by_role("link", name="Voicemail 1 call", exact=True)).to_be_focused()
    expect(page.locator(f"#tab-{leaks.pk}")).to_contain_text("1 call")
    expect(page.locator("#today")).to_contain_text("Today 1 call came in,")
    assert places(page) == before
    page.evaluate("document.body.dispatchEvent(new Event('calls:news'))")
    assert len(held) == 1  # ten seconds have not passed
    page.unroute(COUNTS)
    page.route(COUNTS, lambda route: route.fulfill(status=503, body="<h1>Away</h1>"))
    with page.expect_response(COUNTS):
        page.reload()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    expect(tab).to_have_text("Voicemail ")
    assert [text for text in problems if "503" not in text] == []


@pytest.fixture
def missed(world: World) -> list[Call]:
    return [miss(world, add_lead(world.acme)) for _ in range(2)]


def test_what_was_closed_at_once_is_off_the_counts_with_the_answer(
    missed: list[Call], server: Server, page: Page
) -> None:
    log_in(page, "owner@acme.example")
    page.goto(LIST)
    expect(page.locator("#tab-owed")).to_contain_text("2 calls")
    page.evaluate("document.body.dispatchEvent(new Event('calls:news'))")  # the next may come in ten seconds
    page.wait_for_timeout(500)
    page.locator(f"#call-{missed[0].pk} input[name=call]").click()
    page.locator("#bulk").get_by_role("button", name="Actions").click()
    page.locator("#bulk [name=reason]").select_option("not_needed")
    page.locator("#bulk").get_by_role("button", name="Close callbacks").click()
    expect(page.locator("#tab-owed")).to_contain_text("1 call", timeout=3_000)
    expect(page.locator("#owed")).to_contain_text("1 person")
