"""A storage, a caller, and an export that is asked for or written."""

import pytest

from callcrm.lib.ids import uuid7
from callcrm.testing import add_lead
from exports import asking, writing
from exports.tests.reading import again


@pytest.fixture(autouse=True)
def kept(tmp_path, settings):
    """An empty folder that is the storage."""
    settings.RECORDINGS_STORAGE_URL = (tmp_path / "kept").as_uri()
    return tmp_path / "kept"


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name="Dana Riverstone", phones=["+15035550142"])


@pytest.fixture
def ask(world):
    def act(given=None, pks=None, *, by=None, key=""):
        with world.inside():
            return asking.ask(given or {}, pks, key=key or str(uuid7()), by=by or world.admin)

    return act


@pytest.fixture
def export(world, ask):
    """Ask, let a worker write, and return what came of it."""

    def act(*args, **more):
        asked = ask(*args, **more)
        writing.carry_out(world.acme.pk, asked.pk)
        return again(world, asked)

    return act
