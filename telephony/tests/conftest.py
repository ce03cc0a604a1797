import pytest

from telephony.tests.live_clients import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_setup):
    running = Server(tmp_path_factory.mktemp("live"))
    yield running
    running.stop()
