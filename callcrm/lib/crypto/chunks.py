"""Files in, sealed files out: AES-256-GCM in chunks of 64 KiB, so that any range opens without the rest.

    "CCR1" | 32 salt | chunks of (up to 65536 ciphertext, 16 tag)

A key for the one file is made of the given key, the salt and the context. Every chunk authenticates the header;
its nonce is its position and whether it is the last. So nothing opens that was cut, also between two chunks, put
into another order, mixed with another file, altered by a bit, or laid at another row's place: it raises
`DecryptError`. All but the last chunk are full, so that both sizes follow from each other.

Both ways hold one chunk in memory, or what was asked for. Why so: `docs/decisions/0015-sealed-chunks.md`.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from callcrm.lib.crypto.envelope import KEY_BYTES, DecryptError, measured

CHUNK = 64 * 1024
TAG = 16
MAGIC = b"CCR1"
SALT = 32
HEADER = len(MAGIC) + SALT

_SEALED_CHUNK = CHUNK + TAG
_AT_ONCE = 16  # chunks that `blocks` asks for together: a mebibyte

ReadRange = Callable[[int, int], bytes]
"""Bytes `start` to `end`, without `end`, of what is stored; fewer where it ends before."""


def seal(blocks: Iterable[bytes], *, key: bytes, context: Sequence[str]) -> Iterator[bytes]:
    """Seal a file block by block, of whatever sizes they come."""
    header = MAGIC + os.urandom(SALT)
    cipher = _cipher(key, header, context)
    yield header
    number, chunk = 0, b""
    for following in _chunks(blocks):
        if chunk:
            yield cipher.encrypt(_nonce(number, last=False), chunk, header)
            number += 1
        chunk = following
    yield cipher.encrypt(_nonce(number, last=True), chunk, header)


def sealed_size(plain: int) -> int:
    """How many bytes a file of so many takes when it is sealed."""
    return HEADER + plain + TAG * _count(plain)


def plain_size(sealed: int) -> int:
    """How many bytes are in a sealed file of so many."""
    body = sealed - HEADER
    plain = body - TAG * max(1, -(-body // _SEALED_CHUNK))
    if plain < 0 or sealed_size(plain) != sealed:
        raise DecryptError("no sealed file has this size")
    return plain


class Reader:
    """Opens ranges of a sealed file. `size` is that of the plain file, `read_range` reads what is stored."""

    def __init__(self, read_range: ReadRange, *, size: int, key: bytes, context: Sequence[str]) -> None:
        self.size = size
        self._read_range = read_range
        self._header = read_range(0, HEADER)
        if len(self._header) != HEADER or not self._header.startswith(MAGIC):
            raise DecryptError("this is no sealed file")
        self._cipher = _cipher(key, self._header, context)
        self._last = _count(size) - 1

    def read(self, start: int, end: int) -> bytes:
        """Bytes `start` to `end`, without `end`, of the plain file: only the chunks that hold them are fetched."""
        if not 0 <= start <= end <= self.size:
            raise ValueError("this range is not in the file")
        if start == end and self.size:
            return b""
        first, last = start // CHUNK, max(start, end - 1) // CHUNK
        plain = b"".join(self._open(first, last))
        return plain[start - first * CHUNK : end - first * CHUNK]

    def blocks(self) -> Iterator[bytes]:
        """The whole file, a mebibyte at a time."""
        for first in range(0, self._last + 1, _AT_ONCE):
            yield b"".join(self._open(first, min(first + _AT_ONCE - 1, self._last)))

    def _open(self, first: int, last: int) -> Iterator[bytes]:
        start = HEADER + first * _SEALED_CHUNK
        end = min(HEADER + (last + 1) * _SEALED_CHUNK, sealed_size(self.size))
        stored = self._read_range(start, end)
        for number in range(first, last + 1):
            at = (number - first) * _SEALED_CHUNK
            yield self._open_one(number, stored[at : at + _SEALED_CHUNK])

    def _open_one(self, number: int, chunk: bytes) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(number, last=number == self._last), chunk, self._header)
        except InvalidTag:
            raise DecryptError("wrong key, wrong place or altered data") from None


def _chunks(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in full chunks; the last one may be shorter, and is never empty."""
    waiting = bytearray()
    for block in blocks:
        waiting += block
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    if waiting:
        yield bytes(waiting)


def _count(plain: int) -> int:
    """An empty file has a chunk too: it says that nothing was cut off."""
    return max(1, -(-plain // CHUNK))


def _cipher(key: bytes, header: bytes, context: Sequence[str]) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    info = b"".join(measured(part.encode()) for part in ("callcrm/1/file", *context))
    return AESGCM(
        HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=header[len(MAGIC) :], info=info).derive(key)
    )


def _nonce(number: int, *, last: bool) -> bytes:
    """The key is the file's own, so a position is enough to be unique."""
    return number.to_bytes(11, "big") + bytes([last])
