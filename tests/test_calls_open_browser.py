"""A call is opened below its row in a real browser, heard and written about, without leaving the list."""

from datetime import timedelta

import pytest
from django.utils.timezone import now
from playwright.sync_api import Dialog, Page, expect

from audit.models import Entry
from callcrm.testing import World, add_call, add_lead
from recordings.models import Playback
from telephony.models import Call
from telephony.tests.live_clients import Server
from tests.browser import keep_sound, log_in, meanwhile, watch
from tests.test_pages_browser import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/b/acme/calls/"
PLAYING = "[...document.querySelectorAll('audio')].filter(audio => !audio.paused).length"
AT = "document.querySelector('audio').currentTime"


@pytest.fixture
def calls(world: World) -> list[Call]:
    """Two calls, the newest first; of each a minute is kept."""
    found = []
    for minutes, name in ((1, "Nora Quill"), (9, "Ira Penn")):
        call = add_call(
            world.acme, add_lead(world.acme, name=name), started_at=now() - timedelta(minutes=minutes)
        )
        keep_sound(world, call, 60)
        found.append(call)
    return found


@pytest.fixture
def nora(calls: list[Call], server: Server, page: Page) -> Page:
    log_in(page, "owner@acme.example")
    page.goto(LIST)
    page.wait_for_timeout(500)  # the feed is being opened
    return page


def until(page: Page, holds: str) -> None:
    for _ in range(150):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(100)
    raise AssertionError(holds)


def test_a_call_opens_below_its_row_and_closes_with_the_focus_kept(calls, nora: Page) -> None:
    problems = watch(nora)
    detail = nora.locator(f"#detail-{calls[0].pk}")
    title = nora.locator(f"#call-{calls[0].pk} .title a")
    nora.keyboard.press("j")
    expect(title).to_be_focused()
    nora.keyboard.press("Enter")
    expect(detail).to_contain_text("Incoming call")
    expect(detail.get_by_role("link", name="Open lead")).to_be_visible()
    expect(title).to_be_focused()
    expect(nora.locator(f"#call-{calls[0].pk} [data-open]")).to_have_attribute("aria-expanded", "true")
    nora.keyboard.press("j")
    expect(nora.locator(f"#call-{calls[1].pk} .title a")).to_be_focused()
    nora.keyboard.press("k")
    nora.keyboard.press("Escape")
    expect(detail).to_have_count(0)
    expect(title).to_be_focused()
    nora.locator(f"#call-{calls[0].pk} [data-open]").click()
    expect(detail).to_contain_text("Incoming call")
    assert nora.url.endswith(LIST)
    assert axe(nora) == []
    assert problems == []


def test_a_recording_plays_in_the_row_and_what_is_open_follows_it(world, calls, nora: Page) -> None:
    problems = watch(nora)
    nora.keyboard.press("j")
    nora.keyboard.press("Space")
    until(nora, f"{PLAYING} === 1 && {AT} > 0.1")
    nora.keyboard.press("Enter")
    detail = nora.locator(f"#detail-{calls[0].pk}")
    slider = detail.get_by_role("slider", name="Position in the recording")
    expect(slider).to_be_enabled()
    nora.keyboard.press("ArrowRight")
    until(nora, f"{AT} > 5")
    nora.keyboard.press("]")
    expect(detail.get_by_role("button", name="Speed")).to_have_text("1.25×")
    detail.get_by_role("button", name="Pause recording").click()
    until(nora, f"{PLAYING} === 0")
    detail.get_by_role("button", name="Play recording").click()
    until(nora, f"{PLAYING} === 1")
    detail.get_by_role("button", name="Copy link").click()
    expect(detail.locator("[data-said]")).not_to_be_empty()
    nora.keyboard.press("Escape")
    expect(detail).to_have_count(0)  # what it wrote into its own field is nobody's to save
    until(nora, f"{PLAYING} === 1")
    nora.locator(f"#call-{calls[1].pk}").get_by_role("button", name="Play recording").click()
    until(nora, f"document.querySelectorAll('audio').length === 2 && {PLAYING} === 1")
    heard: list[int] = []
    meanwhile(lambda: heard.extend(_heard(world)))
    assert heard == [2, 2]  # one entry and one link for each
    assert problems == []


def _heard(world: World) -> list[int]:
    with world.inside():
        return [Entry.objects.filter(name="recording.played").count(), Playback.objects.count()]


def test_what_is_written_below_a_row_is_saved_and_seen_in_it(calls, nora: Page) -> None:
    problems = watch(nora)
    row, detail = nora.locator(f"#call-{calls[0].pk}"), nora.locator(f"#detail-{calls[0].pk}")
    nora.keyboard.press("j")
    nora.keyboard.press("o")
    expect(detail.get_by_label("Outcome")).to_be_focused()
    nora.keyboard.type("Booked")
    nora.keyboard.press("Control+Enter")
    expect(detail.get_by_role("form").get_by_role("status")).to_have_text("Saved.")
    expect(row).to_contain_text("Booked")
    expect(detail.get_by_label("Outcome")).to_be_focused()
    nora.keyboard.press("Escape")
    nora.keyboard.press("n")
    expect(detail.get_by_label("Note")).to_be_focused()
    nora.keyboard.type("Has a dog.")
    nora.keyboard.press("Escape")
    expect(detail).to_be_hidden()  # and not lost
    nora.keyboard.press("t")
    expect(detail.get_by_label("Note")).to_have_value("Has a dog.")
    expect(detail.get_by_label("Tags")).to_be_focused()
    nora.keyboard.type("x" * 50)
    nora.keyboard.press("Control+Enter")
    expect(detail).to_contain_text("of at most 40 characters")
    expect(detail.get_by_label("Tags")).to_be_focused()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    nora.on("dialog", stay)
    nora.get_by_role("link", name="Leads", exact=True).click(no_wait_after=True)
    expect(detail.get_by_label("Tags")).to_have_value("x" * 50)
    assert asked == ["beforeunload"]
    assert nora.url.endswith(LIST)
    assert [line for line in problems if "422" not in line] == []


def test_no_key_reveals_and_letters_after_g_go_elsewhere(calls, nora: Page) -> None:
    nora.keyboard.press("j")
    nora.keyboard.press("r")
    expect(nora.locator(f"#call-{calls[0].pk} [data-reveal]").first).to_be_focused()
    nora.keyboard.press("r")
    expect(nora.locator("#pop:popover-open, .masked.open")).to_have_count(0)
    nora.keyboard.press("g")
    nora.keyboard.press("o")
    nora.wait_for_url("**/b/acme/")


def test_a_key_leads_to_the_button_that_calls_and_presses_nothing(calls, nora: Page) -> None:
    row = nora.locator(f"#call-{calls[0].pk}")
    row.locator(".title a").focus()
    nora.keyboard.press("c")
    button = nora.locator(f"#detail-{calls[0].pk}").get_by_role("button", name="Call Nora Q.")
    expect(button).to_be_focused()
    assert nora.url.endswith(LIST)


def test_who_turns_single_keys_off_is_heard_by_none_of_them(calls, nora: Page) -> None:
    title = nora.locator(f"#call-{calls[0].pk} .title a")
    nora.keyboard.press("?")
    nora.get_by_label("Use shortcuts of a single key").uncheck()
    nora.keyboard.press("Escape")
    nora.reload()
    for key in ("j", "x", "n", "?", "/"):
        nora.keyboard.press(key)
    expect(title).not_to_be_focused()
    expect(nora.get_by_label("Search calls in this list")).not_to_be_focused()
    expect(nora.get_by_role("dialog")).to_have_count(0)
    title.focus()
    nora.keyboard.press("Enter")
    opened = nora.locator(f"#detail-{calls[0].pk}")
    expect(opened).to_contain_text("Incoming call")  # Enter is no single key of ours
    nora.keyboard.press("Escape")
    nora.evaluate("document.getElementById('keys').showModal()")
    nora.get_by_label("Use shortcuts of a single key").check()
    nora.keyboard.press("Escape")
    nora.evaluate("document.activeElement.blur()")  # where closing the dialog has put it
    nora.keyboard.press("j")
    expect(title).to_be_focused()
