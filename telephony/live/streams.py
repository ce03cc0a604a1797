"""Whose streams are open, how many there may be, and when they have to end.

Every stream has a row, which its process keeps fresh: the settings page lists the rows, and the limit per user counts
them, whichever process they are in. A stream ends with whatever its holder came in by. That is told at once
(`accounts.sessions.tell_streams`), and looked up again every few seconds in case it was not.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import ApiSession, Business, Member, PlatformVisit, User
from accounts.sessions import browser_id
from callcrm.errors import Unavailable
from callcrm.lib.ids import uuid7
from callcrm.lib.tenancy import system_scope
from telephony.models import LiveStream

FRESH = timedelta(seconds=60)  # three times what passes between two looks at a stream
RETRY_AFTER = 10
_FULL = "Too many live streams are open. The page keeps itself up to date more slowly."


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who a stream belongs to and what he came in by. It ends with the first of these that does."""

    viewer: Admitted
    stream_id: UUID
    token_version: int
    session_key: str = ""
    api_session_id: UUID | None = None
    ends_at: datetime | None = None

    @property
    def business_id(self) -> UUID:
        return self.viewer.business_id

    @property
    def user_id(self) -> UUID:
        return self.viewer.user_id

    @property
    def visit_id(self) -> UUID | None:
        return self.viewer.pk if isinstance(self.viewer, PlatformVisit) else None

    def is_meant(self, whose: dict[str, str]) -> bool:
        """Say whether a revocation (`accounts.sessions.REVOKED`) is about this stream."""
        ours = {"user": str(self.user_id), "session": str(self.api_session_id), "visit": str(self.visit_id)}
        if self.session_key:
            ours["browser"] = browser_id(self.session_key)
        return any(whose.get(name) == value for name, value in ours.items())


def open_streams(business: Business) -> "QuerySet[LiveStream]":
    """Return the streams that are open now, newest first. Runs in the business's scope."""
    fresh = LiveStream.objects.filter(business=business, seen_at__gte=now() - FRESH)
    return fresh.select_related("user").order_by("-opened_at")


def admit(
    viewer: Admitted,
    kind: LiveStream.Kind,
    ip: str,
    *,
    session_key: str = "",
    api_session_id: UUID | None = None,
    ends_at: datetime | None = None,
) -> Holder:
    """Write a stream down. Raises Unavailable when its user has enough of them. Runs in the business's scope."""
    _wait_for_my_turn(viewer.user_id)
    mine = LiveStream.objects.filter(business_id=viewer.business_id, user_id=viewer.user_id)
    if mine.filter(seen_at__gte=now() - FRESH).count() >= settings.LIVE_STREAMS_PER_USER:
        raise full()
    visiting = isinstance(viewer, PlatformVisit)
    row = LiveStream(id=uuid7(), business_id=viewer.business_id, user_id=viewer.user_id, kind=kind)
    row.visiting, row.ip = visiting, ip or None
    row.save(force_insert=True)
    return Holder(
        viewer=viewer,
        stream_id=row.pk,
        token_version=viewer.user.token_version,
        session_key=session_key,
        api_session_id=api_session_id,
        ends_at=viewer.ends_at if isinstance(viewer, PlatformVisit) else ends_at,
    )


def full() -> Unavailable:
    return Unavailable(_FULL, retry_after=RETRY_AFTER)


def _wait_for_my_turn(user_id: UUID) -> None:
    """Counting and inserting is one step for each user, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"live streams of {user_id}"]
        )


def forget(holders: Collection[Holder]) -> None:
    """Remove the rows of streams that were closed."""
    with _scope_of(holders):
        LiveStream.objects.filter(pk__in=[holder.stream_id for holder in holders]).delete()


def forget_stale(business_id: UUID) -> None:
    """Remove what processes that were killed have left. Runs in the business's scope."""
    LiveStream.objects.filter(business_id=business_id, seen_at__lt=now() - 10 * FRESH).delete()


def look_again(holders: Collection[Holder]) -> set[UUID]:
    """Return the ids of the streams that have to end, and say of the others that they are open."""
    ended = {holder.stream_id for holder in holders} - set(_standing(holders))
    open_ids = [holder.stream_id for holder in holders if holder.stream_id not in ended]
    with _scope_of(holders):
        LiveStream.objects.filter(pk__in=open_ids).update(seen_at=now())
    return ended


def _scope_of(holders: Iterable[Holder]) -> AbstractContextManager[None]:
    ids = {holder.business_id for holder in holders}
    return system_scope("the open streams of this process, of several businesses", ids)


def _standing(holders: Collection[Holder]) -> Iterator[UUID]:
    """Yield the streams whose holder may still have them: five queries, however many there are."""
    users = _found(User.objects.filter(is_active=True), (h.user_id for h in holders), "token_version")
    members = _found(Member.objects.active(), (h.viewer.pk for h in holders), "role")
    visits = _found(
        PlatformVisit.objects.open().filter(user__is_superuser=True), (h.visit_id for h in holders)
    )
    browsers = _found(Session.objects.filter(expire_date__gt=now()), (h.session_key for h in holders))
    live = ApiSession.objects.filter(ended_at=None, expires_at__gt=now())
    clients = _found(live, (h.api_session_id for h in holders))
    for holder in holders:
        viewer = holder.viewer
        belongs = viewer.pk in visits if holder.visit_id else members.get(viewer.pk) == viewer.role
        came_in = holder.session_key in browsers or holder.api_session_id in clients
        if belongs and came_in and users.get(holder.user_id) == holder.token_version:
            yield holder.stream_id


def _found(rows: "QuerySet[Any]", keys: Iterable[Any], value: str = "pk") -> dict[Any, Any]:
    wanted = {key for key in keys if key}
    return dict(rows.filter(pk__in=wanted).values_list("pk", value)) if wanted else {}
