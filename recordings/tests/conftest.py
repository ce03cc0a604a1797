"""The two kinds of storage."""

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from recordings import storage


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """A server on this machine that speaks S3; its address."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def folder(tmp_path, settings):
    """An empty folder that is the storage."""
    settings.RECORDINGS_STORAGE_URL = (tmp_path / "kept").as_uri()
    return tmp_path / "kept"


@pytest.fixture
def bucket(s3, settings, monkeypatch, request):
    """An empty bucket that is the storage."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    settings.RECORDINGS_STORAGE_URL = f"s3://kept?endpoint={s3}&prefix=audio/&region=us-east-1"
    client = storage._s3(s3, "us-east-1")
    client.create_bucket(Bucket="kept")
    yield client
    for found in client.list_objects_v2(Bucket="kept").get("Contents", []):
        client.delete_object(Bucket="kept", Key=found["Key"])
    client.delete_bucket(Bucket="kept")
