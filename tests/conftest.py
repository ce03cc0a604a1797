from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from callcrm.testing import World, login
from telephony.hours import opening
from telephony.hours.week import WEEKDAYS
from telephony.tests.live_clients import Server
from tests.browser import FLAGS, PUBLIC_URL
from tests.desk import DESK


@pytest.fixture(scope="session")
def running(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, recordings_apart: None
) -> Iterator[Server]:
    """One server for all tests of a process, with what they store: each begins with empty tables anyway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUBLIC_BASE_URL", PUBLIC_URL)
        patch.setenv("RECORDINGS_STORAGE_URL", settings.RECORDINGS_STORAGE_URL)
        server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def server(world: World, running: Server) -> Server:
    """The server, once there is a world that it can show."""
    return running


@pytest.fixture
def page(server: Server, chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        page = browser.new_context(base_url=f"http://127.0.0.1:{server.port}").new_page()
        page.set_default_timeout(15_000)
        yield page
        browser.close()


@pytest.fixture
def always_open(world: World) -> None:
    """So that a promise ends an hour after the call, whatever the hour of the test."""
    with world.inside():
        days = {day: ["00:00-24:00"] for day in WEEKDAYS}
        opening.change(world.acme, week=days, by=world.owner)


@pytest.fixture
def desk(world: World, client: Client) -> Callable[..., str]:
    """Return what the desk says to a user."""
    login(client, world.user)
    return lambda **query: client.get(DESK, query).content.decode()
