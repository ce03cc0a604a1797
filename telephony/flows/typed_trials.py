"""What was typed to try a call, kept while its flow is being edited: saving a draft takes nothing from who tries it.

The caller's number is a person's. It is sealed under the business's data key into the session of who typed it, and
stands in no address. A time that nobody touched is not kept: it is that of the page.
"""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from time import time
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts import keys
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.envelope import DecryptError

KEPT_FOR = timedelta(minutes=15)
MOST = 5  # flows
LONGEST = 40  # of each field
FIELDS = ("caller", "keys", "at", "second", "drawn")
_SLOT = "flow-trials"


def keep(session: SessionBase, business_id: UUID, number_id: UUID, typed: Mapping[str, str]) -> None:
    """Seal what was typed into the session; nothing typed forgets what was there."""
    kept = {number: entry for number, entry in _fresh(session).items() if number != str(number_id)}
    given = {name: typed.get(name, "")[:LONGEST] for name in FIELDS}
    if given["at"] == given["drawn"]:
        given |= {"at": "", "drawn": "", "second": ""}
    if any(given.values()):
        data = keys.data_key(business_id)
        sealed = envelope.seal(
            _key(data.secret),
            json.dumps(given).encode(),
            context=_context(business_id, number_id),
            version=data.version,
            pad=256,
        )
        entry = (base64.b64encode(sealed).decode(), int(time() + KEPT_FOR.total_seconds()))
        kept = dict([*list(kept.items())[-(MOST - 1) :], (str(number_id), entry)])
    if kept != session.get(_SLOT, {}):
        session[_SLOT] = kept


def recall(session: SessionBase, business_id: UUID, number_id: UUID) -> dict[str, str] | None:
    """Return what was typed for a number's flow; None for what is over, or another business's."""
    found = _fresh(session).get(str(number_id))
    if found is None:
        return None
    try:
        sealed = base64.b64decode(found[0])
        secret = keys.data_key_of(business_id, envelope.version_of(sealed))
        text = envelope.unseal(_key(secret), sealed, context=_context(business_id, number_id))
    except DecryptError:
        return None
    typed: dict[str, str] = json.loads(text)
    return typed


def _fresh(session: SessionBase) -> dict[str, tuple[str, int]]:
    return {number: entry for number, entry in session.get(_SLOT, {}).items() if entry[1] > time()}


def _key(data_key: bytes) -> bytes:
    return envelope.derive(data_key, "flow-trials")


def _context(business_id: UUID, number_id: UUID) -> tuple[str, ...]:
    return ("flow-trial", str(business_id), str(number_id))
