"""What a frame looks like, who may see it, and what a broken connection has missed.

Who may see everything of a business is sent its frames as they come. For everybody else what a frame is about is
looked up with the model's own `visible_to`, so the feed cannot know more than the pages; a kind that nobody has
`show`n is sent to nobody else. Of callbacks everybody is told: one that a colleague takes, or that goes, is to leave
the pages of those who saw it until then, and a look-up finds no reason to tell them. Functions that query open their
own scope: streams outlive their requests.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.permissions import Permission
from callcrm.lib.tenancy import business_scope
from leads.models import Lead
from telephony.models import Call, FeedFrame, Message

PAGE = 500
# A cursor is given when a frame is written and seen when it is committed. Whoever comes back is sent again what was
# written shortly before the last frame he had: it may have been committed after it.
OVERLAP = timedelta(seconds=10)
_GREATEST_CURSOR = 2**63 - 1

# An id and a state, which tell no more than the rows of calls do: "a colleague calls back".
_TOLD_TO_ALL = {"callback.changed"}

Sight = Callable[[Admitted], "QuerySet[Any]"]
_sights: dict[str, Sight] = {
    "call.changed": Call.objects.visible_to,
    "message.changed": Message.objects.visible_to,
    "lead.changed": Lead.objects.visible_to,
}


def show(kind: str, sight: Sight) -> None:
    """Say which rows a kind of frame is about, and who may see them. For apps that lie above this one."""
    _sights[kind] = sight


@dataclass(frozen=True)
class Frame:
    """One thing that changed. It is written out once, however many streams it goes to."""

    cursor: int
    business_id: UUID
    kind: str
    object_id: UUID
    state: str
    at: str

    @classmethod
    def told(cls, payload: str) -> "Frame":
        """Read what the trigger of `telephony.feed_sql` says."""
        said = json.loads(payload)
        ids = {"business_id": UUID(said["business"]), "object_id": UUID(said["id"])}
        return cls(cursor=int(said["cursor"]), kind=said["kind"], state=said["state"], at=said["at"], **ids)

    @classmethod
    def kept(cls, row: FeedFrame) -> "Frame":
        at = row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return cls(row.pk, row.business_id, row.kind, row.object_id, row.state, at)

    @property
    def data(self) -> dict[str, str]:
        return {"id": str(self.object_id), "state": self.state, "at": self.at}

    @cached_property
    def as_event(self) -> bytes:
        return f"id: {self.cursor}\nevent: {self.kind}\ndata: {json.dumps(self.data)}\n\n".encode()

    @cached_property
    def as_json(self) -> str:
        return json.dumps({"id": self.cursor, "event": self.kind, "data": self.data})


@dataclass(frozen=True, slots=True)
class Start:
    """Where a stream begins: with what was written `since` then and is not `known`. `cursor` stands for all before."""

    since: datetime
    cursor: int = 0
    known: frozenset[int] = frozenset()


def sees_all(viewer: Admitted) -> bool:
    return viewer.can(Permission.VIEW_ALL_COMMUNICATIONS)


def visible(viewer: Admitted, frames: Sequence[Frame]) -> list[Frame]:
    """Return the frames that a viewer may know of: one query for each kind among them. Runs in the business's scope."""
    if sees_all(viewer):
        return list(frames)
    about: dict[str, set[UUID]] = defaultdict(set)
    for frame in frames:
        about[frame.kind].add(frame.object_id)
    allowed = {(kind, pk) for kind, pks in about.items() for pk in _seen(viewer, kind, pks)}
    return [one for one in frames if one.kind in _TOLD_TO_ALL or (one.kind, one.object_id) in allowed]


def _seen(viewer: Admitted, kind: str, pks: Collection[UUID]) -> Iterable[UUID]:
    sight = _sights.get(kind)
    return sight(viewer).filter(pk__in=pks).values_list("pk", flat=True) if sight else ()


def visible_to_each(
    business_id: UUID, viewers: Iterable[Admitted], frames: Sequence[Frame]
) -> dict[UUID, set[int]]:
    """Return, for each viewer, the cursors of those among some frames of his business that he may see."""
    with business_scope(business_id):
        return {viewer.pk: {frame.cursor for frame in visible(viewer, frames)} for viewer in viewers}


def start_of(business_id: UUID, last_event_id: str | None) -> Start:
    """Return where a stream begins: after the last frame the client had, or now. Runs in the business's scope."""
    frames = FeedFrame.objects.filter(business_id=business_id)
    cursor = _cursor(last_event_id)
    if cursor is not None:
        # The frame itself, or the next one when it was trimmed meanwhile; none: an id that we never gave.
        had = frames.filter(pk__gte=cursor).order_by("pk").only("at").first()
        if had:
            return Start(had.at - OVERLAP, cursor)
    since = now() - OVERLAP
    newest = frames.aggregate(newest=Max("pk"))["newest"] or 0
    return Start(since, newest, frozenset(frames.filter(at__gte=since).values_list("pk", flat=True)))


def _cursor(text: str | None) -> int | None:
    if not text or not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    return int(text) if int(text) <= _GREATEST_CURSOR else None


@dataclass(slots=True)
class Missed:
    """What a stream has to catch up with, page by page."""

    viewer: Admitted
    start: Start
    _place: tuple[datetime, int] | None = None
    more: bool = True

    def page(self) -> list[Frame]:
        """Return the next frames that the viewer may see; `more` says whether there is another page."""
        at, last = self._place or (self.start.since, 0)
        with business_scope(self.viewer.business_id):
            rows = list(
                FeedFrame.objects.filter(business_id=self.viewer.business_id)
                .filter(Q(at__gt=at) | Q(at=at, pk__gt=last))
                .order_by("at", "pk")[:PAGE]
            )
            self.more = len(rows) == PAGE
            if rows:
                self._place = (rows[-1].at, rows[-1].pk)
            fresh = [Frame.kept(row) for row in rows if row.pk not in self.start.known]
            return visible(self.viewer, fresh)
