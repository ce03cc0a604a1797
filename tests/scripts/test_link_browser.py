"""A link to the moment where a recording stands: what it says, where it leads, and how it is copied by hand."""

import pytest
from playwright.sync_api import Page, expect

from tests.scripts.stage import HOST, Stage

pytestmark = pytest.mark.browser
PLAYER = """<div data-player="r1" data-stands="{stands}"><span data-said></span>
  <button data-play>Play</button><button data-link="/b/acme/calls/c1/"><span data-link-words></span></button>
  <input data-link-field hidden></div>"""
COPY = "[data-link]"


@pytest.fixture
def stage(page: Page) -> Stage:
    page.add_init_script("""
      window.copied = [];
      window.refuses = false;
      const writeText = async (text) => { if (refuses) throw new Error("no https"); copied.push(text); };
      Object.defineProperty(navigator, "clipboard", { value: { writeText } });
    """)
    return Stage(page, "player-link")


def player(stands: float) -> str:
    return PLAYER.format(stands=stands)


def test_it_says_and_copies_the_whole_second_where_the_recording_stands(stage: Stage, page: Page) -> None:
    stage.open(player(83.7))
    expect(page.locator(COPY)).to_have_text("Copy link at 1:23")
    page.locator(COPY).click()
    expect(page.locator("[data-said]")).to_have_text("Link at 1:23 copied")
    assert stage.do("copied") == [f"{HOST}/b/acme/calls/c1/#t=83"]
    expect(page.locator("[data-link-field]")).to_be_hidden()


def test_at_the_beginning_it_is_the_address_of_the_call(stage: Stage, page: Page) -> None:
    stage.open(player(0))
    page.locator(COPY).click()
    expect(page.locator("[data-said]")).to_have_text("Link at 0:00 copied")
    assert stage.do("copied") == [f"{HOST}/b/acme/calls/c1/"]


def test_its_words_follow_the_recording(stage: Stage, page: Page) -> None:
    stage.open(player(0))
    expect(page.locator(COPY)).to_have_text("Copy link at 0:00")
    stage.do("document.querySelector('[data-player]').dataset.stands = '61'")
    stage.do(
        "document.querySelector('[data-player]').dispatchEvent(new Event('player:painted', {bubbles: true}))"
    )
    expect(page.locator(COPY)).to_have_text("Copy link at 1:01")


def test_where_copying_is_refused_the_link_is_there_to_be_copied_by_hand(stage: Stage, page: Page) -> None:
    stage.open(player(5))
    stage.do("refuses = true")
    page.locator(COPY).click()
    field = page.locator("[data-link-field]")
    expect(field).to_be_visible()
    expect(field).to_have_value(f"{HOST}/b/acme/calls/c1/#t=5")
    assert page.evaluate("getSelection().toString()").endswith("#t=5")
    expect(page.locator("[data-said]")).to_have_text("Copy it from the field")


def test_who_points_at_it_is_back_at_the_player_and_who_presses_it_by_key_stays(
    stage: Stage, page: Page
) -> None:
    stage.open(player(5))
    page.locator(COPY).click()
    expect(page.locator("[data-play]")).to_be_focused()
    page.locator(COPY).press("Enter")
    expect(page.locator("[data-said]")).to_have_text("Link at 0:05 copied")
    expect(page.locator(COPY)).to_be_focused()
