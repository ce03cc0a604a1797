"""A storage keeps what it was given, whole or not at all, and says why when it does not."""

import errno
import os
import stat
from contextlib import contextmanager
from random import Random

import pytest

from recordings import storage
from recordings.storage import StorageError, kept_in, new_name

MEGABYTE = 2**20


@pytest.fixture(params=["folder", "bucket"])
def kept(request):
    request.getfixturevalue(request.param)
    return kept_in()


def content(size):
    return Random(size).randbytes(size)


def refusal(act, *args):
    with pytest.raises(StorageError) as refused:
        act(*args)
    return refused.value.code


# --- Both kinds


@pytest.mark.parametrize("size", [1, 300_000, 20 * MEGABYTE])
def test_any_range_of_what_was_kept_can_be_read(kept, size):
    plain, name = content(size), new_name()
    kept.put(name, (plain[at : at + 70_000] for at in range(0, size, 70_000)))
    for start, end in [(0, size), (size // 2, size // 2 + 9), (size - 1, size)]:
        if 0 <= start < end:
            assert kept.read_range(name, start, end) == plain[start:end]


def test_a_range_past_the_end_gives_what_there_is(kept):
    name = new_name()
    kept.put(name, [b"0123456789"])
    assert kept.read_range(name, 6, 100) == b"6789"


def test_what_was_deleted_is_gone_and_may_be_deleted_again(kept):
    name = new_name()
    kept.put(name, [b"audio"])
    kept.delete(name)
    kept.delete(name)
    assert refusal(kept.read_range, name, 0, 1) == "storage_missing"


def test_nothing_is_there_before_it_is_whole(kept):
    name, seen = new_name(), []

    def blocks():
        yield content(9 * MEGABYTE)
        seen.append(refusal(kept.read_range, name, 0, 1))
        yield b"the end"

    kept.put(name, blocks())
    assert seen == ["storage_missing"]
    assert kept.read_range(name, 9 * MEGABYTE, 10 * MEGABYTE) == b"the end"


def test_a_stream_that_breaks_leaves_nothing_and_its_own_error(kept, request):
    name = new_name()

    def blocks():
        yield content(9 * MEGABYTE)
        raise LookupError("of the stream")

    with pytest.raises(LookupError, match="of the stream"):
        kept.put(name, blocks())
    assert refusal(kept.read_range, name, 0, 1) == "storage_missing"


def test_one_that_works_says_nothing(kept):
    kept.probe()


def test_names_say_nothing_and_do_not_repeat():
    names = {new_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(len(name) == 32 and name.isalnum() for name in names)


# --- A folder


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@contextmanager
def as_somebody():
    """No folder is closed to root."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_only_its_owner_may_look_into_the_folder(folder):
    kept_in().put(new_name(), [b"audio"])
    [file] = files(folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")] if path.is_dir()} == {
        0o700
    }


def test_a_file_is_never_written_over(folder):
    """A late writer whose place was taken would leave a file that no key opens."""
    kept_in().put(name := new_name(), [b"audio"])
    part = folder / name[:2] / f"{name}.part"
    part.write_bytes(b"somebody else writes")
    with pytest.raises(StorageError):
        kept_in().put(name, [b"other"])
    assert part.exists()


def test_what_a_killed_writer_left_goes_with_its_name(folder):
    name = new_name()
    (folder / name[:2]).mkdir(parents=True)
    (folder / name[:2] / f"{name}.part").write_bytes(b"half")
    kept_in().delete(name)
    assert files(folder) == []


def test_a_full_disk_is_told_and_leaves_nothing(folder, monkeypatch):
    real = os.open

    def full(path, flags, *mode, **more):
        if flags & os.O_EXCL and str(path).endswith(".part"):
            os.close(real(path, flags, *mode))
            return real("/dev/full", os.O_WRONLY)
        return real(path, flags, *mode, **more)

    monkeypatch.setattr(storage.os, "open", full)
    assert refusal(kept_in().put, new_name(), [b"audio"]) == "storage_full"
    assert files(folder) == []


def test_a_disk_that_turns_read_only_under_way_is_told(folder, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, "read-only", "/srv/somewhere")

    def blocks():
        yield b"audio"
        monkeypatch.setattr(storage, "_write_all", read_only)
        monkeypatch.setattr(storage.Path, "unlink", read_only)
        yield b"more"

    assert refusal(kept_in().put, new_name(), blocks()) == "storage_readonly"


def test_a_folder_that_may_not_be_written_is_told(folder):
    folder.mkdir()
    folder.chmod(0o500)
    with as_somebody():
        assert refusal(kept_in().put, new_name(), [b"audio"]) == "storage_readonly"
        assert refusal(kept_in().probe) == "storage_readonly"


def test_a_place_that_is_no_folder_is_told(folder):
    folder.write_text("")
    assert refusal(kept_in().put, new_name(), [b"audio"]) == "storage_unreachable"
    assert refusal(kept_in().probe) == "storage_unreachable"


# --- A bucket


def test_a_bucket_keeps_it_under_its_prefix_and_forgets_a_broken_upload(bucket):
    kept_in().put(name := new_name(), [b"audio"])
    assert [found["Key"] for found in bucket.list_objects_v2(Bucket="kept")["Contents"]] == [f"audio/{name}"]

    def blocks():
        yield content(9 * MEGABYTE)
        raise LookupError

    with pytest.raises(LookupError):
        kept_in().put(new_name(), blocks())
    assert "Uploads" not in bucket.list_multipart_uploads(Bucket="kept")


def test_a_bucket_that_is_not_there_is_told(bucket, settings):
    settings.RECORDINGS_STORAGE_URL = settings.RECORDINGS_STORAGE_URL.replace("s3://kept", "s3://other")
    assert refusal(kept_in().probe) == "storage_missing"
    assert refusal(kept_in().put, new_name(), [b"audio"]) == "storage_unreachable"


def test_a_bucket_out_of_reach_is_told_without_its_address(settings, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    settings.RECORDINGS_STORAGE_URL = "s3://kept?endpoint=http://127.0.0.1:1&region=us-east-1"
    with pytest.raises(StorageError) as refused:
        kept_in().probe()
    assert str(refused.value) == "storage_unreachable"
    assert refused.value.__cause__ is None
