"""Every page in a real browser: the policy is never broken, axe finds nothing, nothing sticks out on a phone.

The server's answers are fetched first and handed to the browser as they are, headers included: what is looked at is
what would be sent, without a second process and without rows that outlive the test.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright

from callcrm.testing import login
from tests.busy import PAGES, PHONE, keep_busy

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
HOST = "http://callcrm.test"
VIEWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
LISTEN = (
    "document.addEventListener('securitypolicyviolation', e => report(e.effectiveDirective + e.blockedURI))"
)
LENGTHEN = """() => {
  const typed = "main :is(h1, .title, .title a, .tag, .who a, td .sub, .list b, dd)";
  const longest = "Wolfeschlegelstein".repeat(4);
  for (const place of document.querySelectorAll(typed)) {
    if (!place.children.length && place.textContent.trim() && !place.closest(".nowrap")) place.textContent = longest;
  }
}"""
# What a theme can break: all else is as in the other one.
CONTRAST = {"runOnly": ["color-contrast", "link-in-text-block"]}
# What it finds to be right is as much again to work out, and more to hand over.
RUN = "only => axe.run(document, {...only, resultTypes: ['violations']}).then(found => found.violations)"
NEEDED = "document.documentElement.scrollWidth"  # a phone's innerWidth grows with what sticks out
SHOWN = "+1 503-555-0142"

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@dataclass
class Answers:
    """What the server said, by method and address; the browser gets it from here."""

    kept: dict = field(default_factory=dict)

    def keep(self, method, path, answer):
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        self.kept[method, path] = {"status": answer.status_code, "headers": headers, "body": answer.content}

    def give(self, route: Route, request: Request) -> None:
        path = request.url.removeprefix(HOST)
        if path.startswith("/static/"):
            file = Path(path.lstrip("/"))
            route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix])
        elif (request.method, path) in self.kept:
            route.fulfill(**self.kept[request.method, path])
        else:
            route.abort()


@pytest.fixture(scope="module")
def answers(lasting, django_db_blocker):
    with django_db_blocker.unblock():
        return fetch(lasting, Client())


def fetch(world, client):
    """All pages of a busy business, its owner's, and the reveal of its lead's phone."""
    ids = vars(keep_busy(world))
    login(client, world.owner)
    answers = Answers()
    for path in [template.format(**ids) for template in PAGES.values()]:
        answers.keep("GET", path, client.get(path))
    reveals = "/b/acme/leads/{lead}/reveals/".format(**ids)
    fragment = {"HX-Request": "true"}
    answers.keep("GET", f"{reveals}?fields=phones", client.get(f"{reveals}?fields=phones", headers=fragment))
    why = {"fields": "phones", "reason": "call_back"}
    answers.keep("POST", reveals, client.post(reveals, why, headers=fragment))
    client.logout()
    answers.keep("GET", "/login", client.get("/login"))
    answers.keep("GET", "/nothing-here/", client.get("/nothing-here/"))
    answers.lead = "/b/acme/leads/{lead}/".format(**ids)
    answers.answered = "/b/acme/calls/{call}/".format(**ids)
    answers.ringing = "/b/acme/calls/{ringing}/".format(**ids)
    return answers


@pytest.fixture
def chromium(db, answers, chromium_path):
    """Within what the test's database needs: while it runs, Django refuses to ask the database."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def open_page(browser: Browser, answers: Answers, path: str, **view) -> tuple[Page, list[str]]:
    """Open a page and collect what goes wrong in it."""
    context = browser.new_context(**view)
    context.route("**/*", answers.give)
    page, problems = context.new_page(), []
    page.expose_function("report", lambda text: problems.append(text))
    page.add_init_script(LISTEN)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(HOST + path)
    return page, problems


def axe(page: Page, only: dict | None = None) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(RUN, only or {})
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]


def walk(browser: Browser, answers: Answers, view: str) -> Iterator[tuple[str, Page, list[str]]]:
    """Open every page, one after the other in one browser window, and yield it with what has gone wrong in it."""
    page, problems = open_page(browser, answers, "/login", reduced_motion="reduce", **VIEWS[view])
    for method, path in answers.kept:
        if method == "GET" and "reveals" not in path:
            problems.clear()
            page.emulate_media(color_scheme="light")
            page.goto(HOST + path)
            yield path, page, problems


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_is_clean_in_both_themes(answers, chromium, view):
    problems = {}
    for path, page, broken in walk(chromium, answers, view):
        found = axe(page)
        if page.evaluate(NEEDED) > VIEWS[view]["viewport"]["width"]:
            found.append("sticks out")
        page.emulate_media(color_scheme="dark")
        found += axe(page, CONTRAST) + broken
        problems |= {path: found} if found else {}
    assert problems == {}


def test_one_long_word_sticks_out_of_no_page(answers, chromium):
    """Names, labels and tags are what people type; some type no space."""
    wide = {}
    for path, page, _ in walk(chromium, answers, "phone"):
        page.evaluate(LENGTHEN)
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            if (needed := page.evaluate(NEEDED)) > width:
                wide[path, width] = needed
    assert wide == {}


def reveal(page: Page) -> None:
    page.locator("[data-reveal][href$=phones]").first.click()
    page.get_by_role("button", name="To call back").click()
    page.locator(".masked.open").wait_for()


def test_a_number_is_shown_after_a_reason_and_hidden_on_request(answers, chromium):
    page, problems = open_page(chromium, answers, answers.lead)
    assert SHOWN not in page.content()
    reveal(page)
    assert SHOWN in page.locator(".masked.open").inner_text()
    assert page.evaluate("document.activeElement.ariaLabel") == "Hide"
    page.keyboard.press("Enter")
    assert SHOWN not in page.content()
    assert page.evaluate("document.activeElement.matches('[data-reveal]')")
    assert problems == []


def test_a_number_is_shown_again_after_it_was_hidden(answers, chromium):
    page, problems = open_page(chromium, answers, answers.lead)
    for _ in range(3):
        reveal(page)
        page.get_by_role("button", name="Hide", exact=True).click()
        assert SHOWN not in page.content()
    assert problems == []


def test_the_head_of_a_call_follows_the_feed(answers, chromium, monkeypatch):
    page, _ = open_page(chromium, answers, answers.ringing)
    assert page.locator(".page-head .badge").inner_text() == "Ringing"
    monkeypatch.setitem(answers.kept, ("GET", answers.ringing), answers.kept["GET", answers.answered])
    page.evaluate("document.body.dispatchEvent(new CustomEvent('live:call.changed'))")
    page.locator(".page-head").get_by_text("Answered").wait_for()
    page.locator("#what-happened").get_by_text("Ended").wait_for()


def test_a_number_hides_itself_after_thirty_seconds(answers, chromium):
    page, _ = open_page(chromium, answers, "/ui/")  # a page without the lead's own clocks
    page.clock.install()
    page.goto(HOST + answers.lead)
    reveal(page)
    page.clock.run_for(28_000)
    assert SHOWN in page.content()
    page.clock.run_for(3_000)
    assert SHOWN not in page.content()
    assert PHONE not in page.content()


def test_news_do_not_take_away_what_somebody_reads(answers, chromium):
    page, _ = open_page(chromium, answers, answers.lead)
    reveal(page)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('live:call.changed'))")
    page.wait_for_timeout(500)
    assert SHOWN in page.content()
    with page.expect_request(f"**{answers.lead}"):  # what was missed meanwhile
        page.keyboard.press("Escape")
    assert SHOWN not in page.content()


def test_keys_move_along_rows_and_never_reveal(answers, chromium):
    page, _ = open_page(chromium, answers, "/b/acme/calls/")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.href")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.href") != first
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("jk?")
    assert page.locator("#search").input_value() == "jk?"


def test_without_scripts_the_eye_leads_to_a_page(answers, chromium):
    page, _ = open_page(chromium, answers, answers.lead, java_script_enabled=False)
    assert page.locator("[data-reveal]").first.get_attribute("href").endswith("/reveals/?fields=name")
    assert page.locator(".needs-js:visible").count() == 0


def test_without_the_feed_the_page_says_so(answers, chromium):
    page, _ = open_page(chromium, answers, "/b/acme/calls/")  # the feed is not among the answers
    page.get_by_text("Live updates paused. Reconnecting…").wait_for(timeout=5_000)
