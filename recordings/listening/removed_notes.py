"""A note that was removed, for who removed it and takes that back: it lies in his session for a quarter of an hour.

It lies there as it was sealed, in the box of the session: only the key of its recording opens it, so with the recording
or the person nothing of it can be read any more.
"""

import base64
import json
from datetime import datetime
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts.session_box import SessionBox
from callcrm.lib.crypto.fields import Sealed
from recordings.models import RecordingNote

_BOX = SessionBox("removed-notes", "removed-note")


def keep(session: SessionBase, note: RecordingNote) -> None:
    """Put a note that is removed now into the session."""
    kept = {
        "recording": str(note.recording_id),
        "at": note.at_seconds,
        "body": base64.b64encode(note.body.for_column(verify=False)).decode(),
        "author": str(note.author_id) if note.author_id else None,
        "created": note.created_at.isoformat(),
        "changed": note.version,
    }
    _BOX.put(session, note.business_id, str(note.pk), json.dumps(kept))


def recall(session: SessionBase, business_id: UUID, note_id: UUID) -> RecordingNote | None:
    """Return the note as it was, for `notes.put_back`; None for what is over, another's or another business's."""
    text = _BOX.get(session, business_id, str(note_id))
    if text is None:
        return None
    kept = json.loads(text)
    note = RecordingNote(
        pk=note_id,
        business_id=business_id,
        recording_id=UUID(kept["recording"]),
        at_seconds=kept["at"],
        author_id=kept["author"] and UUID(kept["author"]),
        created_at=datetime.fromisoformat(kept["created"]),
        changed_at=datetime.fromisoformat(kept["changed"]) if kept["changed"] else None,
    )
    note.body = Sealed(base64.b64decode(kept["body"]))
    return note


def forget(session: SessionBase, note_id: UUID) -> None:
    """Take it out of the session."""
    _BOX.drop(session, str(note_id))
