"""The live feed of the dashboard, as server-sent events.

The browser repeats the last id it had when it comes back; a new stream is told one before anything happens, so that
it can. Served by ASGI a stream waits in the event loop and costs no thread. A server without ASGI (`runserver`)
polls the table instead, a thread for each stream, and has few of them.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.lib.handler import in_thread
from telephony.live import streams
from telephony.live.frames import OVERLAP, Frame, Missed, Start, start_of
from telephony.live.hub import Stream, hub
from telephony.live.streams import Holder
from telephony.models import LiveStream

COMMENT_SECONDS = 15.0
COMMENT = b": still here\n\n"
POLL_SECONDS = 1.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_polling: set[UUID] = set()  # streams of this process that hold a thread


@require_GET
@needs(Permission.VIEW_CUSTOMERS)
def stream(request: MemberRequest) -> HttpResponseBase:
    """Tell what changes in the business, until the browser or whoever is logged in goes away."""
    waits = isinstance(request, ASGIRequest)
    if len(hub) >= settings.LIVE_STREAMS_PER_PROCESS or (
        not waits and len(_polling) >= settings.LIVE_STREAMS_POLLED
    ):
        raise streams.full()
    holder = streams.admit(
        request.member,
        LiveStream.Kind.SSE,
        request.META["REMOTE_ADDR"],
        session_key=request.session.session_key or "",
    )
    start = start_of(request.business.pk, request.headers.get("Last-Event-ID"))
    parts = _followed(holder, start) if waits else _asked_for(holder, start)
    return EventStream(parts)


class EventStream(StreamingHttpResponse):
    """An answer without an end. Iterated as it is, it can be closed as it is.

    Django would wrap the parts twice; a client who is cut off in mid-sentence closes the wrapper alone, and the stream
    would count as open for ever.
    """

    def __init__(self, parts: Any) -> None:
        super().__init__(parts, content_type="text/event-stream", headers=HEADERS)
        self.parts = parts

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self.parts)


def _opening(start: Start) -> bytes:
    return f"retry: 2000\nid: {start.cursor}\n\n".encode()


def _written(frames: Iterable[Frame]) -> bytes:
    return b"".join(frame.as_event for frame in frames)


async def _followed(holder: Holder, start: Start) -> AsyncIterator[bytes]:
    mine = hub.join(holder)
    try:
        yield _opening(start)
        await hub.ready(mine)
        missed = Missed(holder.viewer, start)
        while missed.more and not mine.ended:
            if frames := await in_thread(missed.page):
                yield _written(frames)
        async for part in _as_it_comes(mine):
            yield part
    finally:
        hub.leave(mine)


async def _as_it_comes(mine: Stream) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    comment_at = loop.time() + COMMENT_SECONDS
    while True:
        frames = await mine.frames(max(0.0, comment_at - loop.time()))
        if mine.ended:
            return
        if frames:
            yield _written(frames)
        if loop.time() >= comment_at:
            comment_at = loop.time() + COMMENT_SECONDS
            yield COMMENT


def _asked_for(holder: Holder, start: Start) -> Iterator[bytes]:
    """Ask the database every second. The thread's connection is given back before each wait."""
    _polling.add(holder.stream_id)
    try:
        yield _opening(start)
        poll, comment_at = _Poll(holder, start), time.monotonic() + COMMENT_SECONDS
        while not streams.look_again([holder]):
            if frames := poll.frames():
                yield _written(frames)
            if time.monotonic() >= comment_at:
                comment_at = time.monotonic() + COMMENT_SECONDS
                yield COMMENT
            close_old_connections()
            time.sleep(POLL_SECONDS)
    finally:
        _polling.discard(holder.stream_id)
        streams.forget([holder])
        close_old_connections()


class _Poll:
    """What came since the last time. A short while is read again each time, for frames commit out of order."""

    def __init__(self, holder: Holder, start: Start) -> None:
        self.viewer, self.since = holder.viewer, start.since
        self.sent = dict.fromkeys(start.known, now())

    def frames(self) -> list[Frame]:
        asked = now()
        missed = Missed(self.viewer, Start(self.since, known=frozenset(self.sent)))
        found: list[Frame] = []
        while missed.more:
            found += missed.page()
        self.since = max(self.since, asked - OVERLAP)
        self.sent = {cursor: when for cursor, when in self.sent.items() if when >= self.since}
        self.sent.update(dict.fromkeys((frame.cursor for frame in found), asked))
        return found
