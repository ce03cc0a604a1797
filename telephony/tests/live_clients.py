"""A real gunicorn on loopback, and clients that listen to it: what the tests of the live feed share."""

import base64
import http.client
import json
import os
import queue
import secrets
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection
from django.test import Client

from callcrm.testing import login

ROOT = Path(__file__).resolve().parents[2]
SOON = 8  # seconds; the promise is one, on a machine that has nothing else to do


class Server:
    def __init__(self, folder, workers=1):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "DATABASE_URL": _test_database(),
            "DJANGO_SETTINGS_MODULE": "telephony.tests.live_settings",
            "LOG_FOLDER": str(folder),
            "WEB_CONCURRENCY": str(workers),
        }
        command = ["-m", "gunicorn", "callcrm.asgi:application", "-b", f"127.0.0.1:{self.port}"]
        self.out = (folder / "out").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=self.out, stderr=self.out
        )
        self._wait()

    def _wait(self):
        for _ in range(300):
            try:
                return self.status("/health")
            except OSError:
                assert self.process.poll() is None, self.said
                time.sleep(0.05)
        raise AssertionError(self.said)

    def status(self, path, **headers):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            client.request("GET", path, headers=headers)
            return client.getresponse().status
        finally:
            client.close()

    def listen(self, who, slug="acme", last_event_id=None):
        return Feed(self.port, f"/b/{slug}/live/", cookie_of(who), last_event_id)

    @property
    def said(self):
        return (self.folder / "out").read_text()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(15)
        self.out.close()


def _test_database():
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def cookie_of(who):
    """Log somebody in, or take the browser that has."""
    client = who if isinstance(who, Client) else login(Client(), who)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


class Feed:
    """A browser's EventSource, without the coming back."""

    def __init__(self, port, path, cookie, last_event_id=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")
        asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n"
        if last_event_id is not None:
            asked += f"Last-Event-ID: {last_event_id}\r\n"
        self.socket.sendall(f"{asked}\r\n".encode())
        self.status = int(self.file.readline().split()[1])
        self.headers = http.client.parse_headers(self.file)
        self.last_event_id = last_event_id or ""
        self.heard, self.closed = queue.Queue(), threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        if self.status == 200:
            self.reader.start()
            self.opening = self.heard.get(timeout=5)

    def _lines(self):
        """The body, whose chunks end where events end."""
        while size := int(self.file.readline() or b"0", 16):
            yield from self.file.read(size + 2)[:-2].decode().split("\n")[:-1]

    def _read(self):
        said = {}
        with suppress(OSError, ValueError):
            for line in self._lines():
                if line:
                    name, _, value = line.partition(": ")
                    said[name] = value
                elif said:
                    self.last_event_id = said.get("id", self.last_event_id)
                    self.heard.put(said)
                    said = {}
        self.closed.set()

    def next(self, seconds=3.0):
        """The next frame; fails when none comes."""
        while "event" not in (said := self.heard.get(timeout=seconds)):
            pass
        return said | {"data": json.loads(said["data"])}

    def frames(self, count=0, quiet=0.3):
        """So many frames, and whatever else comes within a while: nothing, where all is well."""
        found, until = [self.next() for _ in range(count)], time.monotonic() + quiet
        while (left := until - time.monotonic()) > 0:
            with suppress(queue.Empty):
                found.append(self.next(left))
        return found

    def about(self, count=1):
        """The ids that so many frames are about, or more of them if more come."""
        return {frame["data"]["id"] for frame in self.frames(count)}

    def hears(self, pk):
        """Wait for a frame about this; return all that frames were about until then."""
        about = []
        while str(pk) not in about:
            about.append(self.next()["data"]["id"])
        return about

    def close(self):
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        if self.reader.is_alive():
            self.reader.join(2)
        self.file.close()
        self.socket.close()


class Socket:
    """An API client on its WebSocket."""

    def __init__(self, port, path="/ws/live/"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.status = int(self.file.readline().split()[1])
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def say(self, text):
        payload, mask = text.encode(), secrets.token_bytes(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x81, 0x80 | size)
        elif size <= 0xFFFF:
            head = struct.pack("!BBH", 0x81, 0xFE, size)
        else:
            head = struct.pack("!BBQ", 0x81, 0xFF, size)
        masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)

    def next(self, seconds=3.0):
        """The next message: a frame as a dict, or the code with which the server closes."""
        self.socket.settimeout(seconds)
        opcode, size = self.file.read(2)
        if size == 126:
            (size,) = struct.unpack("!H", self.file.read(2))
        payload = self.file.read(size)
        if opcode & 0x0F == 0x8:
            return struct.unpack("!H", payload[:2])[0]
        return json.loads(payload)

    def close(self):
        self.file.close()
        self.socket.close()
