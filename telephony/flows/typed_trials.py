"""What was typed to try a call, kept while its flow is being edited: saving a draft takes nothing from who tries it.

The caller's number is a person's: it lies sealed in the session of who typed it, and stands in no address. A time that
nobody touched is not kept: it is that of the page.
"""

import json
from collections.abc import Mapping
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts.session_box import SessionBox

LONGEST = 40  # of each field
FIELDS = ("caller", "keys", "at", "second", "drawn", "in_service")
_BOX = SessionBox("flow-trials", "flow-trial")


def keep(session: SessionBase, business_id: UUID, number_id: UUID, typed: Mapping[str, str]) -> None:
    """Seal what was typed into the session; nothing typed forgets what was there."""
    given = {name: typed.get(name, "")[:LONGEST] for name in FIELDS}
    if given["at"] == given["drawn"]:
        given |= {"at": "", "drawn": "", "second": ""}
    if any(given.values()):
        _BOX.put(session, business_id, str(number_id), json.dumps(given))
    else:
        _BOX.drop(session, str(number_id))


def recall(session: SessionBase, business_id: UUID, number_id: UUID) -> dict[str, str] | None:
    """Return what was typed for a number's flow; None for what is over, or another business's."""
    text = _BOX.get(session, business_id, str(number_id))
    return None if text is None else dict(json.loads(text))
