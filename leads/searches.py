"""What somebody typed to find a person, kept for as long as he may come back to the list of hits.

A page of hits has an address, so that Back, paging and reloading work; what was typed stands in none. It is sealed
under the business's data key into the session of who typed it, and the address carries the id under which it lies.
"""

import base64
import secrets
from datetime import timedelta
from time import time
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts import keys
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.envelope import DecryptError

KEPT_FOR = timedelta(minutes=15)
MOST = 5
LONGEST = 200
_SLOT = "searches"


def keep(session: SessionBase, business_id: UUID, text: str) -> str:
    """Seal what was typed into the session and return its id. The oldest gives way to the sixth."""
    search_id, data = secrets.token_urlsafe(12), keys.data_key(business_id)
    sealed = envelope.seal(
        _key(data.secret),
        text[:LONGEST].encode(errors="replace"),
        context=_context(business_id, search_id),
        version=data.version,
        pad=256,
    )
    kept = list(_fresh(session).items())[-(MOST - 1) :]
    entry = [base64.b64encode(sealed).decode(), int(time() + KEPT_FOR.total_seconds())]
    session[_SLOT] = dict([*kept, (search_id, entry)])
    return search_id


def recall(session: SessionBase, business_id: UUID, search_id: str) -> str | None:
    """Return what was typed, or None for a search that is over, another session's or another business's."""
    fresh = _fresh(session)
    if fresh != session.get(_SLOT, {}):
        session[_SLOT] = fresh
    if search_id not in fresh:
        return None
    try:
        sealed = base64.b64decode(fresh[search_id][0])
        secret = keys.data_key_of(business_id, envelope.version_of(sealed))
        return envelope.unseal(_key(secret), sealed, context=_context(business_id, search_id)).decode()
    except DecryptError:
        return None


def _fresh(session: SessionBase) -> dict[str, tuple[str, int]]:
    return {search_id: entry for search_id, entry in session.get(_SLOT, {}).items() if entry[1] > time()}


def _key(data_key: bytes) -> bytes:
    return envelope.derive(data_key, "searches")


def _context(business_id: UUID, search_id: str) -> tuple[str, ...]:
    return ("search", str(business_id), search_id)
