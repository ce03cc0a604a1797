"""Telling the live feed. A frame is a row, written with what it tells; its trigger notifies every process at commit.

The listening side is `live/`.
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.utils.timezone import now

from telephony.models import FeedFrame

CHANNEL = "callcrm_live"  # NOTIFY payload: {"cursor", "business", "kind", "id", "state", "at"}
KEPT = timedelta(hours=24)  # for whoever comes back


def tell(business_id: UUID, kind: str, object_id: UUID, state: str) -> None:
    """Say that something changed: `call.changed`, and so for `message`, `recording`, `callback` and `lead`."""
    FeedFrame.objects.create(business_id=business_id, kind=kind, object_id=object_id, state=state)


def tell_all(business_id: UUID, kind: str, states: Mapping[UUID, str]) -> None:
    """Say that many things changed, by their ids and states, in one statement."""
    frames = (
        FeedFrame(business_id=business_id, kind=kind, object_id=pk, state=state)
        for pk, state in states.items()
    )
    FeedFrame.objects.bulk_create(frames)


def trim(business_id: UUID) -> None:
    """Forget the frames of longer ago. Runs in the scope of the business."""
    FeedFrame.objects.filter(business_id=business_id, at__lt=now() - KEPT).delete()
