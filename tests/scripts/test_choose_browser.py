"""How calls of the list are chosen, and for how long what was done with them can be taken back, on rows made for it."""

import pytest
from playwright.sync_api import Page, expect

from tests.scripts.stage import Stage

pytestmark = pytest.mark.browser
SHOWN = 15  # seconds that "Undo" stands there
TOAST = '<div class="toast" data-fades>Done <button>Undo</button></div>'
REFUSED = '<div class="notice">Write the tag first.</div>'


@pytest.fixture
def stage(page: Page) -> Stage:
    return Stage(page, "calls-choose")


def listing(*, line: str = "", ticked: str = "") -> str:
    calls = "".join(
        f"""<tr id="call-{at}" tabindex="0"><td><input type="checkbox" name="call" {ticked}></td></tr>
        <tr class="detail" tabindex="0" id="detail-{at}"><td>More</td></tr>"""
        for at in range(4)
    )
    return f"""<input type="checkbox" id="choose-all"><input id="q"><table id="rows">{calls}</table>
      <div id="bulk"><b data-chosen></b><button popovertarget="acts-of-bulk">Actions</button>
      <div id="acts-of-bulk" popover><button id="tag">Add tag</button></div></div><div class="toasts"></div>{line}"""


def swap(stage: Stage, said: str) -> None:
    """As htmx does with what was answered."""
    stage.do(f"document.querySelector('.toasts').insertAdjacentHTML('beforeend', `{said}`)")
    stage.do("document.dispatchEvent(new Event('htmx:after:swap'))")


def box(page: Page, at: int):
    return page.locator(f"#call-{at} input")


def chosen(page: Page) -> int:
    return page.locator("#rows input:checked").count()


def test_shift_takes_everything_between(stage: Stage, page: Page) -> None:
    stage.open(listing())
    box(page, 0).click()
    box(page, 2).click(modifiers=["Shift"])
    assert chosen(page) == 3
    box(page, 3).click()
    box(page, 1).click()
    assert chosen(page) == 3


def test_all_is_half_ticked_while_some_are_chosen(stage: Stage, page: Page) -> None:
    stage.open(listing())
    box(page, 0).click()
    assert page.evaluate("document.querySelector('#choose-all').indeterminate")
    page.locator("#choose-all").click()
    assert chosen(page) == 4
    assert not page.evaluate("document.querySelector('#choose-all').indeterminate")


def test_x_ticks_the_row_in_focus_and_the_row_of_what_is_open_below_it(stage: Stage, page: Page) -> None:
    stage.open(listing())
    page.locator("#q").press("x")
    page.locator("#call-0").press("Control+x")
    assert chosen(page) == 0
    page.locator("#call-0").press("x")
    expect(box(page, 0)).to_be_checked()
    page.locator("#detail-2").press("x")
    expect(box(page, 2)).to_be_checked()


def test_a_page_that_comes_back_counts_the_boxes_that_are_ticked(stage: Stage, page: Page) -> None:
    stage.open(listing())
    stage.do("document.querySelectorAll('#rows input').forEach(box => (box.checked = true))")
    stage.do("dispatchEvent(new Event('pageshow'))")
    expect(page.locator("[data-chosen]")).to_have_text("4 chosen")


def test_what_was_done_lets_go_of_the_choice_and_leads_to_undo(stage: Stage, page: Page) -> None:
    stage.open(listing())
    box(page, 0).click()
    page.locator("#bulk > button").click()
    page.locator("#tag").focus()
    swap(stage, TOAST)
    assert chosen(page) == 0
    expect(page.locator("#acts-of-bulk")).to_be_hidden()
    expect(page.locator(".toast button")).to_be_focused()


def test_undo_goes_after_its_time_and_stays_under_a_hand(stage: Stage, page: Page) -> None:
    stage.open(listing())
    swap(stage, TOAST)
    page.locator(".toast").hover()
    stage.wait(SHOWN + 1)
    expect(page.locator(".toast")).to_have_count(1)
    page.mouse.move(0, 0)
    stage.wait(SHOWN - 2)
    swap(stage, "")  # something else happens: its time is not begun anew, nor is what was chosen since let go
    box(page, 1).click()
    swap(stage, "")
    assert chosen(page) == 1
    stage.wait(3)
    expect(page.locator(".toast")).to_have_count(0)


def test_the_last_refusal_is_the_one_that_stands_and_it_goes_by_itself(stage: Stage, page: Page) -> None:
    stage.open(listing())
    swap(stage, REFUSED)
    swap(stage, REFUSED.replace("the tag", "the outcome"))
    expect(page.locator(".notice")).to_have_text("Write the outcome first.")
    stage.wait(SHOWN + 1)
    expect(page.locator(".notice")).to_have_count(0)


def test_the_line_that_offers_undo_goes_when_it_cannot_be_kept(stage: Stage, page: Page) -> None:
    stage.open(listing(line='<p class="undo" data-left="60">Undo</p>'))
    stage.wait(59)
    expect(page.locator(".undo")).to_have_count(1)
    stage.wait(2)
    expect(page.locator(".undo")).to_have_count(0)
