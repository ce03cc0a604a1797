"""The master keys: read from the environment, never stored beside what they protect.

A master key is 32 bytes; its version is the first 8 hex digits of its SHA-256, so a wrapped key names the one
it needs without a register. The first is the newest and wraps; the others only open. An error names the
position of a bad key, never the key.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import cast

from django.conf import settings

from callcrm.lib.crypto.envelope import KEY_BYTES, DecryptError

LEAST_VARIETY = 16  # different bytes of 32: random ones have about 30


def parse_master_keys(text: str) -> dict[str, bytes]:
    """Version to key, newest first, from comma separated hex or base64. Settings call this: it reads none."""
    found: dict[str, bytes] = {}
    for position, part in enumerate(text.split(","), start=1):
        key = _decoded(part.strip(), position)
        if version(key) in found:
            raise ValueError(f"master key {position} is given twice")
        found[version(key)] = key
    return found


def version(key: bytes) -> str:
    return sha256(key).hexdigest()[:8]


def master_keys() -> Mapping[str, bytes]:
    return cast("Mapping[str, bytes]", settings.LEAD_ENCRYPTION_KEYS)


def newest() -> tuple[str, bytes]:
    """(version, key) of the one that wraps."""
    return next(iter(master_keys().items()))


def master_key(wanted: str) -> bytes:
    try:
        return master_keys()[wanted]
    except KeyError:
        raise DecryptError("no master key of that version is configured") from None


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def _decoded(part: str, position: int) -> bytes:
    key = _bytes_of(part)
    if key is None or len(key) != KEY_BYTES:
        raise ValueError(f"master key {position} is not 32 bytes in hex or base64")
    if len(set(key)) < LEAST_VARIETY:
        raise ValueError(f"master key {position} does not look random; make one with `openssl rand -hex 32`")
    return key


def _bytes_of(part: str) -> bytes | None:
    """Hex has 64 characters and base64 of 32 bytes 43 or 44, so one text is never both."""
    try:
        if len(part) == 2 * KEY_BYTES:
            return binascii.unhexlify(part)
        standard = part.replace("-", "+").replace("_", "/")
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        return None
