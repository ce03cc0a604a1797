"""What the code below a request may know of it: its id and where it came from.

Set by the `RequestContext` middleware for the length of one request; empty in jobs and commands, which may
set their own `request_id` to tie their log lines and audit entries to the request that caused them.
"""

from __future__ import annotations

from contextvars import ContextVar
from uuid import uuid4

request_id: ContextVar[str] = ContextVar("request_id", default="")
client_ip: ContextVar[str] = ContextVar("client_ip", default="")


def new_request_id() -> str:
    return uuid4().hex
