"""The signature Twilio began: a keyed hash over the address and the sorted form.

Bytes throughout, so what is not UTF-8 can be checked before anyone tries to read it. Every function is
total: whatever comes in, a verdict comes out. Every secret and every spelling of the address is tried
and compared in constant time; nothing stops early. Imports neither Django nor a provider's library.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from telephony.providers.base import Reason, Verdict

FORM = "application/x-www-form-urlencoded"

_URL = re.compile(rb"(https?)://([^/?#]*)([^#]*)", re.DOTALL)
_HOST = re.compile(rb"(\[[^\]]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?")
_DEFAULT_PORTS = {b"https": b"443", b"http": b"80"}


@dataclass(frozen=True, slots=True)
class Scheme:
    """Where a provider puts its signature and how it hashes."""

    header: str
    digest: str

    def digests(self, secret: bytes, message: bytes) -> bytes:
        return base64.b64encode(hmac.digest(secret, message, self.digest))

    def accepts(self, signature: str) -> bool:
        """The shape alone. Two headers joined by a comma fail here."""
        length = 4 * -(-hashlib.new(self.digest).digest_size // 3)
        return len(signature) == length and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", signature) is not None


def sign(scheme: Scheme, *, url: str, body: bytes, secret: str) -> str:
    """What a provider sends with a form."""
    return scheme.digests(secret.encode(), url.encode() + _sorted_form(body)).decode()


def verify(
    scheme: Scheme, *, url: object, method: object, headers: object, body: object, secrets: object
) -> Verdict:
    if method != "POST":
        return _refused(Reason.METHOD)
    signatures = _values(headers, scheme.header)
    if not any(signatures):
        return _refused(Reason.NO_SIGNATURE)
    keys = _keys(secrets)
    if not keys:
        return _refused(Reason.NO_SECRET)
    if len(signatures) != 1 or not scheme.accepts(signatures[0]) or not isinstance(body, bytes):
        return _refused(Reason.MALFORMED)
    addresses = _addresses(url)
    if not addresses:
        return _refused(Reason.MALFORMED)
    signed = _signed_body(addresses[0], headers, body)
    if signed is None:
        return _refused(Reason.UNSUPPORTED_CONTENT_TYPE)
    given = signatures[0].encode()
    matches = [
        hmac.compare_digest(scheme.digests(key, address + signed.form), given)
        for key in keys
        for address in addresses
    ]
    ok = any(matches) and signed.intact
    return Verdict(ok, Reason.OK) if ok else _refused(Reason.MISMATCH)


@dataclass(frozen=True, slots=True)
class _Signed:
    """How the body enters the signature: as a sorted form, or by a hash that stands in the address."""

    form: bytes
    intact: bool


def _signed_body(address: bytes, headers: object, body: bytes) -> _Signed | None:
    """None: neither. An address-only signature would then cover no byte of the body, so it is refused."""
    hashes = [value for name, value in pairs(address.partition(b"?")[2]) if name == b"bodySHA256" and value]
    if hashes:
        actual = hashlib.sha256(body).hexdigest().encode()
        return _Signed(b"", set(hashes) == {actual})
    if media_type(content_type(headers)) == FORM:
        return _Signed(_sorted_form(body), True)
    return None


def pairs(form: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and values of a form, decoded but not read as text. Blank values stay."""
    for part in form.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            yield _decoded(name), _decoded(value)


def _decoded(part: bytes) -> bytes:
    """Most parts are plain: looking costs less than decoding, and a caller waits."""
    spaced = part.replace(b"+", b" ")
    return unquote_to_bytes(spaced) if b"%" in spaced else spaced


def content_type(headers: object) -> str:
    values = _values(headers, "content-type")
    return values[0] if len(values) == 1 else ""


def media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _sorted_form(body: bytes) -> bytes:
    """By name, then by value, a repeated pair once. UTF-8 sorts like its code points."""
    return b"".join(name + value for name, value in sorted(set(pairs(body))))


def _addresses(url: object) -> list[bytes]:
    """Every spelling of the address a provider may have signed.

    Calls are signed without the port and texts with it, whatever the address says; credentials and the
    fragment are never signed, and an empty query loses its question mark in some senders.
    """
    parts = _URL.match(url.encode("utf-8", "surrogatepass")) if isinstance(url, str) else None
    host = _HOST.fullmatch(parts[2].rpartition(b"@")[2]) if parts else None
    if not parts or not host:
        return []
    name, port = host[1], host[2] or _DEFAULT_PORTS[parts[1]]
    path, _, query = parts[3].partition(b"?")
    targets = [parts[3]] if query or path == parts[3] else [parts[3], path]
    return [
        parts[1] + b"://" + authority + target
        for authority in (name, name + b":" + port)
        for target in targets
    ]


def _keys(secrets: object) -> list[bytes]:
    """A bare string is not a list of one-letter secrets, and a blank secret would let anyone sign."""
    if not isinstance(secrets, Collection) or isinstance(secrets, str | bytes | bytearray):
        return []
    return [
        secret.encode("utf-8", "surrogatepass")
        for secret in secrets
        if isinstance(secret, str) and secret.strip()
    ]


def _values(headers: object, name: str) -> list[str]:
    if not isinstance(headers, Mapping):
        return []
    return [
        value
        for key, value in headers.items()
        if isinstance(key, str) and key.lower() == name and isinstance(value, str)
    ]


def _refused(reason: Reason) -> Verdict:
    return Verdict(False, reason)
