"""Calls are chosen in a real browser, changed together and put back, while the list stays as it is."""

from datetime import timedelta

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from callcrm.testing import World, add_call, add_lead
from telephony import editing
from telephony.models import Call
from telephony.tests.live_clients import Server
from tests.browser import log_in, meanwhile, watch
from tests.test_pages_browser import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/b/acme/calls/"


@pytest.fixture
def calls(world: World) -> list[Call]:
    """Four calls, the newest first."""
    at = now() - timedelta(minutes=1)
    return [
        add_call(world.acme, add_lead(world.acme), started_at=at - timedelta(minutes=n)) for n in range(4)
    ]


@pytest.fixture
def opened(calls: list[Call], server: Server, page: Page) -> Page:
    log_in(page, "owner@acme.example")
    page.goto(LIST)
    page.wait_for_timeout(500)  # the feed is being opened
    return page


def box(page: Page, call: Call):
    return page.locator(f"#call-{call.pk} input[name=call]")


def tagged(page: Page, word: str):
    return page.locator("#rows tbody tr", has=page.locator(".tag", has_text=word))


def test_chosen_calls_are_tagged_together_and_put_back(world, calls, opened: Page) -> None:
    problems = watch(opened)
    bar, toasts = opened.locator("#bulk"), opened.locator(".toasts")
    expect(bar).to_be_hidden()
    box(opened, calls[0]).click()
    expect(bar).to_contain_text("1 chosen")
    box(opened, calls[2]).click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 chosen")
    assert axe(opened) == []
    bar.get_by_role("button", name="Actions").click()
    bar.get_by_label("Tag", exact=True).fill("storm")
    bar.get_by_role("button", name="Add tag").dblclick()
    expect(toasts).to_contain_text("Tag “storm” added to 3 calls.")
    expect(tagged(opened, "storm")).to_have_count(3)
    expect(bar).to_be_hidden()

    def touch() -> None:
        with world.inside():
            editing.update_call(calls[1], {"tags": ["storm", "urgent"]}, by=world.user)

    meanwhile(touch)
    expect(tagged(opened, "urgent")).to_have_count(1)
    opened.wait_for_timeout(10_000 - 2_000)  # it has stood there for a while
    toasts.get_by_role("button", name="Undo").click()
    expect(toasts).to_contain_text("Undone for 2 calls. 1 stays as now")
    expect(tagged(opened, "storm")).to_have_count(1)
    expect(toasts.get_by_role("button", name="Undo")).to_have_count(0)
    assert opened.url.endswith(LIST)
    assert problems == []


def test_keys_and_all_choose_and_a_choice_survives_what_the_feed_tells(world, calls, opened: Page) -> None:
    opened.keyboard.press("j")
    opened.keyboard.press("x")
    expect(box(opened, calls[0])).to_be_checked()

    def touch() -> None:
        with world.inside():
            Call.objects.filter(pk=calls[0].pk).update(first_time_caller=True)
            editing.update_call(calls[0], {"tags": ["leak"]}, by=world.user)

    meanwhile(touch)
    expect(tagged(opened, "leak")).to_have_count(1)
    expect(box(opened, calls[0])).to_be_checked()
    opened.locator("#choose-all").click()
    expect(opened.locator("#bulk")).to_contain_text("4 chosen")
    opened.get_by_role("button", name="Actions").click()
    opened.locator("#bulk").get_by_label("Outcome").fill("Booked")
    opened.keyboard.press("Enter")
    expect(opened.locator(".toasts")).to_contain_text("Outcome “Booked” set on 4 calls.")
    expect(opened.locator("#rows .c-tags", has_text="Booked")).to_have_count(4)
    box(opened, calls[3]).click()
    opened.get_by_role("button", name="None").click()
    expect(opened.locator("#bulk")).to_be_hidden()


def test_what_opens_below_a_row_comes_to_lie_beside_no_bar(calls, opened: Page) -> None:
    """Neither the call that is opened nor what the keys reach in it lies under the bar of what is chosen."""
    opened.set_viewport_size({"width": 1366, "height": 768})
    box(opened, calls[0]).click()
    opened.locator(f"#call-{calls[3].pk} [data-open]").click()
    detail, bar = opened.locator(f"#detail-{calls[3].pk}"), opened.locator("#bulk")
    save = detail.get_by_role("button", name="Save")
    expect(save).to_be_in_viewport(ratio=1)
    assert bar.bounding_box()["height"] < 60  # type: ignore[index]
    assert detail.bounding_box()["y"] + detail.bounding_box()["height"] <= bar.bounding_box()["y"]  # type: ignore[index]
    wide = "document.querySelector('.table-wrap').scrollWidth - document.querySelector('.table-wrap').clientWidth"
    assert opened.evaluate(wide) == 0
    opened.evaluate("scrollTo(0, 0)")
    bar.get_by_role("button", name="Actions").focus()
    assert opened.evaluate("scrollY") == 0


def test_on_a_phone_a_slim_bar_opens_what_can_be_done_and_what_is_said_is_seen(calls, opened: Page) -> None:
    opened.set_viewport_size({"width": 390, "height": 844})
    for word in opened.locator(".page-head .fold > span, .tabbed .actions .fold > span").all():
        assert word.bounding_box()["width"] > 20, f"{word.inner_text()} is an icon alone"  # type: ignore[index]
    bar, toasts = opened.locator("#bulk"), opened.locator(".toasts")
    box(opened, calls[0]).click()
    heights = [button.bounding_box()["height"] for button in bar.locator("button:visible").all()]  # type: ignore[index]
    assert heights == [44] * 3
    assert bar.bounding_box()["height"] < 60  # type: ignore[index]
    expect(bar.get_by_role("button", name="Add tag")).to_be_hidden()
    bar.get_by_role("button", name="Actions").click()
    field = bar.get_by_label("Tag", exact=True)
    for _ in range(2):
        bar.get_by_role("button", name="Add tag").click()
        expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(bar.get_by_text("Write the tag first.")).to_have_count(1)
    expect(toasts).to_be_empty()
    expect(box(opened, calls[0])).to_be_checked()
    assert axe(opened) == []
    field.fill("storm")
    bar.get_by_role("button", name="Add tag").click()
    expect(toasts).to_contain_text("Tag “storm” added to 1 call.")
    expect(bar).to_be_hidden()
    expect(toasts.get_by_role("button", name="Undo")).to_be_focused()
    expect(bar.locator("[aria-invalid]")).to_have_count(0)
    line = opened.locator("#undoable")
    expect(line).to_be_hidden()
    toasts.get_by_role("button", name="Dismiss").click()
    expect(line).to_contain_text("Tag “storm” added to 1 call.")
    line.get_by_role("button", name="Undo").click()
    expect(toasts).to_contain_text("Undone for 1 call.")
    expect(line).to_be_hidden()
    expect(tagged(opened, "storm")).to_have_count(0)
