"""A provider on this machine that misbehaves on command, over real HTTP.

    with Carrier() as carrier:
        carrier.will(status(500), audio(wav(5)))    # the first request, then every other

It remembers what it was asked, with the headers, so that a test can say what it must never hear.
"""

import io
import json
import socket
import threading
import time
import wave
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

Reply = Callable[[BaseHTTPRequestHandler], None]
MEGABYTE = 1024 * 1024


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


class Carrier:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.sent = 0
        self.over = threading.Event()
        self._replies: list[Reply] = [status(404)]
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def will(self, *replies: Reply) -> None:
        """Answer with these, one after the other; the last one stays."""
        self._replies = list(replies)

    def next_reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who is refused hangs up; that is no news."""


def _handler_of(carrier: Carrier) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        of = carrier

        def do_GET(self) -> None:  # the name is the library's
            self.close_connection = True
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            carrier.next_reply(Asked(self.command, self.path, dict(self.headers), body))(self)

        do_DELETE = do_POST = do_GET  # noqa: N815  # likewise

        def log_message(self, *_: object) -> None:
            """The test says what is wrong."""

    return Handler


# --- What it can do


def wav(seconds: float, *, channels: int = 1, rate: int = 8000) -> bytes:
    """A recording of so many seconds; no two seconds sound alike."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        count = int(seconds * rate) * channels
        file.writeframes(b"".join((n * 7919 % 65536).to_bytes(2, "little") for n in range(count)))
    return out.getvalue()


def status(code: int, **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        _head(
            handler, code, **{"Content-Length": "0"}, **{n.replace("_", "-"): t for n, t in headers.items()}
        )

    return reply


def body(
    content: bytes,
    content_type: str = "audio/x-wav",
    *,
    status: int = 200,
    announced: int | None = None,
    **headers: str,
) -> Reply:
    """Send it whole; `announced` is another length than it has."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        length = len(content) if announced is None else announced
        _head(handler, status, **{"Content-Type": content_type, "Content-Length": str(length)}, **headers)
        handler.wfile.write(content)

    return reply


def audio(content: bytes) -> Reply:
    return body(content)


def told(data: Any, code: int = 200) -> Reply:
    """Answer with JSON."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        content = json.dumps(data).encode()
        _head(handler, code, **{"Content-Type": "application/json", "Content-Length": str(len(content))})
        handler.wfile.write(content)

    return reply


def html() -> Reply:
    return body(b"<!doctype html><title>Sign in</title>", "text/html; charset=utf-8")


def cut(content: bytes) -> Reply:
    """Announce all, send half, hang up."""
    return body(content[: len(content) // 2], announced=len(content))


def endless(megabytes: int, content_type: str = "audio/x-wav") -> Reply:
    """Announce nothing and send so much, in chunks."""

    def reply(handler: Any) -> None:
        _head(handler, 200, **{"Content-Type": content_type, "Transfer-Encoding": "chunked"})
        for _ in range(megabytes):
            handler.wfile.write(b"100000\r\n" + bytes(MEGABYTE) + b"\r\n")
            handler.of.sent += MEGABYTE
        handler.wfile.write(b"0\r\n\r\n")

    return reply


def flood(head: bytes, megabytes: int) -> Reply:
    """Begin like a recording, announce no length and send so much."""

    def reply(handler: Any) -> None:
        _head(handler, 200, **{"Content-Type": "audio/x-wav", "Transfer-Encoding": "chunked"})
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(head), head))
        for _ in range(megabytes):
            handler.wfile.write(b"100000\r\n" + bytes(MEGABYTE) + b"\r\n")
            handler.of.sent += MEGABYTE

    return reply


def redirect(location: str, code: int = 302) -> Reply:
    return status(code, Location=location)


def drip(content: bytes, *, head: bool = False) -> Reply:
    """Send a byte every 50 ms, of the head already or of the body, as long as anybody listens."""

    def reply(handler: Any) -> None:
        start = b"HTTP/1.1 200 OK\r\nContent-Type: audio/x-wav\r\n"
        if not head:
            handler.wfile.write(start + b"Content-Length: %d\r\n\r\n" % len(content))
        for at in range(len(content)):
            handler.wfile.write(
                (start + b"X-Pad: " + b"x" * len(content))[at : at + 1] if head else content[at : at + 1]
            )
            if handler.of.over.wait(0.05):
                return

    return reply


def silence() -> Reply:
    """Take the request and say nothing."""

    def reply(handler: Any) -> None:
        handler.of.over.wait(60)

    return reply


def stalled(content: bytes, after: int, gate: threading.Event) -> Reply:
    """Send so many bytes, then wait until the gate is open."""

    def reply(handler: Any) -> None:
        _head(handler, 200, **{"Content-Type": "audio/x-wav", "Content-Length": str(len(content))})
        handler.wfile.write(content[:after])
        while not gate.wait(0.05):
            if handler.of.over.is_set():
                return
        handler.wfile.write(content[after:])

    return reply


def garbage() -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"\x00\x01 what is this\r\n\r\n")

    return reply


def by_path(**replies: Reply) -> Reply:
    """Choose by what the path ends with; `dual` is a question for two channels, `delete` the method."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        kind = (
            "delete"
            if handler.command == "DELETE"
            else "dual"
            if "RequestedChannels=2" in handler.path
            else "mono"
        )
        replies.get(kind, status(404))(handler)

    return reply


def _head(handler: BaseHTTPRequestHandler, code: int, **headers: str) -> None:
    handler.send_response_only(code)
    for name, text in headers.items():
        handler.send_header(name, text)
    handler.end_headers()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
