"""One listening connection per process, fanned out to the open streams of its event loop.

A frame is pushed at once to who may see everything; for the others the frames that came together are looked up
together, in a thread. Nothing waits for a slow client: one that does not keep up is cut off, and comes back for what
it missed. When the listening connection was lost, every stream is ended for the same reason, once it is back.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connections
from django.utils.timezone import now

from accounts.sessions import REVOKED
from callcrm.lib import logs
from callcrm.lib.handler import in_thread
from telephony.feed import CHANNEL
from telephony.live import streams
from telephony.live.frames import Frame, sees_all, visible_to_each
from telephony.live.streams import Holder

HELD_FRAMES = 256  # that one client may be behind
LOOK_AGAIN_SECONDS = 20.0
TICK_SECONDS = 0.25
QUIET_SECONDS = 30.0  # after which the listening connection has to prove that it is alive
CUT_SECONDS = 1.0  # that a stream has to end by itself
TOGETHER_SECONDS = 0.05  # rows of streams that close at once are removed at once
LONGEST_WAIT = 5.0
_log = logs.get("callcrm.live")


class Stream:
    """What one client has yet to be sent. Made in the task that sends it."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        self.ended = ""  # why: revoked, slow, resync or stopping
        self.follows = self.left = False
        self._task = asyncio.current_task()
        self.alarm: asyncio.TimerHandle | None = None
        self._frames: list[Frame] = []
        self._news = asyncio.Event()

    def push(self, frame: Frame) -> None:
        if len(self._frames) >= HELD_FRAMES:
            self.end("slow")
        elif not self.ended:
            self._frames.append(frame)
            self._news.set()

    def end(self, why: str) -> None:
        """What has not left yet never does: it may be no longer his to see."""
        if self.ended:
            return
        self.ended, self._frames = why, []
        self._news.set()
        asyncio.get_running_loop().call_later(CUT_SECONDS, self._cut)

    def _cut(self) -> None:
        """The task waits for a client who reads nothing, and would not notice that it is over."""
        if self._task and not self.left:
            self._task.cancel()

    async def frames(self, seconds: float) -> list[Frame]:
        """Return what has come, as soon as there is something; nothing after so many seconds or at the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        if not self.ended:
            self._news.clear()
        found, self._frames = self._frames, []
        return found


class Hub:
    """The streams of one event loop. Everything but `__len__` belongs to the loop's own thread."""

    def __init__(self) -> None:
        self.stopping: Callable[[], bool] = lambda: False  # the web server's word, see gunicorn.conf.py
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begin()

    def _begin(self) -> None:
        self._streams: dict[UUID, set[Stream]] = defaultdict(set)
        self._count = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = asyncio.Event()
        self._unsifted: list[tuple[Frame, list[Stream]]] = []
        self._sift_now = asyncio.Event()
        self._left: list[Holder] = []
        self._left_now = asyncio.Event()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Stream]:
        return (stream for found in list(self._streams.values()) for stream in list(found))

    # --- what a stream asks for

    def join(self, holder: Holder) -> Stream:
        """From now on the stream holds what its viewer may see."""
        self._run()
        stream = Stream(holder)
        self._streams[holder.business_id].add(stream)
        self._count += 1
        if holder.ends_at:
            seconds = (holder.ends_at - now()).total_seconds()
            stream.alarm = asyncio.get_running_loop().call_later(max(0, seconds), stream.end, "revoked")
        return stream

    async def ready(self, stream: Stream) -> None:
        """Wait until we listen: what is read from the database after that misses nothing.

        Rights that ended between the stream's admission and now were told to nobody, and are looked up here.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT):
                await self._listening.wait()
        stream.follows = True
        if await in_thread(streams.look_again, [stream.holder]):
            stream.end("revoked")

    def leave(self, stream: Stream) -> None:
        mine = self._streams[stream.holder.business_id]
        if stream not in mine:
            return
        mine.discard(stream)
        if not mine:
            del self._streams[stream.holder.business_id]
        self._count -= 1
        stream.left = True
        if stream.alarm:
            stream.alarm.cancel()
        self._left.append(stream.holder)
        self._left_now.set()

    # --- what runs beside the streams

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        self._begin()
        work = (self._listen, self._sift, self._look_after, self._tidy)
        self._tasks = [loop.create_task(_for_ever(one)) for one in work]

    async def _listen(self) -> None:
        """Listen until the connection is lost. Streams that were following then have missed what nobody heard."""
        try:
            async with await _connected() as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                await connection.execute(f"LISTEN {REVOKED}")
                self._listening.set()
                self.end_all("resync", lambda stream: stream.follows)
                await self._hear(connection)
        finally:
            self._listening.clear()

    async def _hear(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        while True:
            async for notice in connection.notifies(timeout=QUIET_SECONDS):
                self._take(notice)
            async with asyncio.timeout(LONGEST_WAIT):
                await connection.execute("SELECT 1")

    def _take(self, notice: psycopg.Notify) -> None:
        try:
            if notice.channel == REVOKED:
                whose = json.loads(notice.payload)
                self.end_all("revoked", lambda stream: stream.holder.is_meant(whose))
            else:
                self._tell(Frame.told(notice.payload))
        except (ValueError, KeyError, TypeError, AttributeError):
            _log.warning("a notice of the live feed cannot be read", channel=notice.channel)

    def _tell(self, frame: Frame) -> None:
        sifted = []
        for stream in self._streams.get(frame.business_id, ()):
            if sees_all(stream.holder.viewer):
                stream.push(frame)
            else:
                sifted.append(stream)
        if sifted:
            self._unsifted.append((frame, sifted))
            self._sift_now.set()

    async def _sift(self) -> None:
        """Push what came together since the last time to those who may see it."""
        await self._sift_now.wait()
        self._sift_now.clear()
        found, self._unsifted = self._unsifted, []
        by_business: dict[UUID, list[tuple[Frame, list[Stream]]]] = defaultdict(list)
        for frame, among in found:
            by_business[frame.business_id].append((frame, among))
        for business_id, told in by_business.items():
            await self._sift_business(business_id, told)

    async def _sift_business(self, business_id: UUID, told: list[tuple[Frame, list[Stream]]]) -> None:
        among = {stream for _, streams_then in told for stream in streams_then}
        viewers = {stream.holder.viewer.pk: stream.holder.viewer for stream in among}
        try:
            seen = await in_thread(
                visible_to_each, business_id, viewers.values(), [frame for frame, _ in told]
            )
        except Exception:  # whatever it was, these streams have missed something and must come back for it
            for stream in among:
                stream.end("resync")
            raise
        for frame, then in told:
            for stream in then:
                if frame.cursor in seen[stream.holder.viewer.pk]:
                    stream.push(frame)

    async def _look_after(self) -> None:
        """End what must end though nobody has told us, and keep the rows of the others fresh."""
        loop = asyncio.get_running_loop()
        next_look = loop.time() + LOOK_AGAIN_SECONDS
        while loop.time() < next_look:
            if self.stopping():
                self.end_all("stopping")
            await asyncio.sleep(TICK_SECONDS)
        ended = await in_thread(streams.look_again, [stream.holder for stream in self])
        self.end_all("revoked", lambda stream: stream.holder.stream_id in ended)

    async def _tidy(self) -> None:
        await self._left_now.wait()
        await asyncio.sleep(TOGETHER_SECONDS)
        self._left_now.clear()
        left, self._left = self._left, []
        await in_thread(streams.forget, left)

    def end_all(self, why: str, which: Callable[[Stream], bool] = lambda _: True) -> None:
        for stream in self:
            if which(stream):
                stream.end(why)


hub = Hub()


async def _for_ever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do it again and again. What fails is tried again after a moment, a longer one each time."""
    wait = 0.1
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await work()
            wait = 0.1
        except Exception as failure:  # a feed that ended here would look alive and tell nothing
            _log.warning("the live feed failed and goes on", work=work.__name__, kind=type(failure).__name__)
            lasted = asyncio.get_running_loop().time() - began
            wait = 0.1 if lasted > LONGEST_WAIT else min(wait * 2, LONGEST_WAIT)
            await asyncio.sleep(wait)


async def _connected() -> "psycopg.AsyncConnection[Any]":
    """Open the listening connection: past the pool, and noticing within half a minute that the other end is gone."""
    alive: dict[str, Any] = {
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "connect_timeout": 5,
    }
    params = await in_thread(_where)
    return await psycopg.AsyncConnection.connect(
        **params, **alive, autocommit=True, application_name="callcrm live feed"
    )


def _where() -> dict[str, Any]:
    if settings.LISTEN_DATABASE_URL:
        return {"conninfo": settings.LISTEN_DATABASE_URL}
    params = connections["default"].get_connection_params()
    return {name: value for name, value in params.items() if name not in ("cursor_factory", "context")}
