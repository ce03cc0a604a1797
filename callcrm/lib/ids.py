"""Row ids: UUID version 7 (RFC 9562), made here and not by the database.

A sealed field is bound to the id of its row, so the id exists before the insert. Ids made by one process
always rise, even within one millisecond and when the clock steps back, so inserts go to the end of an index.
"""

import os
import secrets
import threading
import time
from datetime import datetime
from uuid import UUID

_RANDOM_BITS = 74
_lock = threading.Lock()
_last_ms = 0
_last_tail = 0


def uuid7() -> UUID:
    global _last_ms, _last_tail
    with _lock:
        _last_ms, _last_tail = _following(time.time_ns() // 1_000_000, _last_ms, _last_tail)
        return _assemble(_last_ms, _last_tail)


def uuid7_at(moment: datetime) -> UUID:
    """An id for a row that is older than today: it sorts to its moment. Within a millisecond the order is chance."""
    return _assemble(int(moment.timestamp() * 1000), secrets.randbits(_RANDOM_BITS))


def _following(now_ms: int, last_ms: int, last_tail: int) -> tuple[int, int]:
    """The next (millisecond, random tail): a fresh tail in a new millisecond, else a random step upwards."""
    if now_ms > last_ms:
        return now_ms, secrets.randbits(_RANDOM_BITS - 1)  # the top bit stays free: room for the steps
    tail = last_tail + 1 + secrets.randbits(32)
    if tail >> _RANDOM_BITS:
        return last_ms + 1, secrets.randbits(_RANDOM_BITS - 1)
    return last_ms, tail


def _assemble(ms: int, tail: int) -> UUID:
    rand_a, rand_b = tail >> 62, tail & ((1 << 62) - 1)
    return UUID(int=(ms & (1 << 48) - 1) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def _forget() -> None:
    """A forked child must not continue its parent's row of tails, nor inherit a lock that a thread held."""
    global _lock, _last_ms, _last_tail
    _lock = threading.Lock()
    _last_ms = _last_tail = 0


os.register_at_fork(after_in_child=_forget)
