"""How tests meet the database: a throw-away PostgreSQL, made by its owner, used as the application.

The controller starts the server and removes it at the end; xdist's workers inherit its address. Where
DATABASE_URL is set, that server is used instead. Ordinary tests roll back, so what they count rolls back with
them: the cache works on their own connection, and only tests of the cache itself use its real one.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environ
import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

from callcrm.lib.embedded_pg import EmbeddedPg
from callcrm.lib.logs import SECURITY, DailyFile
from tests.carrier import Carrier
from tests.lasting import Lasting

if TYPE_CHECKING:
    from callcrm.testing import World

APP_ROLE = "callcrm_app"
QUICK_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"  # a real one would take most of a run's time
SERVER = pytest.StashKey[EmbeddedPg]()
LASTING = pytest.StashKey[Lasting]()
MADE, DONE = pytest.StashKey[bool](), pytest.StashKey[int]()
SWEEP_EVERY = 250  # tests
COLLECT_EVERY = (100_000, 20, 100)
LOOKS = 500
BUSY = """
    SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' LIMIT 1
"""
# How long an example takes says how busy the machine is, and nothing about what it shows.
hypothesis.settings.register_profile("callcrm", deadline=None)
hypothesis.settings.load_profile("callcrm")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[LASTING] = Lasting()
    if not os.environ.get("DATABASE_URL"):
        home = Path(tempfile.gettempdir()) / f"callcrm-test-{secrets.token_hex(6)}"
        config.stash[SERVER] = EmbeddedPg(home, durable=False).start()
        os.environ["DATABASE_URL"] = config.stash[SERVER].url()
    _use_database(os.environ["DATABASE_URL"])
    _keep_logs_apart()
    settings.PASSWORD_HASHERS = [QUICK_HASHER, *settings.PASSWORD_HASHERS]
    settings.CACHES["default"] = {"BACKEND": "callcrm.lib.cache.PostgresCache", "LOCATION": "default"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser its tests are named as not run; `.ci/run` sees to it that there is one."""
    if not find_chromium():
        missing = pytest.mark.skip(reason="not run: no Chromium on PATH, and CHROMIUM names none")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(missing)


def pytest_collection_finish() -> None:
    """What is loaded by now stays. To look through all of it for garbage took every seventh second of a run."""
    gc.set_threshold(*COLLECT_EVERY)
    gc.collect()
    gc.freeze()


def find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's program; only for tests that are marked as `browser`."""
    found = find_chromium()
    assert found
    return found


def pytest_unconfigure(config: pytest.Config) -> None:
    if server := config.stash.get(SERVER, None):
        server.remove()


def _keep_logs_apart() -> None:
    """What tests make callcrm say goes to no file, least of all to the developer's own."""
    for logger in (logging.root, logging.getLogger(SECURITY)):
        for handler in [one for one in logger.handlers if isinstance(one, DailyFile)]:
            logger.removeHandler(handler)


def _use_database(url: str) -> None:
    """Point every alias at the tests' server, as its owner and without a pool, whatever settings said."""
    found = environ.Env.db_url_config(url)
    for alias, database in connections.settings.items():
        database.update(found, OPTIONS=dict(found.get("OPTIONS", {})))
        with contextlib.suppress(AttributeError):  # one that Django's set-up asked for has the old address
            del connections[alias]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.config.stash.get(MADE, False):
        _sweep(item)
        item.config.stash[LASTING].follow(item)


def _sweep(item: pytest.Item) -> None:
    """Sweep between tests what they have rolled back: nothing else does, and every look at a table wades through it.

    Not below a world that stands: what it is built of is not swept, and no table gets shorter while it looks at it.
    """
    done = item.config.stash.get(DONE, 0) + 1
    item.config.stash[DONE] = done
    if done >= SWEEP_EVERY and item.config.stash[LASTING].gives_way(item):
        item.config.stash[DONE] = 0
        asked = connections["default"].get_connection_params()
        where = {
            name: asked[name] for name in ("host", "port", "user", "password", "dbname") if name in asked
        }
        with psycopg.connect(**where, autocommit=True) as owner:
            owner.execute("VACUUM (ANALYZE)")


def _become(role: str | None) -> None:
    for alias in connections.settings:
        connection = connections[alias]
        connection.close()
        connection.settings_dict["OPTIONS"].pop("options", None)
        if role:
            connection.settings_dict["OPTIONS"]["options"] = f"-c role={role}"


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config
) -> Iterator[None]:
    """The owner makes and drops the test database; between the two everybody is the application."""
    with django_db_blocker.unblock():
        _become(APP_ROLE)
    pytestconfig.stash[MADE] = True
    yield
    pytestconfig.stash[MADE] = False
    with django_db_blocker.unblock():
        pytestconfig.stash[LASTING].end()
        _become(None)


def _await_rest(cursor: Any) -> None:
    """Let a server finish what a browser that has gone asked of it: emptying tables under it ends in a deadlock."""
    quiet = 0
    for _ in range(LOOKS):
        cursor.execute(BUSY)
        quiet = 0 if cursor.fetchone() else quiet + 1
        if quiet == 3:  # between two statements of a request it rests for a moment too
            return
        time.sleep(0.01)


@pytest.fixture(autouse=True, scope="session")
def flush_as_owner() -> Iterator[None]:
    """Let tests with real transactions empty the tables: the application may not do that."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # private, so it has no type

    def as_owner(case: TransactionTestCase) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SET ROLE NONE; SET session_replication_role = replica")
            _await_rest(cursor)
            cursor.execute("DELETE FROM callcrm_counter")
        try:
            flush(case)
        finally:
            with connections["default"].cursor() as cursor:
                cursor.execute(f"RESET session_replication_role; SET ROLE {APP_ROLE}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", as_owner)
        yield


@pytest.fixture(autouse=True, scope="session")
def recordings_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests store is no recording of the developer's."""
    settings.RECORDINGS_STORAGE_URL = tmp_path_factory.mktemp("recordings").as_uri()


@pytest.fixture(autouse=True, scope="session")
def pages_imported() -> None:
    """Else the first test that fetches a page may have stopped the clock, and what is imported then keeps it."""
    import_module(settings.ROOT_URLCONF)


@pytest.fixture
def world(db: None, pytestconfig: pytest.Config) -> World:
    """Two businesses, people of every role, a number: `callcrm.testing`."""
    from callcrm.testing import make_world  # imports models; this file is read before Django is set up

    return pytestconfig.stash[LASTING].copy() or make_world()


@pytest.fixture(scope="module")
def lasting(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> World:
    """The world that the tests of a file share; what is added to it here, each of them finds."""
    shared = request.config.stash[LASTING]
    if not shared.file:
        with django_db_blocker.unblock():
            shared.begin(request.path)
    return shared.world


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    """A provider that misbehaves on command."""
    with Carrier() as running:
        yield running


@pytest.fixture
def twilio(carrier: Carrier, settings: Any) -> Carrier:
    """The carrier is Twilio's API, in the operator's own word."""
    settings.TWILIO_API_BASE_URL = carrier.base
    return carrier
