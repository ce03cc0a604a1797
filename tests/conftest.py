from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from callcrm.testing import World
from telephony.tests.live_clients import Server
from tests.browser import FLAGS, PUBLIC_URL


@pytest.fixture
def server(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("PUBLIC_BASE_URL", PUBLIC_URL)
    running = Server(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def storage_url(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One folder for recordings, for this process and for the server."""
    settings.RECORDINGS_STORAGE_URL = (tmp_path / "kept").as_uri()
    monkeypatch.setenv("RECORDINGS_STORAGE_URL", settings.RECORDINGS_STORAGE_URL)


@pytest.fixture
def page(server: Server, chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        page = browser.new_context(base_url=f"http://127.0.0.1:{server.port}").new_page()
        page.set_default_timeout(15_000)
        yield page
        browser.close()
