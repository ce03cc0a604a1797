"""Where sealed recordings lie: a folder, or a bucket that speaks S3. `RECORDINGS_STORAGE_URL` says which.

What comes here is sealed already; names are random and say nothing. A recording is there whole or not at all: a file is
written beside its place and renamed, a bucket shows no upload that was not finished. What the storage refuses is a
`StorageError` with a code; what goes wrong in the stream that is stored passes through untouched.
"""

import errno
import io
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CODES = {
    errno.ENOSPC: "storage_full",
    errno.EDQUOT: "storage_full",
    errno.EROFS: "storage_readonly",
    errno.EACCES: "storage_readonly",
    errno.EPERM: "storage_readonly",
}
# Of an upload, the least that S3 takes: one is in memory, and must be away before a claim runs out.
_PART = 5 * 1024 * 1024
_PATIENCE = {"connect_timeout": 5, "read_timeout": 15, "retries": {"max_attempts": 2}}


class StorageError(Exception):
    """The storage did not do it. The code says why; the text never holds a path."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Storage(Protocol):
    """What a kind of storage can do."""

    def put(self, name: str, blocks: Iterable[bytes]) -> None:
        """Keep what comes, whole or not at all."""

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """Bytes `start` to `end`, without `end`; fewer where it ends before."""

    def delete(self, name: str) -> None:
        """Remove it, and what is left of a put that was killed; one that is not there is removed already."""

    def probe(self) -> None:
        """Raise StorageError unless something could be kept now."""


def new_name() -> str:
    """A name that nobody can guess and that says nothing."""
    return secrets.token_hex(16)


def kept_in() -> Storage:
    """The storage of this installation."""
    return _storage(settings.RECORDINGS_STORAGE_URL)


@cache
def _storage(url: str) -> Storage:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Folder(Path(unquote(parts.path)))
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return Bucket(parts.netloc, **options)


class Folder:
    """A folder on this machine, for its owner's eyes alone. Its files are spread over 256 others."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, blocks: Iterable[bytes]) -> None:
        """Written beside its place, brought to the disk, renamed: a name that is there is a file that is whole."""
        place = self._place(name)
        part = _part_of(place)
        with _as_storage_errors():
            self._make_root()
            place.parent.mkdir(mode=0o700, exist_ok=True)
            opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with io.FileIO(opened, "w") as file:
                _write(file, blocks)
            with _as_storage_errors():
                part.rename(place)
                _sync_folder(place.parent)
        except BaseException:
            with suppress(
                OSError
            ):  # what went wrong first is what is told; the next attempt removes what is left
                part.unlink(missing_ok=True)
            raise

    def read_range(self, name: str, start: int, end: int) -> bytes:
        with _as_storage_errors(), self._place(name).open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def delete(self, name: str) -> None:
        place = self._place(name)
        with _as_storage_errors():
            for one in (place, _part_of(place)):
                one.unlink(missing_ok=True)

    def probe(self) -> None:
        """Tried, not asked: permissions say nothing about a full disk."""
        with _as_storage_errors():
            self._make_root()
            with tempfile.TemporaryFile(dir=self.root, buffering=0) as probe:
                probe.write(b"\0")

    def _make_root(self) -> None:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _place(self, name: str) -> Path:
        return self.root / name[:2] / name


class Bucket:
    """A bucket. Who may use it is said to boto3 in its own ways: AWS_ACCESS_KEY_ID, a role of the machine."""

    def __init__(self, bucket: str, endpoint: str = "", prefix: str = "", region: str = "") -> None:
        self.bucket, self.prefix = bucket, prefix
        self._where = {"endpoint_url": endpoint or None, "region_name": region or None}

    def put(self, name: str, blocks: Iterable[bytes]) -> None:
        """In parts, one at a time. Until the last one has come the bucket shows nothing; a failure takes them back."""
        from boto3.s3.transfer import TransferConfig  # a second of import that who keeps files need not spend

        stream = cast("IO[bytes]", _Stream(blocks))
        config = TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, use_threads=False)
        with _as_storage_errors():
            self._client().upload_fileobj(stream, self.bucket, self._key(name), Config=config)

    def read_range(self, name: str, start: int, end: int) -> bytes:
        with _as_storage_errors():
            got = self._client().get_object(
                Bucket=self.bucket, Key=self._key(name), Range=f"bytes={start}-{end - 1}"
            )
            return bytes(got["Body"].read())

    def delete(self, name: str) -> None:
        with _as_storage_errors():
            self._client().delete_object(Bucket=self.bucket, Key=self._key(name))

    def probe(self) -> None:
        with _as_storage_errors():
            self._client().head_bucket(Bucket=self.bucket)

    def _key(self, name: str) -> str:
        return self.prefix + name

    def _client(self) -> "S3Client":
        return _s3(self._where["endpoint_url"], self._where["region_name"])


@cache
def _s3(endpoint: str | None, region: str | None) -> "S3Client":
    """One for the process: making it takes a while, and threads may share it."""
    import boto3  # here: it takes a while, and files alone need it not
    from botocore.config import Config

    config = Config(signature_version="s3v4", **_PATIENCE)  # type: ignore[arg-type]  # a dictionary of its options
    return boto3.client("s3", endpoint_url=endpoint, region_name=region, config=config)


class _Stream(io.RawIOBase):
    """Blocks as a file that can only be read on."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._waiting = bytearray()

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = size if size is not None and size >= 0 else 2**62
        while len(self._waiting) < wanted:
            block = next(self._blocks, None)
            if block is None:
                break
            self._waiting += block
        found = bytes(self._waiting[:wanted])
        del self._waiting[:wanted]
        return found


def _part_of(place: Path) -> Path:
    return place.with_name(f"{place.name}.part")


def _write(file: io.FileIO, blocks: Iterable[bytes]) -> None:
    for block in blocks:
        with _as_storage_errors():
            _write_all(file, block)
    with _as_storage_errors():
        os.fsync(file.fileno())


def _write_all(file: Any, block: bytes) -> None:
    """The system may take less than it is given."""
    while block:
        block = block[file.write(block) :]


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk when its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _as_storage_errors() -> Iterator[None]:
    """Give what the storage refuses a code. Messages of the system and of boto3 name paths and are left out."""
    try:
        yield
    except FileNotFoundError:
        raise StorageError("storage_missing") from None
    except OSError as error:
        raise StorageError(_CODES.get(error.errno or 0, "storage_unreachable")) from None
    except (
        Exception
    ) as error:  # boto3 makes its errors at run time; by its own module alone they can be known
        if not type(error).__module__.startswith(("boto", "s3transfer")):
            raise
        raise StorageError(_code_of(error)) from None


def _code_of(error: Any) -> str:
    said = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    if said in ("NoSuchKey", "404", "InvalidRange"):
        return "storage_missing"
    return "storage_readonly" if said in ("AccessDenied", "403") else "storage_unreachable"
