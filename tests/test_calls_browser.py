"""The list of calls in a real browser while calls come in: it changes in place, and nothing moves by itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from callcrm.testing import NUMBER, World, add_call, add_lead, sid
from telephony import editing
from telephony.models import Call, Outcome
from telephony.providers.base import CallState
from telephony.tests.live_clients import Server
from tests.browser import deliver, log_in, meanwhile, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CALLER = "+12065550147"
LIST = "/b/acme/calls/"


@pytest.fixture
def nora(world: World) -> Call:
    """A call that stands in the list, of Nora."""
    lead = add_lead(world.acme, name="Nora Quill", phones=[CALLER])
    return add_call(world.acme, lead, started_at=now() - timedelta(minutes=5))


def open_list(page: Page, path: str = LIST) -> list[str]:
    problems = watch(page)
    log_in(page, "owner@acme.example")
    page.goto(path)
    page.wait_for_timeout(500)  # the feed is being opened
    return problems


def ring(server: Server, **more: str) -> str:
    """Let somebody else ring."""
    call = sid("CA")
    about = {"CallSid": call, "From": "+13035550111", "To": NUMBER, "Direction": "inbound"}
    deliver(server, "voice", about | {"CallStatus": "ringing"} | more)
    return call


def tag(world: World, call: Call, word: str) -> None:
    def act() -> None:
        with world.inside():
            editing.update_call(call, {"tags": [word]}, by=world.owner)

    meanwhile(act)


def bar(page: Page):
    return page.locator("#news [data-bring-in]")


def parted(page: Page) -> Any:
    """What stands in the list from above, days and calls."""
    return page.evaluate("[...document.querySelectorAll('#rows tbody tr')].map(row => row.id)")


def by_day(world: World) -> list[str]:
    """What should stand there."""
    found: list[str] = []
    with world.inside():
        for call in Call.objects.order_by("-started_at", "-id"):
            day = f"day-{call.started_at.astimezone(world.acme.tz).date()}"
            found += [f"call-{call.pk}"] if day in found else [day, f"call-{call.pk}"]
    return found


def begun(world: World, call: Call, at: datetime) -> None:
    with world.inside():
        Call.objects.filter(pk=call.pk).update(started_at=at)


def ended(world: World, call: Call) -> None:
    def act() -> None:
        with world.inside():
            Call.objects.filter(pk=call.pk).update(state=CallState.NO_ANSWER, outcome=Outcome.MISSED)

    meanwhile(act)


def shown(page: Page) -> Any:
    return page.evaluate("[...document.querySelectorAll('#rows tbody tr[id^=call-]')].map(row => row.id)")


def beside_the_day(page: Page) -> bool:
    """Say whether the bar lies within the line of the first day, and not over what stands in it."""
    line, pill = page.locator(".dayrow").first.bounding_box(), bar(page).bounding_box()
    words = page.evaluate("""() => {
      const range = document.createRange();
      range.selectNodeContents(document.querySelector(".dayrow .day"));
      return range.getBoundingClientRect().right;
    }""")
    assert line
    assert pill
    inside = line["y"] - 1 <= pill["y"] and pill["y"] + pill["height"] <= line["y"] + line["height"] + 1
    return bool(inside and words < pill["x"])


def test_new_calls_wait_behind_a_bar_until_somebody_brings_them_in(
    world, nora, server: Server, page: Page
) -> None:
    meanwhile(lambda: begun(world, nora, now() - timedelta(days=1)))
    problems = open_list(page)
    expected: list[str] = []
    title = page.locator(f"#call-{nora.pk} .title a")
    title.focus()
    ring(server)
    ring(server)
    expect(bar(page)).to_contain_text("2 new calls")
    assert shown(page) == [f"call-{nora.pk}"]
    ring(server)
    expect(bar(page)).to_contain_text("3 new calls")
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert beside_the_day(page), f"at {width} the bar lies over a day's name or a row"
    page.keyboard.press(".")
    expect(page.locator("#rows tbody tr[id^=call-]")).to_have_count(4)
    assert shown(page)[-1] == f"call-{nora.pk}"
    expect(bar(page)).to_have_count(0)
    ring(server)
    expect(bar(page)).to_contain_text("1 new call")
    page.locator("input[name=q]:visible").first.press(".")
    page.wait_for_timeout(300)
    expect(bar(page)).to_be_visible()
    title.focus()
    page.keyboard.press(".")
    expect(page.locator("#rows tbody tr[id^=call-]")).to_have_count(5)
    meanwhile(lambda: expected.extend(by_day(world)))
    assert parted(page) == expected
    expect(title).to_be_focused()
    expect(page.locator("#today")).to_contain_text("4 calls")
    assert problems == []


def test_who_clicks_the_bar_stands_on_the_first_new_row(nora, server: Server, page: Page) -> None:
    open_list(page)
    ring(server)
    bar(page).click()
    expect(page.locator("#rows tbody tr[id^=call-]")).to_have_count(2)
    expect(page.locator("#rows tbody tr[id^=call-]").first.locator(".title a")).to_be_focused()


@pytest.fixture
def later(world: World, nora: Call) -> Call:
    return add_call(world.acme, add_lead(world.acme, name="Ira Penn"), state=CallState.RINGING, outcome=None)


def test_a_row_that_is_shown_changes_in_its_place(world, nora, later, server: Server, page: Page) -> None:
    open_list(page)
    before = shown(page)
    page.locator(f"#call-{later.pk} input[name=call]").check()
    page.locator(f"#call-{nora.pk} [data-reveal]").focus()
    ended(world, later)
    tag(world, nora, "leak")
    tag(world, later, "storm")
    expect(page.locator(f"#call-{nora.pk}")).to_contain_text("leak")
    expect(page.locator(f"#call-{later.pk}")).to_contain_text("storm")
    expect(page.locator(f"#call-{later.pk} .c-caller .disc")).to_have_class("disc bad")
    expect(page.locator(f"#call-{later.pk} input[name=call]")).to_be_checked()
    assert shown(page) == before == [f"call-{later.pk}", f"call-{nora.pk}"]
    expect(page.locator(f"#call-{nora.pk} [data-reveal]")).to_be_focused()
    expect(bar(page)).to_have_count(0)


@pytest.fixture
def missed(world: World) -> Call:
    return add_call(world.acme, outcome=Outcome.MISSED, answered_at=None)


def test_only_calls_that_match_the_filters_are_announced(missed, server: Server, page: Page) -> None:
    open_list(page, f"{LIST}?outcome=missed")
    call = ring(server)
    page.wait_for_timeout(2500)
    expect(bar(page)).to_have_count(0)
    about = {"CallSid": call, "From": "+13035550111", "To": NUMBER, "Direction": "inbound"}
    deliver(
        server,
        "voice-status",
        about | {"CallStatus": "completed", "CallDuration": "70", "SequenceNumber": "4"},
    )
    expect(bar(page)).to_contain_text("1 new call")
    assert shown(page) == [f"call-{missed.pk}"]


def test_a_number_that_somebody_reads_stays_while_its_row_changes(
    world, nora, server: Server, page: Page
) -> None:
    open_list(page)
    row = page.locator(f"#call-{nora.pk}")
    row.locator("[data-reveal]").click()
    page.get_by_role("button", name="To call back").click()
    expect(row.locator("[data-remask]")).to_contain_text("0147")
    tag(world, nora, "leak")
    expect(row).to_contain_text("leak")
    expect(row.locator("[data-remask]")).to_contain_text("0147")
    ring(server)
    expect(bar(page)).to_be_visible()
    page.keyboard.press(".")
    expect(page.locator("#rows tbody tr[id^=call-]")).to_have_count(2)
    expect(row.locator("[data-remask]")).to_contain_text("0147")
    page.keyboard.press("Escape")
    expect(row.locator("[data-remask]")).to_have_count(0)


@pytest.fixture
def calls(world: World) -> list[Call]:
    at = now() - timedelta(hours=2)
    return [add_call(world.acme, started_at=at + timedelta(seconds=n)) for n in range(52)]


def test_a_page_further_back_is_told_of_nothing_new(world, calls, server: Server, page: Page) -> None:
    open_list(page)
    page.get_by_role("link", name="Older").click()
    page.wait_for_url("**cursor=**")
    page.wait_for_timeout(500)
    ring(server)
    tag(world, calls[0], "leak")
    expect(page.locator(f"#call-{calls[0].pk}")).to_contain_text("leak")
    expect(bar(page)).to_have_count(0)
    assert len(shown(page)) == 2


def test_no_row_moves_when_it_rings_and_when_a_call_ends(calls, server: Server, page: Page) -> None:
    """Whoever reaches for a row is not to press another one; nor on a phone."""
    open_list(page)
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        row = page.locator(f"#call-{calls[51].pk}")
        before = row.bounding_box()
        call = ring(server)
        expect(page.locator("#live")).to_contain_text("Ringing")
        assert row.bounding_box() == before
        about = {"CallSid": call, "From": "+13035550111", "To": NUMBER, "Direction": "inbound"}
        deliver(server, "voice-status", about | {"CallStatus": "completed", "CallDuration": "70"})
        expect(page.locator("#live")).to_contain_text("No call")
        assert row.bounding_box() == before
