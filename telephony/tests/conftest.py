import pytest

from callcrm.lib.ids import uuid7
from telephony.bulk import changes
from telephony.tests.live_clients import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_setup):
    running = Server(tmp_path_factory.mktemp("live"))
    yield running
    running.stop()


@pytest.fixture
def change(world):
    """Many calls are changed at once."""

    def act(calls, what, value, *, by=None, key=""):
        pks = [call.pk for call in calls]
        with world.inside():
            return changes.change(pks, what, value, key=key or str(uuid7()), by=by or world.owner)

    return act


@pytest.fixture
def undo(world):
    """What was done to many at once is taken back."""

    def act(made, *, by=None):
        with world.inside():
            return changes.undo(made, by=by or world.owner)

    return act
