"""A recording is played in a real browser: by click and by key, forwards, backwards and at a moment."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from callcrm.testing import World, add_call, add_lead
from telephony.tests.live_clients import Server
from tests.browser import keep_sound, log_in, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECONDS = 120
AT = "(document.querySelector('audio')?.currentTime ?? 0)"
PAUSED = "(document.querySelector('audio')?.paused ?? true)"


@pytest.fixture
def call(world: World, storage_url):
    """A call of which two minutes are kept, both sides apart."""
    call = add_call(world.acme, add_lead(world.acme, name="Nora Quill"))
    keep_sound(world, call, SECONDS)
    return call


@pytest.fixture
def player(call, server: Server, page: Page) -> Page:
    log_in(page, "owner@acme.example")
    page.goto(f"/b/acme/calls/{call.pk}/")
    return page


def until(page: Page, holds: str) -> None:
    """Wait for what the page says; its policy lets nobody evaluate anything in it but the browser itself."""
    for _ in range(150):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(100)
    raise AssertionError(holds)


def test_it_plays_seeks_and_obeys_the_keyboard(player: Page) -> None:
    problems = watch(player)
    asked: list[str] = []
    player.on(
        "response", lambda answer: asked.append(f"{answer.status}") if "/audio/" in answer.url else None
    )
    player.get_by_role("button", name="Play recording").click()
    until(player, f"{AT} > 0.2")
    assert set(asked) == {"206"}
    slider = player.get_by_role("slider", name="Position in the recording")
    slider.evaluate("range => { range.value = 100; range.dispatchEvent(new Event('input')) }")
    until(player, f"{AT} > 100")
    expect(player.locator("[data-at]")).to_contain_text("1:4")
    player.locator("h1").click()
    player.keyboard.press("ArrowLeft")
    until(player, f"{AT} < 100")
    player.keyboard.press("Space")
    until(player, PAUSED)
    expect(player.get_by_role("button", name="Play recording")).to_be_visible()
    player.keyboard.press("]")
    expect(player.get_by_role("button", name="Speed")).to_have_text("1.25×")
    player.keyboard.press("Space")
    until(player, f"!{PAUSED}")
    assert problems == []


def test_a_note_is_written_at_its_moment_and_leads_back_there(player: Page) -> None:
    player.get_by_role("button", name="Play recording").click()
    until(player, f"{AT} > 0.1")
    player.get_by_role("slider").evaluate(
        "range => { range.value = 83; range.dispatchEvent(new Event('input')) }"
    )
    until(player, f"{AT} > 83")
    player.locator("h1").click()
    player.keyboard.press("n")
    player.keyboard.type("Asks for Tuesday.")
    player.get_by_role("button", name="Note", exact=True).click()
    moment = player.get_by_role("button", name="1:2")
    expect(moment).to_be_visible()
    expect(player.locator(".moments")).to_contain_text("Asks for Tuesday.")
    player.get_by_role("slider").evaluate(
        "range => { range.value = 5; range.dispatchEvent(new Event('input')) }"
    )
    moment.click()
    until(player, f"{AT} > 82 && {AT} < 90")


def test_a_link_at_a_moment_begins_there(call, player: Page) -> None:
    player.goto(f"/b/acme/calls/{call.pk}/#t=60")
    player.reload()
    player.get_by_role("button", name="Play recording").click()
    until(player, f"{AT} > 60")
    assert timedelta(seconds=player.evaluate(AT)) < timedelta(seconds=70)
