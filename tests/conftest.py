from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page, sync_playwright

from callcrm.testing import World
from telephony.tests.live_clients import Server
from tests.browser import FLAGS, PUBLIC_URL


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
