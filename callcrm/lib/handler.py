"""From the ASGI server to Django's sync chain and back, in one hop to a thread.

Django's own handler builds an async chain, which crosses to a thread and back for every sync layer, and
makes a thread pool per request. Here all of `get_response`, with the signals around it, runs in one of a
few threads that are kept; the thread gives its database connections back before the answer leaves. A body
is read to its end first (`callcrm.lib.http_body`), so a form of which half arrived reaches no view. A
streamed body that asks the database is an async generator and uses `in_thread`; it opens its own scope, for
the view's has ended.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.core import signals
from django.core.handlers.asgi import ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from callcrm import errors
from callcrm.lib import context
from callcrm.lib.http_body import Body, Receive, Scope

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
P = ParamSpec("P")
T = TypeVar("T")

CHUNK = 64 * 1024
PREFETCHED = 4 * CHUNK  # a file up to this size leaves the thread whole, without another hop

threads = ThreadPoolExecutor(settings.REQUEST_THREADS, thread_name_prefix="request")
streams = ThreadPoolExecutor(settings.REQUEST_THREADS, thread_name_prefix="stream")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run sync code, most of all queries, from async code; the connections it used are given back."""
    call = functools.partial(_giving_back, function, *args, **kwargs)
    ours = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(threads, ours.run, call)


def _giving_back(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()


class Exchange:
    """One request on its way through, filled by the thread and read by the event loop."""

    response: HttpResponseBase  # there as soon as the thread is done

    def __init__(self, scope: Scope, body: Body) -> None:
        self.scope, self.body = scope, body
        self.begun = False
        self.content: bytes = b""
        self.rest: Iterator[bytes] | None = None  # of a file that is too long to leave at once

    def request(self) -> ASGIRequest:
        refused = self.body.refused
        try:
            request = ASGIRequest(self.scope, self.body.file)
        except UnicodeDecodeError:
            refused = refused or errors.Invalid("The address holds a sign that is not accepted.")
            request = ASGIRequest({**self.scope, "query_string": b""}, self.body.file)
        if refused is not None:
            request.refused_early = refused  # type: ignore[attr-defined]  # the middleware answers with it
        return request

    def headers(self) -> list[tuple[bytes, bytes]]:
        found = [(n.encode("ascii"), v.encode("latin1")) for n, v in self.response.items()]
        cookies = self.response.cookies.values()
        found += [(b"Set-Cookie", one.output(header="").encode("ascii").strip()) for one in cookies]
        if not self.response.streaming and not self.response.has_header("Content-Length"):
            found.append((b"Content-Length", str(len(self.content)).encode()))
        if not self.body.whole:
            found.append((b"Connection", b"close"))
        return found

    def is_bodiless(self) -> bool:
        return self.scope["method"].upper() == "HEAD" or self.response.status_code in (204, 304)


class Handler(BaseHandler):
    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = Body(scope)
        try:
            if await body.read(receive):
                exchange = await self._exchange(Exchange(scope, body))
                await self._send(exchange, receive, send)
                await body.drain(receive)
        finally:
            body.release()

    async def _exchange(self, exchange: Exchange) -> Exchange:
        """Have a thread answer, for as long as somebody waits."""
        loop = asyncio.get_running_loop()
        running = threads.submit(contextvars.copy_context().run, self._in_thread, exchange)
        waiting = asyncio.wrap_future(running, loop=loop)
        alarm = loop.call_later(settings.REQUEST_SECONDS, waiting.cancel, "too slow")
        try:
            await waiting
        except asyncio.CancelledError as cancelled:
            running.add_done_callback(functools.partial(_abandon, exchange))
            if cancelled.args != ("too slow",):
                raise
            return await self._too_slow(exchange)
        finally:
            alarm.cancel()
        return exchange

    async def _too_slow(self, slow: Exchange) -> Exchange:
        """Answer for a view that is still running, or that found no thread to run in."""
        reason = errors.TooSlow() if slow.begun else errors.Unavailable()
        answer = Exchange(slow.scope, Body.refusing(reason))
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, contextvars.copy_context().run, self._in_thread, answer)
        return answer

    def _in_thread(self, exchange: Exchange) -> None:
        exchange.begun = True
        set_script_prefix(get_script_prefix(exchange.scope))
        signals.request_started.send(sender=self.__class__, scope=exchange.scope)
        try:
            response = self.get_response(exchange.request())
        except BaseException:
            close_old_connections()
            raise
        response._handler_class = self.__class__  # type: ignore[attr-defined]  # as Django's own handler marks it
        exchange.response = response
        if not response.streaming:
            exchange.content = response.content  # type: ignore[attr-defined]  # one that does not stream has it
            response.close()
        elif isinstance(response, FileResponse):
            _read_file(exchange, response)
        else:
            close_old_connections()

    async def _send(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        response = exchange.response
        context.request_id.set(response.headers.get("X-Request-ID", ""))
        start = {"status": response.status_code, "headers": exchange.headers()}
        await send({"type": "http.response.start", **start})
        if exchange.rest is None and (not response.streaming or isinstance(response, FileResponse)):
            await send(
                {"type": "http.response.body", "body": b"" if exchange.is_bodiless() else exchange.content}
            )
            return
        try:
            if not exchange.is_bodiless():
                await _while_listening(receive, _stream(exchange, send))
            await send({"type": "http.response.body"})
        finally:
            await asyncio.get_running_loop().run_in_executor(streams, response.close)


def _read_file(exchange: Exchange, response: FileResponse) -> None:
    response.block_size = CHUNK
    parts, size, rest = [], 0, iter(response)
    for part in rest:
        parts.append(part)
        size += len(part)
        if size >= PREFETCHED:
            exchange.rest = rest
            break
    exchange.content = b"".join(parts)
    if exchange.rest is None:
        response.close()
    else:
        close_old_connections()


async def _stream(exchange: Exchange, send: Send) -> None:
    response: Any = exchange.response
    if exchange.rest is not None:
        await _send_file(exchange.content, exchange.rest, send)
    elif response.is_async:
        async with aclosing(aiter(response)) as parts:
            async for part in parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
    else:
        await _send_from_one_thread(response, send)


async def _send_file(first: bytes, rest: Iterator[bytes], send: Send) -> None:
    part: bytes | None = first
    while part is not None:
        await send({"type": "http.response.body", "body": part, "more_body": True})
        part = await asyncio.get_running_loop().run_in_executor(streams, next, rest, None)


async def _send_from_one_thread(response: Any, send: Send) -> None:
    """A sync generator may hold a transaction, which belongs to one thread from its first row to its last."""
    loop = asyncio.get_running_loop()
    gone = False

    def pump() -> None:
        for part in response:
            if gone:
                break
            message = {"type": "http.response.body", "body": part, "more_body": True}
            asyncio.run_coroutine_threadsafe(_as_coroutine(send, message), loop).result()

    ours = contextvars.copy_context()
    try:
        await loop.run_in_executor(streams, ours.run, functools.partial(_giving_back, pump))
    finally:
        gone = True


async def _as_coroutine(send: Send, message: Message) -> None:
    await send(message)


async def _while_listening(receive: Receive, sending: Any) -> None:
    """A stream may wait for hours for its next part; the client's leaving must end it."""
    sender = asyncio.ensure_future(sending)
    listener = asyncio.ensure_future(receive())
    try:
        await asyncio.wait((sender, listener), return_when=asyncio.FIRST_COMPLETED)
    finally:
        left_early = not sender.done()
        for task in (sender, listener):
            task.cancel()
        ended = await asyncio.gather(sender, listener, return_exceptions=True)
    if not left_early and isinstance(ended[0], Exception):
        raise ended[0]


def _abandon(exchange: Exchange, running: Future[None]) -> None:
    """Nobody waits for this answer any more: close what it holds open."""
    response: HttpResponseBase | None = getattr(exchange, "response", None)
    if response is not None and not response.closed:
        response.close()
