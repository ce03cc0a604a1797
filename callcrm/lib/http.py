"""Fetching from addresses that we were not the ones to choose, without being led anywhere else.

A host is spoken to when it is listed, over https on port 443, and when all of its addresses are public: it is resolved
once, and the connection goes to the address that was checked. Only the operator's own base address (scheme, host and
port) is trusted wherever it lies. At most two redirects are followed, each checked anew and without credentials.

The time is for all of it, the name's look-up too, so that no drip keeps a connection open. The head has to be there
sooner, redirects and all: only who reads the body can tell others that he is still at work. The bytes are counted as
they come. What goes wrong is a `FetchError` with a code and never an address. No proxy of the environment is used,
because it would resolve names by itself. urllib3, requests and httpx limit each read and not the whole, and connect by
name: what is needed here is smaller than what would have to be taken out of them.
"""

import io
import ipaddress
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from threading import Thread
from time import monotonic
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode, urljoin, urlsplit

BLOCK = 64 * 1024
CONNECT_SECONDS = 10.0
IDLE_SECONDS = 20.0  # without a byte; shorter than what the whole may take
HEAD_SECONDS = 20.0
MOST_REDIRECTS = 2
LONGEST_PAUSE = 3600  # that a server may ask for
LONGEST_REFUSAL = 4 * 1024

Form = Mapping[str, str] | Sequence[tuple[str, str]]

_REDIRECTS = (301, 302, 303, 307, 308)
_GOOD = {"GET": (200,), "DELETE": (200, 202, 204), "POST": (200, 201, 202, 204)}
_URL = re.compile(
    r"https?://[!-\[\]-~]+"
)  # printable ASCII without the backslash, which some read as a slash
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*|[0-9a-f:]+")
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")  # private before fc00::/7 was, and still used by some
# Addresses that carry another one inside: of a machine that they lead to.
_CARRIERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


class FetchError(Exception):
    """Nothing usable came. `code` says why; `retry_after` is in seconds, where the server said so.

    `said` is the beginning of what came with a refusal of something posted. It may quote what was sent: it is read for
    its code, and neither kept nor logged.
    """

    def __init__(self, code: str, *, retry_after: int | None = None, said: bytes = b"") -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.said = said


class Target(NamedTuple):
    """An address, taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self[:3]


@dataclass(frozen=True, slots=True)
class Rules:
    """Which hosts may be spoken to, first and after a redirect. A leading dot stands for all subdomains."""

    trusted: tuple[str, str, int] | None
    allowed: Sequence[str]
    redirects: Sequence[str]

    def addresses(self, target: Target, until: float, *, redirected: bool) -> list[tuple[int, Any]]:
        """Return where to connect, or raise FetchError."""
        if target.origin == self.trusted:
            return [(family, address) for family, address, _ in _resolved(target, until)]
        listed = self.redirects if redirected else self.allowed
        if (target.scheme, target.port) != ("https", 443) or not _is_listed(target.host, listed):
            raise FetchError("refused_host")
        found = _resolved(target, until)
        if not all(_is_public(ip) for _, _, ip in found):
            raise FetchError("refused_address")
        return [(family, address) for family, address, _ in found]


class Answer:
    """What came: its head is checked, its body comes when it is asked for."""

    def __init__(self, response: HTTPResponse, max_bytes: int) -> None:
        self._response = response
        self._max_bytes = max_bytes
        self.headers: Mapping[str, str] = {name.lower(): text for name, text in response.getheaders()}
        self.content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        self.length: int | None = response.length  # None where the server does not say it before

    def blocks(self) -> Iterator[bytes]:
        """The body. Raises FetchError where it is too large, too slow, or ends before its announced end."""
        count = 0
        while block := self._block():
            count += len(block)
            if count > self._max_bytes:
                raise FetchError("too_large")
            yield block
        if self.length is not None and count != self.length:
            raise FetchError("cut_short")

    def check(self, types: Sequence[str]) -> None:
        """Refuse what is of another type or announces too much."""
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise FetchError("wrong_type")
        if types and not self.content_type.startswith(tuple(types)):
            raise FetchError("wrong_type")
        if self.length is not None and self.length > self._max_bytes:
            raise FetchError("too_large")

    def _block(self) -> bytes:
        with _as_fetch_errors():
            return self._response.read1(BLOCK)


@contextmanager
def fetch(
    url: str,
    *,
    max_bytes: int,
    seconds: float,
    types: Sequence[str] = (),
    auth: tuple[str, str] | None = None,
    trusted_base: str = "",
    allowed_hosts: Sequence[str] = (),
    redirect_hosts: Sequence[str] = (),
    method: str = "GET",
    form: Form | None = None,
) -> Iterator[Answer]:
    """Fetch an address; the answer's body is read inside. `types` are beginnings of content types, such as `audio/`.

    A `form` is posted; what is posted follows no redirect.
    """
    method = method if form is None else "POST"
    rules = Rules(_target(trusted_base).origin if trusted_base else None, allowed_hosts, redirect_hosts)
    target, until = _target(url), monotonic() + seconds
    head_until = min(until, monotonic() + HEAD_SECONDS)
    for hop in range(MOST_REDIRECTS + 1):
        addresses = rules.addresses(target, head_until, redirected=hop > 0)
        with _connected(target, addresses, head_until) as wire:
            response = _asked(wire, target, method, None if hop else auth, form)
            if method != "GET" or response.status not in _REDIRECTS:
                wire.until = until
                yield _usable(response, method, max_bytes, types)
                return
            target = _target(
                urljoin(f"{target.scheme}://{_authority(target)}{target.path}", _location(response))
            )
    raise FetchError("too_many_redirects")


def _usable(response: HTTPResponse, method: str, max_bytes: int, types: Sequence[str]) -> Answer:
    if response.status not in _GOOD[method]:
        pause, said = _pause(response.getheader("Retry-After")), b""
        with suppress(FetchError), _as_fetch_errors():
            said = response.read(LONGEST_REFUSAL) if method == "POST" else b""
        raise FetchError(f"status_{response.status}", retry_after=pause, said=said)
    answer = Answer(response, max_bytes)
    answer.check(types)
    return answer


def _location(response: HTTPResponse) -> str:
    location = response.getheader("Location")
    if not location:
        raise FetchError(f"status_{response.status}")
    return location


def _pause(said: str | None) -> int | None:
    """Retry-After is a number of seconds or a date."""
    if not said:
        return None
    if said.isascii() and said.isdigit():
        return min(int(said[:9]), LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    left = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0, min(int(left), LONGEST_PAUSE))


# --- Where


def _target(url: str) -> Target:
    if not _URL.fullmatch(url):
        raise FetchError("refused_host")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or {"https": 443, "http": 80}[parts.scheme]
    except ValueError:
        raise FetchError("refused_host") from None
    if "@" in parts.netloc or not _HOST.fullmatch(host):
        raise FetchError("refused_host")
    path = parts.path or "/"
    return Target(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path)


def _authority(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    default = {"https": 443, "http": 80}[target.scheme]
    return host if target.port == default else f"{host}:{target.port}"


def _is_listed(host: str, hosts: Sequence[str]) -> bool:
    return host in hosts or any(host.endswith(one) for one in hosts if one.startswith("."))


def _resolved(target: Target, until: float) -> list[tuple[int, Any, str]]:
    with _as_fetch_errors():
        found = _looked_up(target, _left(until, CONNECT_SECONDS))
    return [(family, address, str(address[0]).partition("%")[0]) for family, _, _, _, address in found]


def _looked_up(target: Target, seconds: float) -> list[Any]:
    """Ask for the addresses of a name. The system's resolver takes its own time, and cannot be told how much: a thread
    waits for it, which ends when it does."""
    found: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            found.set_result(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except Exception as failure:  # whatever it is belongs to whoever waits
            found.set_exception(failure)

    Thread(target=ask, name="resolver", daemon=True).start()
    return found.result(seconds)


def _is_public(text: str) -> bool:
    ip = ipaddress.ip_address(text)
    inside = any(ip in network for network in _CARRIERS)
    odd = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip in _SITE_LOCAL
    return ip.is_global and not (inside or odd)


# --- How


class _Wire(io.RawIOBase):
    """A connection on which every step gets no more than what is left of the whole time."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self.until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self.until, IDLE_SECONDS))
        return self._connection.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        self._connection.settimeout(_left(self.until, IDLE_SECONDS))
        self._connection.sendall(data)

    def makefile(self, *args: Any) -> io.BufferedReader:
        return io.BufferedReader(self, BLOCK)


@contextmanager
def _connected(target: Target, addresses: Sequence[tuple[int, Any]], until: float) -> Iterator[_Wire]:
    with _as_fetch_errors():
        connection = _first_that_answers(addresses, until)
    try:
        if target.scheme == "https":
            with _as_fetch_errors():
                connection.settimeout(_left(until, CONNECT_SECONDS))
                connection = _tls().wrap_socket(connection, server_hostname=target.host)
        yield _Wire(connection, until)
    finally:
        connection.close()


def _first_that_answers(addresses: Sequence[tuple[int, Any]], until: float) -> socket.socket:
    failure: OSError = ConnectionError()
    for family, address in addresses:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(_left(until, CONNECT_SECONDS))
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _asked(
    wire: _Wire, target: Target, method: str, auth: tuple[str, str] | None, form: Form | None
) -> HTTPResponse:
    headers = {
        "Host": _authority(target),
        "User-Agent": "callcrm",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if auth:
        headers["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
    body = None if form is None else urlencode(form).encode()
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with _as_fetch_errors():
        connection, spoken = HTTPConnection(target.host), cast(socket.socket, wire)
        connection.sock = spoken
        connection.request(method, target.path, body, headers)
        response = HTTPResponse(spoken, method=method)
        response.begin()
    return response


def _left(until: float, most: float) -> float:
    left = min(until - monotonic(), most)
    if left <= 0:
        raise TimeoutError
    return left


@contextmanager
def _as_fetch_errors() -> Iterator[None]:
    """Give every failure of a connection a code. The libraries' messages quote what came, and are left out."""
    try:
        yield
    except TimeoutError:
        raise FetchError("too_slow") from None
    except ssl.SSLCertVerificationError:
        raise FetchError("untrusted") from None
    except IncompleteRead:
        raise FetchError("cut_short") from None
    except (OSError, HTTPException, ValueError):
        raise FetchError("unreachable") from None
