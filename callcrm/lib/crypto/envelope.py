"""Bytes in, sealed bytes out: AES-256-GCM, bound to the place where the result is stored.

    01 format | 01 suite | u16 key version | 12 nonce | ciphertext of (u16 length, plaintext, zeros) | 16 tag

The associated data is the length-prefixed join of "callcrm/1", the context and the four header bytes, so a
value opens only in the row, field, business and version it was sealed for. Zeros up to a multiple of `pad`
hide the length.
What does not open raises `DecryptError`: never plaintext, never a hint of the data.
"""

import os
import struct
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
WRAPPED_BYTES = 60
LONGEST = 0xFFFF  # the length field is a u16: what is longer belongs in a file, not in a column

_FORMAT, _SUITE = 1, 1
_HEADER = struct.Struct(">BBH")
_LENGTH = struct.Struct(">H")
_NONCE_BYTES, _TAG_BYTES = 12, 16
_BODY = _HEADER.size + _NONCE_BYTES
_SHORTEST = _BODY + _LENGTH.size + _TAG_BYTES


class DecryptError(Exception):
    """These bytes do not open here. The text is a fixed sentence; it never holds data."""


def seal(key: bytes, plaintext: bytes, *, context: Sequence[str], version: int = 1, pad: int = 32) -> bytes:
    if not 1 <= version <= 0xFFFF:
        raise ValueError("a key version is between 1 and 65535")
    header = _HEADER.pack(_FORMAT, _SUITE, version)
    nonce = os.urandom(_NONCE_BYTES)
    return header + nonce + _cipher(key).encrypt(nonce, _padded(plaintext, pad), _bound_to(context, header))


def unseal(key: bytes, sealed: bytes, *, context: Sequence[str]) -> bytes:
    sealed = bytes(sealed)
    version_of(sealed)
    header, nonce, body = sealed[: _HEADER.size], sealed[_HEADER.size : _BODY], sealed[_BODY:]
    return _unpadded(_open(key, nonce, body, _bound_to(context, header)))


def version_of(sealed: bytes) -> int:
    """Which version of the key was used; the header is checked, the rest is not."""
    if len(sealed) < _SHORTEST:
        raise DecryptError("too short to be a sealed value")
    layout, suite, version = _HEADER.unpack_from(sealed)
    if (layout, suite) != (_FORMAT, _SUITE) or version == 0:
        raise DecryptError("unknown format, suite or key version")
    return int(version)


def wrap(kek: bytes, key: bytes, *, context: Sequence[str]) -> bytes:
    """Seal a key under another one: 12 bytes nonce, 32 bytes key, 16 bytes tag."""
    if len(key) != KEY_BYTES:
        raise ValueError("only keys of 32 bytes are wrapped")
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(kek).encrypt(nonce, key, _joined("callcrm/1/key", context))


def unwrap(kek: bytes, wrapped: bytes, *, context: Sequence[str]) -> bytes:
    wrapped = bytes(wrapped)
    if len(wrapped) != WRAPPED_BYTES:
        raise DecryptError("a wrapped key has 60 bytes")
    nonce, body = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    return _open(kek, nonce, body, _joined("callcrm/1/key", context))


def derive(key: bytes, info: str) -> bytes:
    """Another key of 32 bytes for another purpose (HKDF-SHA256); `info` names the purpose."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info.encode()).derive(_checked(key))


@lru_cache(maxsize=256)
def _cipher(key: bytes) -> AESGCM:
    """Kept: building one costs four decryptions and a row's fields share it. Only the key finds it."""
    return AESGCM(_checked(key))


def forget_ciphers() -> None:
    """Drop the prepared ciphers: after an erasure the key shall not stay in memory."""
    _cipher.cache_clear()


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return bytes(key)


def _open(key: bytes, nonce: bytes, body: bytes, associated: bytes) -> bytes:
    try:
        return _cipher(key).decrypt(nonce, body, associated)
    except InvalidTag:
        raise DecryptError("wrong key, wrong place or altered data") from None


def _bound_to(context: Sequence[str], header: bytes) -> bytes:
    return _joined("callcrm/1", context) + measured(header)


def _joined(purpose: str, context: Sequence[str]) -> bytes:
    """Every part after its length, so that no two contexts give the same bytes."""
    if not context:
        return measured(purpose.encode())
    return _shared(purpose, *context[:-1]) + measured(context[-1].encode())


@lru_cache(maxsize=1024)
def _shared(*parts: str) -> bytes:
    """What the rows of one field have in common: a list of them joins it once."""
    return b"".join(measured(part.encode()) for part in parts)


def measured(part: bytes) -> bytes:
    """Return it after its length, so that parts in a row cannot be parted otherwise."""
    return len(part).to_bytes(4, "big") + part


def _padded(plaintext: bytes, pad: int) -> bytes:
    if len(plaintext) > LONGEST:
        raise ValueError(f"only {LONGEST} bytes can be sealed in one value")
    body = _LENGTH.pack(len(plaintext)) + plaintext
    return body + bytes(-len(body) % pad)


def _unpadded(body: bytes) -> bytes:
    (length,) = _LENGTH.unpack_from(body)
    end = _LENGTH.size + length
    if end > len(body) or body[end:].strip(b"\0"):
        raise DecryptError("the sealed length and its content disagree")
    return body[_LENGTH.size : end]
