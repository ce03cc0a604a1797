"""The body of a request, whole or not at all, in memory and within limits.

Django would spool a large body to disk, in clear, before any view could refuse it. Here reading stops at
the limit of the address, of the time, and of what all bodies of this process may hold together; the refusal
then goes through the middleware like every other. `release` must be called once the request is over.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, ClassVar

from django.conf import settings

from callcrm import errors
from callcrm.errors import Refused

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]

DRAIN_SECONDS = 2


class Body:
    held: ClassVar[int] = 0  # by every body of this process; only the event loop's thread counts

    def __init__(self, scope: Scope) -> None:
        webhook = scope["path"].startswith("/webhooks/")
        self.limit = settings.WEBHOOK_MAX_BYTES if webhook else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        self.declared = _declared(scope)
        self.file = io.BytesIO()
        self.size = 0
        self.whole = False
        self.refused: Refused | None = None

    @classmethod
    def refusing(cls, refused: Refused) -> Body:
        """An empty body for a request that is answered without being read again."""
        body = cls({"path": "", "headers": ()})
        body.refused, body.whole = refused, True
        return body

    async def read(self, receive: Receive) -> bool:
        """Read to the end or to the first reason not to. False: the client is gone, nobody waits."""
        try:
            return await self._read(receive)
        except TimeoutError:
            self.refused = errors.TimedOut()
        except Refused as refused:
            self.refused = refused
        self.file = io.BytesIO()
        self.release()  # what is thrown away makes room for others at once
        return True

    async def drain(self, receive: Receive) -> None:
        """Let a refused sender finish for a moment: a connection closed under it would lose the answer."""
        if self.whole:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while (await receive()).get("more_body"):
                    pass

    def release(self) -> None:
        Body.held -= self.size
        self.size = 0

    async def _read(self, receive: Receive) -> bool:
        if self.declared > self.limit:
            raise errors.TooLarge
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        self._take(message)
        if not self.whole:
            async with asyncio.timeout(settings.BODY_SECONDS):
                while not self.whole:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return False
                    self._take(message)
        self.file.seek(0)
        return True

    def _take(self, message: dict[str, Any]) -> None:
        part = message.get("body", b"")
        self.whole = not message.get("more_body", False)
        if self.size + len(part) > self.limit:
            raise errors.TooLarge
        if Body.held + len(part) > settings.HELD_BODY_BYTES:
            raise errors.Unavailable
        self.file.write(part)
        self.size += len(part)
        Body.held += len(part)


def _declared(scope: Scope) -> int:
    given = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(given) if given.isdigit() and len(given) < 20 else 0
