"""Every page, as the server sends it: no inline anything, one heading, within its budget, nothing in clear."""

import gzip
import re
from pathlib import Path

import pytest
from django.test import override_settings

from callcrm.testing import login
from telephony.providers.practice.scenarios import SCENARIOS
from tests.busy import EMAIL, NAME, PAGES, PHONE, keep_busy

STATIC = Path("static")
ALL = PAGES | {"live strip": "/b/acme/calls/live/", "counts": "/b/acme/calls/counts/"}
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|data:|javascript:", re.IGNORECASE)


@pytest.fixture
def page(world, client):
    """Fetch a page by its name, as the owner."""
    ids = vars(keep_busy(world))
    login(client, world.owner)
    return lambda name: client.get(ALL[name].format(**ids))


@pytest.mark.parametrize("name", ALL)
def test_a_page_has_nothing_inline_and_says_nothing_in_clear(page, name):
    answer = page(name)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert not INLINE.findall(html)
    for plain in (NAME, "Riverstone", EMAIL, PHONE, "555-0142", "5550142"):
        assert plain not in html


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_one_heading_and_a_way_past_its_menu(page, name):
    html = page(name).content.decode()
    assert html.count("<h1") == 1
    assert (
        html.count('<main class="panel" id="main"' if "<nav" in html else '<main class="form" id="main"') == 1
    )
    assert ('href="#main"' in html) == ("<nav" in html)


@pytest.mark.parametrize("name", ALL)
def test_a_page_stays_small(page, name):
    assert len(gzip.compress(page(name).content)) < 25_000


def test_a_menu_shows_only_what_the_role_opens(world, client):
    shown = login(client, world.user).get("/b/acme/").content.decode()
    for closed in ("/b/acme/numbers/", "/b/acme/audit/", "/b/acme/team/", "/b/acme/settings/"):
        assert closed not in shown
    assert "/b/acme/leads/" in shown


def test_every_page_of_the_menu_has_a_key_and_the_help_of_the_keyboard_names_it(world, client):
    html = login(client, world.owner).get("/b/acme/").content.decode()
    menu = html[html.index('<header class="side">') : html.index('<main class="panel"')]
    links = re.findall(r"<a ([^>]*)>.*?</svg>([A-Z]\w+)", menu)
    keys = {name: "".join(re.findall(r'data-go="(.)"', rest)) for rest, name in links}
    assert {"Desk", "Calls", "Hours", "Problems", "Settings"} <= keys.keys()
    assert len(set(keys.values())) == len(keys)
    help_of_keys = html[html.index('id="keys"') :]
    for name, key in keys.items():
        assert re.search(rf"<kbd>{key.upper()}</kbd>(</dt><dd>Go to)? {name}\b", help_of_keys), name


def test_the_menu_of_practice_calls_names_every_scenario_and_no_other(world, client):
    html = login(client, world.owner).get("/b/acme/calls/").content.decode()
    offered = re.findall(r'<li><button type="submit" name="scenario" value="([^"]+)">', html)
    assert offered == list(SCENARIOS)
    assert all(scenario.sentence in html for scenario in SCENARIOS.values())


@pytest.mark.parametrize("path", ["/b/acme/", "/b/acme/calls/"])
def test_who_has_no_calls_yet_may_try_one(world, client, path):
    button = "Try a practice call"
    assert button in login(client, world.owner).get(path).content.decode()
    assert button not in login(client, world.user).get(path).content.decode()
    assert client.post("/b/acme/practice-calls/", {"scenario": "answered"}).status_code == 403


def test_the_theme_of_the_cookie_is_drawn_by_the_server(world, client):
    client.cookies["theme"] = "dark"
    assert b'data-theme="dark"' in client.get("/login").content
    client.cookies["theme"] = '"><script>'
    assert b"data-theme" not in client.get("/login").content


@override_settings(DEBUG=False)
def test_an_error_page_is_a_page_of_ours(client):
    answer = client.get("/nothing-here/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert not INLINE.findall(answer.content.decode())


@pytest.mark.parametrize(
    ("pattern", "most"),
    [
        ("css/*.css", 15_000),
        ("vendor/*.js", 14_000),
        ("vendor/icons.svg", 6_000),
        ("vendor/geist-latin.woff2", 30_000),
    ],
)
def test_what_pages_load_stays_within_its_budget(pattern, most):
    files = list(STATIC.glob(pattern))
    assert files
    weigh = len if pattern.endswith("woff2") else lambda content: len(gzip.compress(content))
    assert sum(weigh(file.read_bytes()) for file in files) < most


def test_the_page_with_most_scripts_stays_within_its_budget():
    """The list of calls. What these import counts too."""
    drawn = [Path("templates", name) for name in ("document.html", "telephony/calls.html")]
    drawn.append(Path("templates/recordings/_scripts.html"))
    names = {name for each in drawn for name in re.findall(r"'js/([a-z-]+\.js)'", each.read_text())}
    names |= {
        name for each in names for name in re.findall(r'from "\./(.+)"', (STATIC / "js" / each).read_text())
    }
    assert {"calls-follow.js", "player.js", "shared.js"} <= names
    assert sum(len(gzip.compress((STATIC / "js" / name).read_bytes())) for name in names) < 21 * 1024


def test_every_icon_that_a_template_draws_is_in_the_sprite():
    symbols = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "vendor/icons.svg").read_text()))
    drawn = set()
    for template in Path("templates").rglob("*.html"):
        text = template.read_text()
        drawn |= set(re.findall(r'{% icon "([a-z0-9-]+)"', text))
        drawn |= set(re.findall(r'icon="([a-z0-9-]+)"', text))
        drawn |= set(re.findall(r'{% nav_item "\w+" "\w+" "([a-z0-9-]+)"', text))
    assert drawn <= symbols
