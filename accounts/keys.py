"""The keys of a business: unwrapped in this process only, for at most a minute, and never anywhere else.

The master key wraps a business's data key, which wraps the key of each lead; the index key is the root of its blind
indexes. Two purposes, two keys, so that one can be rotated without the other (`docs/decisions/0003-keys.md`).
"""

import secrets
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from time import monotonic
from uuid import UUID

from accounts.models import Business, BusinessKey
from callcrm.lib.crypto import envelope, keys
from callcrm.lib.crypto.blind import BlindIndex
from callcrm.lib.crypto.envelope import DecryptError

_KEEP_SECONDS = 60
_KEEP_MOST = 10_000


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """The key in use now, and its version."""

    version: int
    secret: bytes


@dataclass(repr=False)
class Ring:
    """All versions of one key, and what is made from the newest."""

    secrets: dict[int, bytes]

    @property
    def newest(self) -> int:
        return max(self.secrets)

    @cached_property
    def index(self) -> BlindIndex:
        return BlindIndex(self.secrets[self.newest])


def make_keys(business: Business) -> None:
    """Give a new business its keys."""
    for purpose in BusinessKey.Purpose:
        version, master = keys.newest()
        secret = secrets.token_bytes(32)
        BusinessKey.objects.create(
            business=business,
            purpose=purpose,
            master_version=version,
            wrapped=envelope.wrap(master, secret, context=_context(business.pk, purpose, 1)),
        )


def data_key(business_id: UUID) -> DataKey:
    """Return the newest key that wraps lead keys. Raises DecryptError for a business without keys."""
    ring = _ring(business_id, BusinessKey.Purpose.DATA)
    return DataKey(ring.newest, ring.secrets[ring.newest])


def data_key_of(business_id: UUID, version: int) -> bytes:
    """Return the key of an older version, for what was wrapped with it."""
    try:
        return _ring(business_id, BusinessKey.Purpose.DATA).secrets[version]
    except KeyError:
        raise DecryptError("the key that wrapped this is gone") from None


def blind_index(business_id: UUID) -> BlindIndex:
    """Return what turns phones, e-mails and names of this business into search tokens."""
    return _ring(business_id, BusinessKey.Purpose.INDEX).index


def forget() -> None:
    """Drop what this process has unwrapped."""
    with _lock:
        _cache.clear()


_cache: dict[tuple[UUID, str], tuple[float, Ring]] = {}
_lock = Lock()


def _ring(business_id: UUID, purpose: str) -> Ring:
    kept = _cache.get((business_id, purpose))
    if kept and kept[0] > monotonic():
        return kept[1]
    return _remember(business_id, purpose, Ring(_unwrap_all(business_id, purpose)))


def _unwrap_all(business_id: UUID, purpose: str) -> dict[int, bytes]:
    rows = list(BusinessKey.objects.filter(business_id=business_id, purpose=purpose))
    if not rows:
        raise DecryptError(f"the business has no {purpose} key")
    masters = keys.master_keys()
    return {
        row.version: envelope.unwrap(
            masters[row.master_version],
            bytes(row.wrapped),
            context=_context(business_id, purpose, row.version),
        )
        for row in rows
        if row.master_version in masters
    }


def _remember(business_id: UUID, purpose: str, ring: Ring) -> Ring:
    with _lock:
        while len(_cache) >= _KEEP_MOST:
            _cache.pop(next(iter(_cache)))
        _cache[business_id, purpose] = (monotonic() + _KEEP_SECONDS, ring)
    return ring


def _context(business_id: UUID, purpose: str, version: int) -> tuple[str, ...]:
    return ("business key", str(business_id), purpose, str(version))
