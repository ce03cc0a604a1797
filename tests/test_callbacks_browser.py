"""The list of callbacks in a real browser, by keyboard: what is done there leaves neither the list nor the focus."""

from datetime import timedelta

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from callcrm.testing import World, add_call, add_lead
from telephony.callbacks import ledger, settling
from telephony.models import Callback, Outcome
from telephony.outgoing import telephones
from telephony.tests.asking import MOBILE
from telephony.tests.live_clients import Server
from tests.browser import log_in, meanwhile, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/b/acme/callbacks/"
NAMES = ("Dana Riverstone", "Ira Penn", "Nora Quill")


@pytest.fixture
def debts(world: World) -> list[Callback]:
    """Three people are owed a call, in this order, by who has a telephone."""
    with world.inside():
        telephones.choose(world.user, MOBILE)
    for hours, name in zip((4, 3, 2), NAMES, strict=True):
        vain = {"outcome": Outcome.MISSED, "answered_at": None, "started_at": now() - timedelta(hours=hours)}
        missed = add_call(world.acme, add_lead(world.acme, name=name), **vain)
        with world.inside():
            ledger.follow_call(missed, by=None)
    with world.inside():
        return list(Callback.objects.order_by("opened_at"))


def open_list(page: Page, path: str = LIST) -> list[str]:
    """Open it, note on it that it was not loaded anew, and return what goes wrong in it."""
    problems = watch(page)
    log_in(page, "user@acme.example")
    page.goto(path)
    page.wait_for_timeout(500)  # the feed is being opened
    page.evaluate("window.stayed = true")
    return problems


def test_the_list_the_scroll_and_the_focus_stay_when_something_is_done(
    debts: list[Callback], server: Server, page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 500})
    problems = open_list(page)
    rows = page.locator("#rows tbody > tr")
    taken, last = rows.nth(2).get_by_role("button", name="Take it"), rows.nth(2)
    taken.scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    taken.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("You took this callback.")
    expect(last.get_by_role("button", name="Give it back")).to_be_focused()
    assert page.evaluate("scrollY") == scrolled > 0
    last.get_by_role("button", name="Close").press("Enter")
    last.get_by_role("button", name="Wrong number").press("Enter")
    expect(rows).to_have_count(2)
    expect(rows.nth(1).locator(".title a")).to_be_focused()
    expect(page.locator("#oldest")).to_contain_text("2 people")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(rows).to_have_count(3)
    expect(last.locator(".title a")).to_be_focused()
    expect(page.locator(".toasts .toast")).to_have_count(1)
    assert page.evaluate("window.stayed")
    assert problems == []


def test_who_is_too_late_is_told_and_goes_on_in_the_list(
    world: World, debts: list[Callback], server: Server, page: Page
) -> None:
    problems = open_list(page)
    page.route("**/callbacks/", lambda route: route.abort())  # what the feed would show is not there yet
    row = page.locator(f"#callback-{debts[1].pk}")
    row.get_by_role("button", name="Close").click()
    row.get_by_label("Something else").fill("Moved away")

    def close() -> None:
        with world.inside():
            settling.close(debts[1], "duplicate", by=world.owner)

    meanwhile(close)
    page.unroute("**/callbacks/")
    row.get_by_label("Something else").press("Enter")
    expect(page.locator(".toasts")).to_contain_text("owner has closed it already: same as another.")
    expect(row).to_have_count(0)
    expect(page.locator(f"#callback-{debts[2].pk} .title a")).to_be_focused()
    assert page.evaluate("window.stayed")
    assert [problem for problem in problems if "ERR_FAILED" not in problem] == []


def test_what_is_closed_is_opened_again_from_its_view_which_stays(
    world: World, debts: list[Callback], server: Server, page: Page
) -> None:
    def close() -> None:
        with world.inside():
            for debt in debts[:2]:
                settling.close(debt, "not_needed", by=world.user)

    meanwhile(close)
    open_list(page, f"{LIST}?view=closed")
    row = page.locator(f"#callback-{debts[1].pk}")
    row.get_by_role("button", name="Open again").press("Enter")
    expect(row).to_have_count(0)
    expect(page.locator(f"#callback-{debts[0].pk} .title a")).to_be_focused()
    assert page.url.endswith("?view=closed")
    assert page.evaluate("window.stayed")


def test_who_calls_back_is_chosen_in_the_row_and_the_focus_stays_there(
    debts: list[Callback], server: Server, page: Page
) -> None:
    problems = open_list(page)
    row = page.locator(f"#callback-{debts[1].pk}")
    row.get_by_role("button", name="Who calls back: Nobody yet").press("Enter")
    row.get_by_role("button", name="user", exact=True).press("Enter")
    expect(page.locator(".toasts")).to_contain_text("You took this callback.")
    expect(row.get_by_role("button", name="Who calls back: user")).to_be_focused()
    page.keyboard.press("Enter")
    row.get_by_role("button", name="admin", exact=True).press("Enter")
    expect(page.locator(".toasts")).to_contain_text("admin calls back.")
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(row.get_by_role("button", name="Who calls back: user")).to_be_visible()
    expect(row.locator(".title a")).to_be_focused()
    assert page.evaluate("window.stayed")
    assert problems == []


def test_who_calls_back_is_chosen_with_a_thumb_and_what_is_done_stands_in_one_line_beside_a_mouse(
    debts: list[Callback], server: Server, page: Page
) -> None:
    page.set_viewport_size({"width": 1366, "height": 900})
    open_list(page)
    row = page.locator("#rows tbody > tr").first
    acts = [row.get_by_role("button", name=name).bounding_box() for name in ("Call back", "Take it", "Close")]
    assert len({round(act["y"]) for act in acts if act}) == 1
    page.set_viewport_size({"width": 390, "height": 844})
    row.get_by_role("button", name="Who calls back: Nobody yet").click()
    row.get_by_role("button", name="admin", exact=True).click()
    expect(page.locator(".toasts")).to_contain_text("admin calls back.")


def test_what_cannot_be_done_is_said_in_a_message(debts: list[Callback], server: Server, page: Page) -> None:
    open_list(page)
    row = page.locator(f"#callback-{debts[0].pk}")
    row.locator("[name=words]").evaluate("box => box.removeAttribute('maxlength')")
    row.get_by_role("button", name="Close").click()
    row.get_by_label("Something else").fill("long " * 50)
    row.get_by_label("Something else").press("Enter")
    expect(page.locator(".toasts")).to_contain_text("Write up to 200 characters.")
    expect(page.locator("#rows tbody > tr")).to_have_count(3)


def test_c_leads_to_the_button_that_calls_the_person_of_the_row(
    debts: list[Callback], server: Server, page: Page
) -> None:
    open_list(page)
    buttons = page.locator("#rows [data-call]")
    page.keyboard.press("c")
    expect(buttons.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(buttons.nth(1)).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/b/acme/calls/")
