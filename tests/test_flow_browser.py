"""Somebody sets up how his number answers, in a real browser: changes it, tries it, publishes it."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from callcrm.testing import World
from telephony.tests.live_clients import Server
from tests.browser import log_in, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def editor(world: World, server: Server, page: Page) -> Page:
    log_in(page, "owner@acme.example")
    page.goto(f"/b/acme/numbers/{world.number.pk}/flow/")
    return page


def test_a_menu_is_put_in_front_tried_and_published(editor: Page) -> None:
    problems = watch(editor)
    bar = editor.locator(".savebar")
    way = editor.get_by_role("list", name="The way of this call")
    publish = editor.get_by_role("button", name="Publish")
    expect(bar).to_contain_text("Published, no changes")
    expect(publish).to_be_disabled()
    greeting = editor.get_by_role("region", name="1. Greet the caller")
    greeting.get_by_label("Then").select_option("new:menu")
    expect(bar).to_contain_text("Not saved yet")
    expect(publish).to_be_enabled()
    expect(way).to_contain_text("Ask for a key")  # what stands on the page, before it is saved
    greeting.get_by_label("Then").select_option("ring")
    expect(publish).to_be_disabled()
    greeting.get_by_label("Then").select_option("new:menu")
    editor.get_by_role("button", name="Save draft").click()
    expect(bar).to_contain_text("not published yet")
    publish.click()
    expect(editor.get_by_role("alert")).to_contain_text("before publishing")
    expect(bar).to_contain_text("Calls use version 1")
    menu = editor.get_by_role("region", name="2. Ask for a key")
    menu.get_by_label("What is asked").fill("For roofs press 1, or stay on the line.")
    menu.get_by_label("Key 1").select_option("ring")
    menu.get_by_label("No key, or a wrong one").select_option("voicemail")
    menu.get_by_label("What is asked").press("Control+Enter")
    expect(editor.get_by_role("alert")).to_have_count(0)
    expect(way).to_contain_text("Take a message")
    expect(way).not_to_contain_text("Ring people")
    editor.get_by_label("Keys pressed").fill("1")
    editor.get_by_label("Keys pressed").press("Enter")
    expect(way).to_contain_text("Ring people")
    assert editor.url.endswith("/flow/")  # the way was drawn in its place
    publish.click()
    expect(bar).to_contain_text("Version 2")
    expect(editor.get_by_role("heading", name="2. Ask for a key")).to_be_visible()
    assert [
        text for text in problems if "422" not in text
    ] == []  # the browser names the page that was refused


def test_a_trial_that_cannot_be_made_says_why_in_its_place(editor: Page) -> None:
    editor.get_by_label("Caller", exact=True).fill("nobody")
    editor.get_by_role("button", name="Try it").click()
    expect(editor.locator("#what-if")).to_contain_text("Write a number like")
    editor.get_by_label("Caller", exact=True).fill("hidden")
    editor.keyboard.press("Tab")  # what was changed is tried by itself
    expect(editor.get_by_role("list", name="The way of this call")).to_contain_text("Greet the caller")
    editor.get_by_label("Calls at").fill("2026-11-01T01:30")
    editor.get_by_label("Keys pressed").focus()
    editor.get_by_label("The second 1:30 am").check()
    expect(editor.get_by_label("The second 1:30 am")).to_be_checked()


def test_a_number_out_of_bounds_is_told_of_in_our_words_above_the_bar_and_sent_nowhere(editor: Page) -> None:
    ring = editor.get_by_role("region", name="2. Ring people")
    seconds, publish = ring.get_by_label("Ring for, seconds"), editor.get_by_role("button", name="Publish")
    seconds.fill("90")
    seconds.blur()
    expect(seconds).to_have_accessible_description("Enter 5 to 60.")
    fix = editor.locator(".savebar").get_by_role("link", name="Fix 1 thing")
    expect(publish).not_to_have_class(re.compile("primary"))
    editor.get_by_label("Calls begin with").focus()
    publish.click()
    expect(seconds).to_be_focused()
    assert editor.evaluate(
        "document.activeElement.closest('.field').getBoundingClientRect().bottom"
        " <= document.querySelector('.savebar').getBoundingClientRect().top"
    )
    editor.get_by_label("Calls begin with").focus()
    fix.click()
    expect(seconds).to_be_focused()
    seconds.fill("20")
    seconds.blur()
    expect(seconds).not_to_have_attribute("aria-invalid", "true")
    expect(fix).to_have_count(0)
    seconds.fill("45")  # can be saved, and not published: a mobile's mailbox would answer
    publish.click()
    expect(seconds).to_be_focused()
    expect(seconds).to_have_accessible_description(re.compile("mailbox answers"))
    expect(publish).not_to_have_class(re.compile("primary"))


def test_a_page_with_unsaved_work_is_not_left_by_mistake(editor: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    editor.on("dialog", stay)
    ring = editor.get_by_role("region", name="2. Ring people")
    ring.get_by_label("Ring for, seconds").fill("25")
    expect(editor.locator(".savebar")).to_contain_text("Not saved yet")
    editor.get_by_role("link", name="Versions").click()
    expect(ring.get_by_label("Ring for, seconds")).to_have_value("25")
    assert asked == ["beforeunload"]
    editor.get_by_role("button", name="Try it").click()  # tries what is typed, and keeps nothing
    expect(editor.get_by_role("list", name="The way of this call")).to_contain_text("25 seconds")
    editor.get_by_role("link", name="Versions").click(no_wait_after=True)
    expect(ring.get_by_label("Ring for, seconds")).to_have_value("25")
    editor.evaluate("scrollTo(0, 400)")
    editor.get_by_role("button", name="Save draft").click()
    expect(editor.locator(".savebar")).to_contain_text("not published yet")
    assert editor.evaluate("scrollY") == 400
    editor.get_by_role("link", name="Versions").click()
    expect(editor).to_have_url(re.compile("/versions/"))
    assert asked == ["beforeunload"] * 2
