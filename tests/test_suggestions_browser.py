"""Words that are suggested while somebody types, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from callcrm.testing import World, add_call
from telephony.models import Call
from telephony.tests.live_clients import Server
from tests.browser import log_in, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def call(world: World) -> Call:
    add_call(world.acme, tags=["roof"])
    return add_call(world.acme, tags=["leak"])


def test_the_word_after_a_comma_is_suggested_behind_those_that_stand_there(
    server: Server, page: Page, call: Call
) -> None:
    problems = watch(page)
    log_in(page, "user@acme.example")
    page.goto(f"/b/acme/calls/{call.pk}/")
    field = page.get_by_label("Tags")
    leak, roof = (page.locator(f"#known-tags option[data-word={word}]") for word in ("leak", "roof"))
    field.press("End")
    field.press_sequentially(", r")
    expect(roof).to_have_attribute("value", "leak, roof")
    expect(leak).to_be_disabled()
    field.fill("")
    field.press_sequentially("r")
    expect(roof).to_have_attribute("value", "roof")
    field.fill("leak, roof")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[role=status]", has_text="Saved.")).to_be_visible()
    assert problems == []
