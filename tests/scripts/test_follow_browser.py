"""How the list of calls follows what it is told, on rows made for it: what is asked, what changes, what stays."""

import pytest
from playwright.sync_api import Page, expect

from tests.scripts.stage import Stage

pytestmark = pytest.mark.browser
MOST = 50  # rows of a page


@pytest.fixture
def stage(page: Page) -> Stage:
    return Stage(page, "calls-follow")


def row(name: str, said: str = "Ringing", more: str = "") -> str:
    return f"""<tr id="call-{name}"><td><input type="checkbox" name="call"></td>
      <td class="title"><a href="#">{said}</a></td>
      <td data-keep><a href="#" aria-expanded="false">Details</a></td></tr>{more}"""


def rows(*each: str) -> str:
    asks = 'data-rows="/rows" data-news="/news" data-day-ends="3600"'
    return f'<table id="rows" {asks}><tbody>{"".join(each)}</tbody></table>'


def listing(*each: str) -> str:
    return f'<div id="news"></div><p id="today">0 calls</p>{rows(*each)}<input id="q">'


def names(page: Page) -> list[str | None]:
    return [row.get_attribute("id") for row in page.locator("#rows tbody tr").all()]


def bar(many: int = 1) -> str:
    return f"<button data-bring-in>{many} new calls</button>"


def test_a_hidden_page_asks_for_nothing_until_it_is_seen_again(stage: Stage) -> None:
    stage.open(listing(row("a")))
    stage.hide(hidden=True)
    stage.tell("call", "a")
    assert stage.asked() == []
    stage.hide(hidden=False)
    assert "/rows?call=a" in stage.asked()


def test_what_was_opened_or_ticked_in_a_row_stays_so_when_the_row_changes(stage: Stage, page: Page) -> None:
    stage.open(listing(row("a")))
    stage.do("document.querySelector('#call-a [data-keep] a').setAttribute('aria-expanded', 'true')")
    page.locator("#call-a input").check()
    stage.answer("/rows", f"<table>{row('a', 'Answered').replace('name=', 'title=now name=')}</table>")
    stage.tell("call", "a")
    expect(page.locator("#call-a .title")).to_have_text("Answered")
    expect(page.locator("#call-a [title=now]")).to_be_checked()
    expect(page.locator("#call-a [data-keep] a")).to_have_attribute("aria-expanded", "true")


def test_who_is_logged_out_meanwhile_is_sent_to_log_in(stage: Stage, page: Page) -> None:
    stage.open(listing(row("a")))
    stage.answer("/rows", "Log in", goes="redirected")
    with page.expect_navigation():
        stage.tell("call", "a")
    assert stage.opened == 2


def test_more_than_a_page_of_recordings_are_asked_for_in_parts(stage: Stage) -> None:
    stage.open(listing(row("a")))
    stage.do(f"""for (let at = 0; at <= {MOST}; at++)
      document.body.dispatchEvent(new CustomEvent("live:recording.changed", {{detail: {{id: `r${{at}}`}}}}))""")
    stage.wait(3)
    asked = [question.count(",") + 1 for question in stage.asked() if question.startswith("/rows?recording=")]
    assert asked == [MOST, 1]


def test_the_first_call_of_an_empty_list_brings_the_list(stage: Stage, page: Page) -> None:
    stage.open(listing())
    stage.answer("/", listing(row("first")))
    stage.tell("call", "first")
    expect(page.locator("#call-first")).to_be_visible()


def test_only_what_was_brought_in_last_is_marked_as_new(stage: Stage, page: Page) -> None:
    stage.open(listing(row("a")))
    for found in (("b", "a"), ("c", "b", "a")):
        stage.answer("/news", bar())
        stage.answer("/", listing(*map(row, found)))
        stage.tell("call", found[0])
        page.locator("[data-bring-in]").click()
        expect(page.locator(f"#call-{found[0]}")).to_be_visible()
    assert page.evaluate("[...document.querySelectorAll('.fresh')].map(row => row.id)") == ["call-c"]


def test_who_stands_on_the_bar_stays_there_while_the_same_is_said(stage: Stage, page: Page) -> None:
    stage.open(listing(row("a")))
    stage.answer("/news", bar())
    stage.tell("call", "b")
    page.locator("[data-bring-in]").focus()
    stage.tell("call", "b")
    expect(page.locator("[data-bring-in]")).to_be_focused()


def test_a_gap_below_what_is_new_begins_the_list_anew_and_asks_who_has_a_row_open(
    stage: Stage, page: Page
) -> None:
    stage.open(listing(row("a")))
    stage.answer("/news", bar(60))
    stage.answer("/", listing(row("z")))
    stage.tell("call", "z")
    page.locator("[data-bring-in]").click()
    expect(page.locator("#call-z")).to_be_visible()
    assert (names(page), stage.opened) == (["call-z"], 1)
    stage.open(listing(row("a", more='<tr class="detail"></tr>')))
    stage.answer("/news", bar(60))
    stage.answer("/", listing(row("z")))
    stage.tell("call", "z")
    with page.expect_navigation():
        page.locator("[data-bring-in]").click()
    assert stage.opened == 3


def test_a_full_page_takes_nothing_in_below_its_last_row(stage: Stage, page: Page) -> None:
    shown = [f"c{at}" for at in range(MOST)]
    stage.open(listing(*map(row, shown)))
    stage.answer("/news", bar())
    stage.answer("/", listing(*map(row, ["new", *shown[2:], "older"])))
    stage.tell("call", "new")
    page.locator("[data-bring-in]").click()
    expect(page.locator("#call-new")).to_be_visible()
    assert names(page)[-1] == f"call-c{MOST - 1}"


def test_a_dot_typed_into_a_field_is_a_dot(stage: Stage, page: Page) -> None:
    stage.open(listing(row("a")))
    stage.answer("/news", bar())
    stage.answer("/", listing(row("b"), row("a")))
    stage.tell("call", "b")
    page.locator("#q").press(".")
    assert names(page) == ["call-a"]
    page.locator("#call-a a").first.press(".")
    expect(page.locator("#call-b")).to_be_visible()


def test_at_midnight_every_row_is_asked_for_again_and_a_day_later_too(stage: Stage) -> None:
    stage.open(listing(row("a"), row("b")))
    stage.wait(3_603)
    assert "/rows?call=a,b" in stage.asked()
    stage.wait(86_400)
    assert "/rows?call=a,b" in stage.asked()


def test_who_has_marked_words_is_asked_to_wait_and_gets_them_changed_later(stage: Stage, page: Page) -> None:
    stage.open(listing(row("a")))
    stage.do("getSelection().selectAllChildren(document.querySelector('#call-a .title'))")
    stage.answer("/rows", f"<table>{row('a', 'Answered')}</table>")
    stage.tell("call", "a")
    expect(page.locator("#call-a .title")).to_have_text("Ringing")
    stage.do("getSelection().removeAllRanges()")
    stage.wait(4)
    expect(page.locator("#call-a .title")).to_have_text("Answered")


@pytest.mark.parametrize("how", ["failed", "broken"])
def test_after_a_look_without_an_answer_all_that_is_shown_is_asked_for(stage: Stage, how) -> None:
    stage.open(listing(row("a"), row("b")))
    stage.answer("/rows", goes=how)
    stage.tell("call", "a")
    assert "/rows?call=a" in stage.asked()
    stage.answer("/rows")
    stage.wait(8)
    assert "/rows?call=a,b" in stage.asked()
