"""The other end of the HTTP: a client that costs as little as it can, because it shares the cores with the server.

Requests are bytes that were made before; a lane is one keep-alive connection that sends its next request as soon as
the answer to the last one is in.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Self, cast

HOST = "127.0.0.1"
TOO_LONG = 60.0


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """`status` is 0 where the connection ended instead."""

    status: int
    seconds: float
    body: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some requests, and how long all of them took together."""

    seconds: float
    answers: list[Answer]

    @property
    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)


def get(path: str, headers: Mapping[str, str]) -> bytes:
    return _request(f"GET {path} HTTP/1.1", headers)


def post(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    return _request(f"POST {path} HTTP/1.1", {**headers, "Content-Length": str(len(body))}) + body


def _request(line: str, headers: Mapping[str, str]) -> bytes:
    lines = [line, *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Lane(asyncio.Protocol):
    """One connection. It reads what our own servers send: a length, or no body at all."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self.held = b""

    @property
    def is_open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.waiting and not self.waiting.done():
            self.waiting.set_result((0, b""))

    def data_received(self, data: bytes) -> None:
        self.held += data
        head, end, body = self.held.partition(b"\r\n\r\n")
        if not end:
            return
        length, closes = _framing(head)
        if len(body) < length:
            return
        self.held = b""
        if closes and self.transport:
            self.transport.close()
        if self.waiting and not self.waiting.done():
            self.waiting.set_result((int(head[9:12]), body))

    async def ask(self, request: bytes) -> Answer:
        if self.transport is None:
            return Answer(0, 0.0, b"")
        self.waiting = asyncio.get_running_loop().create_future()
        began = perf_counter()
        self.transport.write(request)
        status, body = await self.waiting
        return Answer(status, perf_counter() - began, body)


def _framing(head: bytes) -> tuple[int, bool]:
    length, closes = 0, False
    for line in head.lower().split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
        elif name == b"connection":
            closes = b"close" in value
        elif name == b"transfer-encoding":
            raise ValueError("an answer of the bench comes with its length")
    return length, closes


class Client:
    """So many lanes to one port. Used as a context manager; `run` may be called any number of times inside."""

    def __init__(self, port: int, lanes: int) -> None:
        self.port = port
        self.lanes = [Lane() for _ in range(lanes)]
        self.runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self.runner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self.lanes:
            if lane.transport:
                lane.transport.abort()
        self.runner.close()

    def run(self, requests: Iterable[bytes]) -> Batch:
        """Send them, in order, as quickly as they are answered."""
        return self.runner.run(self._run(deque(requests)))

    async def _run(self, requests: deque[bytes]) -> Batch:
        answers: list[Answer] = []
        await asyncio.sleep(0)  # hear of connections that have ended while nobody listened
        for lane in self.lanes:
            await self._open(lane)
        began = perf_counter()
        async with asyncio.timeout(TOO_LONG):
            await asyncio.gather(*(self._serve(lane, requests, answers) for lane in self.lanes))
        return Batch(perf_counter() - began, answers)

    async def _serve(self, lane: Lane, requests: deque[bytes], answers: list[Answer]) -> None:
        while requests:
            await self._open(lane)
            answers.append(await lane.ask(requests.popleft()))

    async def _open(self, lane: Lane) -> None:
        if not lane.is_open:
            lane.held = b""
            await asyncio.get_running_loop().create_connection(lambda: lane, HOST, self.port)
