"""The desk in a real browser: a ring is seen at once, nothing is taken from under who types, keys walk the list."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from callcrm.testing import NUMBER, World, add_call, add_lead, sid
from leads.models import Lead
from recordings.models import Recording
from telephony import feed
from telephony.callbacks import ledger
from telephony.models import Outcome
from telephony.tests.live_clients import Server
from tests.browser import deliver, keep_sound, log_in, meanwhile, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CALLER = "+12065550147"
TONES = """
window.tones = 0;
const Real = OscillatorNode;
window.OscillatorNode = class extends Real { start(at) { window.tones += 1; super.start(at); } };
"""
RING = {"From": CALLER, "To": NUMBER, "Direction": "inbound", "CallStatus": "ringing"}


@pytest.fixture(autouse=True)
def nora(world: World) -> Lead:
    """Who calls; two others are owed a call."""
    nora = add_lead(world.acme, name="Nora Quill", phones=[CALLER])
    for hours, name in ((3, "Dana Riverstone"), (2, "Ira Penn")):
        vain = {"outcome": Outcome.MISSED, "answered_at": None, "started_at": now() - timedelta(hours=hours)}
        missed = add_call(world.acme, add_lead(world.acme, name=name), **vain)
        with world.inside():
            ledger.follow_call(missed, by=None)
    return nora


def talk(world: World, people: int, lead: Lead | None = None) -> None:
    """Let as many members talk, each recorded, so that their cards are as high as they get."""
    going_on: dict[str, Any] = {
        "state": "in-progress",
        "outcome": None,
        "ended_at": None,
        "started_at": now(),
    }
    for _ in range(people):
        call = add_call(world.acme, lead, agent=world.user, **going_on)
        with world.inside():
            recording = Recording(business=world.acme, call=call, provider_id=sid("RE"), created_at=now())
            recording.save(force_insert=True)
            feed.tell(world.acme.pk, "call.changed", call.pk, "in-progress")


def test_a_ring_is_seen_at_once_by_who_types_about_somebody_else(server: Server, page: Page) -> None:
    problems = watch(page)
    page.add_init_script(TONES)
    log_in(page, "user@acme.example")
    page.goto("/b/acme/desk/")
    expect(page.locator("#person-name")).to_have_text("Dana R.")
    page.get_by_role("button", name="Sound: off when a call rings").click()  # and hears the tone at once
    expect(page.get_by_role("button", name="Sound: on when a call rings")).to_be_visible()
    assert page.evaluate("tones") == 2
    page.get_by_label("Note for the team").fill("Wants a quote")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.headers.get("hx-target", "")))
    page.wait_for_timeout(2000)  # the feed is being opened, and the tone dies away
    asked.clear()
    deliver(server, "voice", RING | {"CallSid": sid("CA")})
    expect(page.locator("#live [role=status]")).to_contain_text("Nora Q. is ringing")
    expect(page).to_have_title("● Ringing · Desk · Acme Roofing · callcrm")
    expect(page.locator("[data-draft-said]")).to_have_text("Draft kept")
    page.wait_for_timeout(2500)  # longer than the person's fragment is throttled
    assert page.evaluate("tones") == 4  # once for the ring, however often the strip is fetched
    assert not [target for target in asked if "what-happened" in target]
    expect(page).to_have_title("● Ringing · Desk · Acme Roofing · callcrm")  # the list was fetched meanwhile
    expect(page.get_by_label("Note for the team")).to_have_value("Wants a quote")
    page.locator("#live").get_by_role("link", name="Nora Q.").click()
    expect(page.locator("[data-sound]")).to_contain_text("Sound: on")  # kept in this browser
    expect(page.locator("#person-name")).to_have_text("Nora Q.")
    page.go_back()  # what was being written waits
    expect(page.get_by_label("Note for the team")).to_have_value("Wants a quote")
    page.reload()
    expect(page.locator("[data-draft-said]")).to_have_text("Draft, seen by you alone")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#what-happened")).to_contain_text("Wants a quote")
    expect(page.get_by_label("Note for the team")).to_have_value("")
    assert "Wants a quote" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert CALLER not in page.content()
    assert problems == []


def test_nothing_moves_and_what_plays_goes_on_however_many_calls_there_are(
    world: World, nora: Lead, server: Server, page: Page
) -> None:
    problems = watch(page)
    meanwhile(lambda: keep_sound(world, add_call(world.acme, nora), 9))
    log_in(page, "user@acme.example")
    page.goto(f"/b/acme/desk/?lead={nora.pk}")
    stands = page.locator(".desk").bounding_box()
    meanwhile(lambda: talk(world, 4))
    expect(page.locator("#live header [role=status]")).to_contain_text("4 calls going on")
    assert page.locator(".desk").bounding_box() == stands  # however many cards, and however narrow
    latest = page.locator("#latest")
    latest.get_by_role("button", name="Play recording, 0:09").click()
    expect(latest.get_by_role("button", name="Pause recording")).to_be_visible()
    meanwhile(lambda: talk(world, 1, nora))
    expect(page.locator("#what-happened").get_by_text("going on now")).to_have_count(1)
    expect(latest.locator("audio")).to_have_count(1)  # what plays stays, and holds up nothing beside it
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390  # the cards scroll, not the page
    assert CALLER not in page.content()
    assert problems == []


def test_keys_lead_to_the_desk_along_its_list_and_through_its_acts(server: Server, page: Page) -> None:
    log_in(page, "user@acme.example")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/b/acme/desk/")
    page.keyboard.press("j")
    page.keyboard.press("n")  # an act is for whom one has reached in the list, not for who was shown before
    expect(page.locator("#person-name")).to_have_text("Ira P.")
    expect(page.locator(".person textarea[name=body]")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#person-name")).to_have_text("Dana R.")
    at_dana = page.url
    page.keyboard.press("o")  # what came of it, and on with the next: no mouse, and the focus stays
    page.keyboard.type("Booked")
    page.keyboard.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("Saved.")
    expect(page.locator("#outcome")).to_have_value("Booked")
    expect(page.locator("#outcome")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close").press("Enter")
    page.get_by_role("button", name="Wrong number").press("Enter")
    expect(page.locator("#person-name")).to_have_text("Ira P.")
    expect(page.locator("#person-acts").get_by_role("button", name="Take it")).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("#person-name")).to_have_text("Dana R.")
    expect(page.locator("#person-acts").get_by_role("button", name="Take it")).to_be_focused()
    page.get_by_role("link", name="Ira P.").click()
    page.route("**/moves/", lambda route: route.fulfill(status=503, body="Later."))
    page.get_by_role("button", name="Save the follow-up").press("Enter")
    expect(page.locator("body")).to_have_text("Later.")
    page.goto(at_dana.split("#")[0])
    expect(page.locator("#person-name")).to_have_text("Dana R.")
    expect(page.locator("body")).to_be_focused()  # what was done was done to somebody else
    page.goto("/b/acme/desk/")
    for key, place in (("f", "select[name=status]"), ("n", "textarea[name=body]")):
        page.keyboard.press(key)
        expect(page.locator(f".person {place}")).to_be_focused()
        page.keyboard.press("Escape")
    assert "Booked" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


def test_who_acts_on_a_phone_comes_back_to_the_person(server: Server, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 320})
    log_in(page, "user@acme.example")
    page.goto("/b/acme/desk/")
    page.locator("#outcome").fill("Estimate")
    page.locator(".outcome").get_by_role("button", name="Save").click()
    expect(page.locator(".toasts")).to_contain_text("Saved.")
    expect(page.locator("#person-name")).to_be_in_viewport()  # below the list, and come back to
