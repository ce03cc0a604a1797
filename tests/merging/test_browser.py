"""Somebody merges two cards of one person, in a real browser: finds the other one, looks what moves, confirms."""

import pytest
from playwright.sync_api import Page, expect

from callcrm.testing import World, add_call, add_lead
from leads.models import Lead
from telephony.tests.live_clients import Server
from tests.browser import log_in, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cards(world: World, server: Server) -> tuple[Lead, Lead]:
    kept = add_lead(world.acme, name="Dana Riverstone", phones=["+15035550142"])
    gone = add_lead(world.acme, name="Otto Vance", phones=["+15035550143"], email="otto@example.com")
    add_call(world.acme, gone, disposition="Quote sent")
    return kept, gone


def test_the_other_card_is_found_previewed_and_merged(cards: tuple[Lead, Lead], page: Page) -> None:
    kept, gone = cards
    problems = watch(page)
    log_in(page, "user@acme.example")
    page.goto(f"/b/acme/leads/{kept.pk}/")
    page.get_by_role("link", name="Merge with").click()
    page.get_by_label("Search for the other card").fill("0143")
    page.keyboard.press("Enter")
    found = page.get_by_role("list", name="Found").get_by_role("listitem")
    expect(found).to_have_count(1)
    assert "0143" not in page.url
    found.get_by_role("link", name="Preview").click()
    expect(page.get_by_role("list", name="What moves")).to_contain_text("Calls1")
    page.get_by_role("group", name="Name").get_by_label("of the card that goes").check()
    page.get_by_role("button", name="Merge").click()
    page.wait_for_url(f"**/leads/{kept.pk}/")
    expect(page.get_by_role("heading", name="Otto V.")).to_be_visible()
    expect(page.locator(".tl")).to_contain_text("Quote sent")
    page.goto(f"/b/acme/leads/{gone.pk}/")
    assert page.url.endswith(f"/leads/{kept.pk}/")
    assert problems == []
