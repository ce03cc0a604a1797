"""A recording is played in a real browser: by click and by key, forwards, backwards and at a moment."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Business
from callcrm.testing import World, add_call, add_lead
from recordings.listening import notes
from recordings.models import Playback, Recording
from recordings.retention import deletions, holds
from telephony.models import Call
from telephony.problems import reports
from telephony.tests.live_clients import Server
from tests.browser import keep_sound, log_in, meanwhile, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECONDS = 120
SILENT_FROM_40_TO_60 = bytes([200] * 50 + [0] * 25 + [200] * 75)
AT = "(document.querySelector('audio')?.currentTime ?? 0)"
PAUSED = "(document.querySelector('audio')?.paused ?? true)"


@pytest.fixture
def call(world: World):
    """A call of which two minutes are kept, both sides apart."""
    call = add_call(world.acme, add_lead(world.acme, name="Nora Quill"))
    recording = keep_sound(world, call, SECONDS)
    with world.inside():
        Recording.objects.filter(pk=recording.pk).update(peaks=2 * SILENT_FROM_40_TO_60)
    return call


@pytest.fixture
def player(call, server: Server, page: Page) -> Page:
    log_in(page, "owner@acme.example")
    page.goto(f"/b/acme/calls/{call.pk}/")
    page.wait_for_timeout(500)  # the feed is being opened, and may tell of the call that was just made
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
    player.locator(".player:not(.mini) .wave").click()  # in the middle
    until(player, f"{AT} > 50 && document.querySelector('audio').readyState > 1")
    assert set(asked) == {"206"}
    slider = player.get_by_role("slider", name="Position in the recording")
    slider.evaluate("range => { range.value = 100; range.dispatchEvent(new Event('input')) }")
    until(player, f"{AT} > 100")
    expect(player.locator("[data-at]")).to_contain_text("1:4")
    slider.focus()  # where a click into the wave leaves it
    player.keyboard.press("ArrowLeft")
    until(player, f"{AT} < 100")
    player.keyboard.press("Space")
    until(player, PAUSED)
    expect(player.get_by_role("button", name="Play recording")).to_be_visible()
    player.keyboard.press("]")
    speed = player.get_by_role("button", name="Speed")
    expect(speed).to_have_text("1.25×")
    speed.focus()
    player.keyboard.press("Space")  # presses the button, and means no player
    expect(speed).to_have_text("1.5×")
    player.keyboard.press("?")
    expect(player.get_by_role("dialog")).to_be_visible()
    player.keyboard.press("]")  # what is in front of the player hears the keys
    player.keyboard.press("Escape")
    expect(speed).to_have_text("1.5×")
    assert player.evaluate(PAUSED)
    slider.focus()
    player.keyboard.press("Space")
    until(player, f"!{PAUSED}")
    assert problems == []


def stays_as_typed_past_the_end(player: Page, typed: Locator) -> None:
    note = player.get_by_label("Note at this moment")
    typed.fill("5:00")
    note.fill("Asks for Tuesday.")
    player.keyboard.press("Enter")
    expect(player.get_by_role("alert").filter(has_text="The recording is 2:00 long.")).to_be_visible()
    expect(note).to_have_value("Asks for Tuesday.")
    expect(typed).to_have_value("5:00")
    note.fill("")
    typed.fill("")


def begun_at_its_moment(player: Page, typed: Locator) -> str:
    """Begin a note by key while it plays on, and return the moment that it keeps."""
    player.locator("h1").click()
    seek(player, 83)
    player.keyboard.press("n")
    begun = player.evaluate(AT)
    player.keyboard.type("Asks for Tuesday.")
    stands = typed.input_value()
    until(player, f"{AT} > {begun} + 1.5")
    expect(typed).to_have_value(stands)
    player.locator("h1").click()
    return stands


def test_a_note_is_written_at_its_moment_and_leads_back_there(world: World, call: Call, player: Page) -> None:
    typed = player.get_by_label("At", exact=True)
    typed.fill("0:07")
    player.locator("h1").click()
    meanwhile(lambda: tell_of_a_problem(world, call))  # the page fetches what has changed
    expect(player.locator("#problems")).to_contain_text("Poor audio")
    expect(typed).to_have_value("0:07")
    typed.fill("")
    player.get_by_role("button", name="Play recording").click()
    until(player, f"{AT} > 0.1")
    player.get_by_role("slider").evaluate(
        "range => { range.value = 83; range.dispatchEvent(new Event('input')) }"
    )
    until(player, f"{AT} > 83")
    expect(typed).to_have_value(re.compile("1:2"))  # what was emptied follows the player again
    typed.fill("0:07")
    player.locator("h1").click()
    until(player, f"{AT} > 84")
    expect(typed).to_have_value("0:07")  # the player goes on, and leaves alone what somebody has typed
    stays_as_typed_past_the_end(player, typed)
    stands = begun_at_its_moment(player, typed)
    player.keyboard.press("Space")
    until(player, PAUSED)
    player.get_by_role("button", name="Note", exact=True).click()
    moment = player.locator("[data-moment]")  # the link to a moment may say the same
    expect(moment).to_have_text(stands)
    expect(player.locator(".moments")).to_contain_text("Asks for Tuesday.")
    assert player.evaluate(PAUSED)  # the note came anew, the sound did not
    player.get_by_role("slider").evaluate(
        "range => { range.value = 5; range.dispatchEvent(new Event('input')) }"
    )
    moment.click()
    until(player, f"{AT} > 82 && {AT} < 90")


def tell_of_a_problem(world: World, call: Call) -> None:
    with world.inside():
        reports.report(call, "poor_audio", "", by=world.admin)


def started_and_paused(player: Page) -> None:
    player.get_by_role("button", name="Play recording").first.click()
    until(player, f"{AT} > 0.1")
    player.get_by_role("button", name="Pause recording").first.click()
    until(player, PAUSED)


def deleted(world: World, call: Call) -> None:
    with world.inside():
        recording = Recording.objects.get(call=call)
        deletions.delete(recording, Recording.Rule.CARD_DATA, by=world.owner)


@pytest.mark.parametrize("place", ["calls/{call}/", "calls/", "leads/{lead}/", "desk/?lead={lead}"])
def test_what_is_deleted_goes_from_where_somebody_listens(
    world: World, call: Call, player: Page, place: str
) -> None:
    problems = watch(player)
    player.goto("/b/acme/" + place.format(call=call.pk, lead=call.lead_id))
    player.wait_for_timeout(500)
    started_and_paused(player)
    meanwhile(lambda: deleted(world, call))
    expect(player.locator("[data-player], audio")).to_have_count(0)
    if "call" in place:
        expect(player.get_by_text("eleted: it held card data").first).to_be_visible()
    assert problems == []


def test_around_who_listens_the_page_goes_on(world: World, call: Call, player: Page) -> None:
    def noted_and_held() -> None:
        with world.inside():
            recording = Recording.objects.select_related("call__lead").get(call=call)
            notes.add(recording, 3, "Wants a quote.", by=world.owner)
            holds.hold(recording, Recording.HoldReason.LAWSUIT, by=world.owner)

    player.get_by_role("button", name="Play recording").click()
    until(player, f"{AT} > 0.1")
    meanwhile(noted_and_held)
    expect(player.get_by_role("button", name="Lift the hold")).to_be_visible()
    expect(player.locator(".moments")).to_contain_text("Wants a quote.")
    assert not player.evaluate(PAUSED)
    expect(player.get_by_role("slider")).to_be_enabled()


@pytest.mark.parametrize("place", ["calls/{call}/", "calls/"])
def test_on_a_phone_the_button_is_as_large_as_others(call: Call, player: Page, place: str) -> None:
    browser = player.context.browser
    assert browser is not None
    phone = browser.new_context(
        storage_state=player.context.storage_state(),
        base_url=player.url.partition("/b/")[0],
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    ).new_page()
    phone.goto("/b/acme/" + place.format(call=call.pk))
    button = phone.get_by_role("button", name="Play recording")
    expect(button).to_have_css("width", "40px")
    expect(button).to_have_css("height", "40px")
    phone.context.close()


def seek(page: Page, seconds: float) -> None:
    slide = "(range, to) => { range.value = to; range.dispatchEvent(new Event('input')) }"
    page.get_by_role("slider").evaluate(slide, seconds)
    until(page, f"{AT} >= {seconds} && {AT} < {seconds + 3}")


def test_a_part_is_repeated_silence_skipped_and_a_moment_linked_to(call, player: Page) -> None:
    problems = watch(player)
    player.locator("[data-loop]").click()
    expect(player.locator("[data-said]")).to_have_text("Play it first")
    player.get_by_role("button", name="Play recording").click()
    until(player, f"{AT} > 0.1")
    repeat_a_part(player)
    seek(player, 45)
    skip = player.get_by_role("button", name="Skip 0:19 of silence")
    skip.click()
    until(player, f"{AT} >= 59.7")
    link_to_a_moment(player, call)
    seek(player, 45)
    expect(player.get_by_role("button", name="Copy link at 0:45")).to_be_visible()
    assert player.evaluate(AT) < 46  # nothing is skipped before it plays
    player.reload()
    expect(skip).to_have_attribute("aria-pressed", "true")  # the wish is kept in this browser
    assert problems == []


def repeat_a_part(player: Page) -> None:
    """From where a key says to where the button does."""
    said, loop = player.locator("[data-said]"), player.locator("[data-loop]")
    player.locator("h1").click()
    player.keyboard.press("Space")
    until(player, PAUSED)
    seek(player, 20)
    player.locator("h1").click()
    player.keyboard.press("a")
    expect(said).to_contain_text("Repeats from 0:2")
    player.keyboard.press("a")
    expect(said).to_have_text("Too short to repeat")
    player.keyboard.press("Space")
    seek(player, 30)
    loop.click()
    expect(loop).to_have_attribute("aria-pressed", "true")
    expect(loop).to_contain_text("Repeat 0:2")
    assert (
        float(player.evaluate("document.querySelector('.wave').style.getPropertyValue('--b').slice(0, -1)"))
        > 24
    )
    until(player, f"{AT} < 25")
    seek(player, 29.6)
    until(player, f"{AT} < 25")
    loop.click()
    expect(loop).to_have_attribute("aria-pressed", "false")
    expect(player.locator(".wave")).not_to_have_class(re.compile("loop"))
    for edge in (20, 30):
        seek(player, edge)
        loop.click()
    expect(loop).to_have_attribute("aria-pressed", "true")
    seek(player, 90)  # who goes beyond its end wants to hear what is there
    expect(loop).to_have_attribute("aria-pressed", "false")


def link_to_a_moment(player: Page, call) -> None:
    """Where the clipboard takes it, and where that is refused."""
    said = player.locator("[data-said]")
    seek(player, 83)
    player.locator("h1").click()
    player.keyboard.press("Space")
    until(player, PAUSED)
    player.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = player.get_by_role("button", name="Copy link at 1:2")
    link.click()
    expect(said).to_contain_text("copied")
    expect(player.get_by_role("slider", name="Position in the recording")).to_be_focused()  # Space means it
    copied = player.evaluate("navigator.clipboard.readText()")
    assert re.search(rf"/b/acme/calls/{call.pk}/#t=8\d$", copied)
    player.evaluate("void (navigator.clipboard.writeText = () => Promise.reject())")
    link.click()
    field = player.get_by_label("Link to this moment")
    expect(field).to_have_value(copied)
    expect(field).to_be_focused()


def goes_back_twice(player: Page, question: Locator, play: Locator) -> None:
    """Take the question away by Esc and by its button; nothing moves, and the way leads back to where it came from."""
    asked = player.locator(".player").first.bounding_box()
    question.get_by_role("button", name="Play").press("Escape")
    expect(question).to_have_count(0)
    assert player.locator(".player").first.bounding_box() == asked
    expect(play).to_be_focused()
    player.keyboard.press("Enter")
    question.get_by_role("button", name="Do not listen").press("Enter")
    expect(question).to_have_count(0)
    expect(play).to_be_focused()


def moves_nothing_on_a_phone(player: Page, question: Locator, play: Locator) -> None:
    player.set_viewport_size({"width": 390, "height": 844})
    notes = player.locator(".moments")
    before = notes.bounding_box()
    play.click()
    expect(question.get_by_role("combobox")).to_be_focused()
    assert notes.bounding_box() == before
    player.keyboard.press("Escape")
    changes_a_note_below_the_wave(player)
    player.set_viewport_size({"width": 1440, "height": 900})
    changes_a_note_below_the_wave(player)


def changes_a_note_below_the_wave(player: Page) -> None:
    """Its form stands in the page and covers nothing; Esc leaves the note as it was."""
    pencil = player.get_by_label("Change the note at")
    if not pencil.count():
        player.get_by_label("Note at this moment").fill("Wants a quote.")
        player.get_by_role("button", name="Note", exact=True).click()
    pencil.first.click()
    form = player.locator(".noting[open] form")
    wave, below = player.locator(".wave").first.bounding_box(), form.bounding_box()
    assert wave
    assert below
    assert below["y"] > wave["y"] + wave["height"]
    form.get_by_label("Note", exact=True).fill("Wants nothing.")
    player.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(pencil.first).to_be_focused()
    expect(player.locator(".noting textarea").first).to_have_value("Wants a quote.")


def downloads_with_a_reason(player: Page) -> None:
    player.get_by_role("button", name="Download recording").first.click()
    player.get_by_role("combobox").select_option("dispute")
    with player.expect_download() as taken:
        player.get_by_role("button", name="Download").click()
    assert re.fullmatch(r"call-[-0-9]{15}-[a-z0-9-]+[.]wav", taken.value.suggested_filename)
    expect(player.get_by_role("heading", name="The download has begun")).to_be_visible()
    expect(player.get_by_role("link", name="Back to the call")).to_be_focused()


def test_who_is_asked_why_can_go_back_and_answers_by_key(world: World, player: Page) -> None:
    """On the page of the call, and in a row of the list."""
    problems = watch(player)
    meanwhile(lambda: asks_why(world))
    question = player.get_by_role("form", name="Why do you listen?")
    play = player.locator(".player [data-play]")
    moves_nothing_on_a_phone(player, question, play.first)
    for place in ("", "list"):
        if place:
            meanwhile(lambda: forget_playbacks(world))
            player.goto("/b/acme/calls/")
            player.keyboard.press("j")
            player.keyboard.press("Enter")
            expect(player.locator("tr.detail .player")).to_be_visible()
        play.first.click()
        expect(question.get_by_role("combobox")).to_be_focused()
        expect(player.locator(".player:not(.mini) .wave")).to_be_visible()  # what is asked about is in sight
        asked = player.locator(".player").first.bounding_box()
        goes_back_twice(player, question, play.first)
        if place:
            expect(player.locator("tr.detail")).to_be_visible()  # Esc meant the question
        player.keyboard.press("Enter")
        expect(question.get_by_role("combobox")).to_be_focused()
        player.keyboard.press("Enter")
        expect(question.get_by_role("combobox")).to_be_focused()  # the browser says that one is to be chosen
        expect(question.get_by_role("alert")).to_have_count(0)
        assert player.locator(".player").first.bounding_box() == asked
        question.get_by_role("combobox").select_option("dispute")
        player.keyboard.press("Enter")
        until(player, f"{AT} > 0.1")
        expect(player.get_by_role("button", name="Pause recording").first).to_be_focused()
    downloads_with_a_reason(player)
    assert problems == []


def asks_why(world: World) -> None:
    with world.inside():
        Business.objects.filter(pk=world.acme.pk).update(asks_why_played=True)


def forget_playbacks(world: World) -> None:
    with world.inside():
        Playback.objects.all().delete()


def test_a_link_at_a_moment_begins_there(call, player: Page) -> None:
    player.goto(f"/b/acme/calls/{call.pk}/#t=83")
    player.reload()
    shown = player.locator("[data-at]")
    expect(shown).to_have_text("1:23")
    expect(player.locator("[data-at-input]")).to_have_value("1:23")
    for moment, says in (("x", "0:00"), ("99999", "2:00"), ("-5", "0:00"), ("1e1", "0:00"), ("60", "1:00")):
        player.evaluate(f"location.hash = 't={moment}'")
        expect(shown).to_have_text(says)
    expect(player.locator("[data-link-words]")).to_have_text("Copy link at 1:00")
    player.get_by_role("button", name="Play recording").click()
    until(player, f"{AT} > 60")
    assert timedelta(seconds=player.evaluate(AT)) < timedelta(seconds=70)
    player.evaluate("location.hash = 't=100'")  # a link of the page itself, or of its address
    until(player, f"{AT} > 99")


@pytest.mark.parametrize("width", [1366, 390])
def test_what_plays_in_a_row_stays_in_sight_while_one_scrolls_and_goes_back_to_it(
    world, call, server: Server, page: Page, width: int
) -> None:
    before = call.started_at - timedelta(minutes=5)
    meanwhile(lambda: [add_call(world.acme, started_at=before) for _ in range(20)])
    page.set_viewport_size({"width": width, "height": 600})
    log_in(page, "owner@acme.example")
    page.goto("/b/acme/calls/")
    row, mini = page.locator(f"#call-{call.pk}"), page.locator(f"#call-{call.pk} .player")
    row.get_by_role("button", name="Play recording").click()
    until(page, f"{AT} > 0 && !{PAUSED}")
    page.locator("#rows tr").last.scroll_into_view_if_needed()
    expect(row).not_to_be_in_viewport()
    expect(mini).to_be_in_viewport(ratio=1)
    place = mini.bounding_box()
    assert place
    assert place["y"] >= 0
    assert place["x"] + place["width"] <= width
    row.scroll_into_view_if_needed()
    expect(mini).not_to_have_attribute("popover", "manual")
    page.locator("#rows tr").last.scroll_into_view_if_needed()
    mini.get_by_role("button", name="Pause recording").click()
    page.mouse.wheel(0, -20)
    expect(mini).not_to_be_in_viewport()
