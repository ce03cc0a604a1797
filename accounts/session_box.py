"""A few things that somebody typed, sealed into his session for a while: what is a person's stands in no address.

What is typed is sealed under the data key of the business, for its place and its name alone, so that no other session,
business or place can read it. The oldest gives way to the newest.
"""

import base64
from dataclasses import dataclass
from datetime import timedelta
from time import time
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts import keys
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.envelope import DecryptError

KEPT_FOR = timedelta(minutes=15)
MOST = 5


@dataclass(frozen=True, slots=True)
class SessionBox:
    """`slot` names its place in the session, `label` what is sealed there."""

    slot: str
    label: str

    def put(self, session: SessionBase, business_id: UUID, name: str, text: str) -> None:
        """Seal a text under a name, in the place of what lay there."""
        data = keys.data_key(business_id)
        sealed = envelope.seal(
            self._key(data.secret),
            text.encode(errors="replace"),
            context=self._context(business_id, name),
            version=data.version,
            pad=256,
        )
        entry = [base64.b64encode(sealed).decode(), int(time() + KEPT_FOR.total_seconds())]
        others = [each for each in self._fresh(session).items() if each[0] != name]
        session[self.slot] = dict([*others[-(MOST - 1) :], (name, entry)])

    def get(self, session: SessionBase, business_id: UUID, name: str) -> str | None:
        """Return what lies there; None for what is over, another session's or another business's."""
        fresh = self._fresh(session)
        self._keep(session, fresh)
        if name not in fresh:
            return None
        try:
            sealed = base64.b64decode(fresh[name][0])
            secret = keys.data_key_of(business_id, envelope.version_of(sealed))
            return envelope.unseal(
                self._key(secret), sealed, context=self._context(business_id, name)
            ).decode()
        except DecryptError:
            return None

    def drop(self, session: SessionBase, name: str) -> None:
        """Forget what lies there."""
        self._keep(session, {each: entry for each, entry in self._fresh(session).items() if each != name})

    def _keep(self, session: SessionBase, entries: dict[str, tuple[str, int]]) -> None:
        """Write it only where it is something else: a session that is written is a row that is written."""
        if entries != session.get(self.slot, {}):
            session[self.slot] = entries

    def _fresh(self, session: SessionBase) -> dict[str, tuple[str, int]]:
        return {name: entry for name, entry in session.get(self.slot, {}).items() if entry[1] > time()}

    def _key(self, data_key: bytes) -> bytes:
        return envelope.derive(data_key, self.slot)

    def _context(self, business_id: UUID, name: str) -> tuple[str, ...]:
        return (self.label, str(business_id), name)
