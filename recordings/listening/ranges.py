"""Answering with a part of a recording, as players ask for it (RFC 9110, section 14).

A part is at most a mebibyte, whatever was asked for: a player asks for the next one by itself, and no answer holds an
hour.
"""

import re
from typing import Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from callcrm.lib.crypto.chunks import Reader

MOST: Final = 1024 * 1024
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


def answer(request: HttpRequest, reader: Reader, content_type: str) -> HttpResponseBase:
    """Return what was asked for: the part, 416 for one that is not there, or all of it block by block."""
    wanted = _wanted(request.headers.get("Range", ""), reader.size)
    if wanted is None:
        return _dressed(StreamingHttpResponse(reader.blocks()), content_type, reader.size)
    start, end = wanted
    if not 0 <= start < end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{reader.size}"})
    part = HttpResponse(reader.read(start, end), status=206)
    part.headers["Content-Range"] = f"bytes {start}-{end - 1}/{reader.size}"
    return _dressed(part, content_type, end - start)


def _wanted(header: str, size: int) -> tuple[int, int] | None:
    """Return first and after-last of the one range asked for; None for none, or for what may be answered whole."""
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if match is None or match[1] == match[2] == "":
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1 if first and last else size)
    return start, min(end, start + MOST)


def _dressed(response: HttpResponseBase, content_type: str, length: int) -> HttpResponseBase:
    """Sound for a player: neither a page nor a file."""
    headers = {
        "Content-Type": content_type,
        "Content-Length": str(length),
        "Accept-Ranges": "bytes",
        "Content-Disposition": "inline",
    }
    for name, value in headers.items():
        response.headers[name] = value
    return response
