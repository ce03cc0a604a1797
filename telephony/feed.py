"""Telling the live feed. A frame is a row, written with what it tells; its trigger notifies every process at commit.

The listening side is `live.py`.
"""

from uuid import UUID

from telephony.models import FeedFrame

CHANNEL = "callcrm_live"  # NOTIFY payload: {"cursor", "business", "kind", "id", "state", "at"}


def tell(business_id: UUID, kind: str, object_id: UUID, state: str) -> None:
    """Say that something changed: `call.changed`, `message.changed`, `recording.changed` or `lead.changed`."""
    FeedFrame.objects.create(business_id=business_id, kind=kind, object_id=object_id, state=state)
