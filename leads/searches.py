"""What somebody typed to find a person, kept for as long as he may come back to the list of hits.

A page of hits has an address, so that Back, paging and reloading work; what was typed stands in none. It lies sealed in
the session of who typed it, and the address carries the id under which it lies.
"""

import secrets
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts.session_box import SessionBox

LONGEST = 200
_BOX = SessionBox("searches", "search")


def keep(session: SessionBase, business_id: UUID, text: str) -> str:
    """Seal what was typed into the session and return its id. The oldest gives way to the sixth."""
    search_id = secrets.token_urlsafe(12)
    _BOX.put(session, business_id, search_id, text[:LONGEST])
    return search_id


def recall(session: SessionBase, business_id: UUID, search_id: str) -> str | None:
    """Return what was typed, or None for a search that is over, another session's or another business's."""
    return _BOX.get(session, business_id, search_id)
