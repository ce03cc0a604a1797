"""The live feed of API clients, as a WebSocket at /ws/live/.

The first message is `{"token": "<access token>"}`, with `"last_event_id"` for one that comes back. Every frame is one
text message, `{"id", "event", "data"}`; every 15 seconds `{"event": "ping"}` shows that both ends are there. It is
open for as long as the token: then, or when whatever the token hangs on ends, it is closed with 4401.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.utils.timezone import now

from accounts import tokens
from accounts.doors import check
from accounts.permissions import Permission
from callcrm.errors import NotAuthenticated, Refused, Unavailable
from callcrm.lib import logs
from callcrm.lib.handler import in_thread
from callcrm.lib.tenancy import business_scope
from callcrm.middleware.context import address_of
from telephony.live import streams
from telephony.live.frames import Missed, Start, start_of
from telephony.live.hub import Stream, hub
from telephony.live.streams import Holder
from telephony.models import LiveStream

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FIRST_MESSAGE_SECONDS = 5.0
LONGEST_MESSAGE = 8 * 1024
MOST_STRANGERS = 100  # who are connected and have not said yet who they are
MOST_WORDS = 20  # that a client may say between two pings; nobody listens
PING_SECONDS = 15.0
PING = '{"event": "ping"}'
NOT_AUTHENTICATED, DENIED, GOING, TALKATIVE, TOO_BIG, BROKEN, LATER = 4401, 4403, 1012, 1008, 1009, 1011, 1013
_log = logs.get("callcrm.live")
_strangers: set[int] = set()


class Closed(Exception):
    """The conversation is over. Without a code the client has left."""

    def __init__(self, code: int | None = None, reason: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a client says first."""

    token: str
    last_event_id: str | None


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """One client, from its handshake to its end."""
    await receive()  # websocket.connect
    if _in_clear(scope):
        await send({"type": "websocket.close", "code": DENIED})
        return
    await send({"type": "websocket.accept"})
    end = await _end_of(_converse(scope, receive, send, now()))
    if end.code is not None:
        with suppress(OSError, RuntimeError):  # it may have left meanwhile
            await send({"type": "websocket.close", "code": end.code, "reason": end.reason})


async def _end_of(conversation: Awaitable[None]) -> Closed:
    try:
        await conversation
    except Closed as closed:
        return closed
    except (OSError, RuntimeError):  # how servers say that nobody is there to send to
        return Closed()
    except NotAuthenticated as refused:
        return Closed(NOT_AUTHENTICATED, refused.message)
    except Unavailable as refused:
        return Closed(LATER, refused.message)
    except Refused as refused:
        return Closed(DENIED, refused.message)
    except Exception as failure:  # a fault of ours: the client hears so and may try again
        _log.exception("a live stream broke", kind=type(failure).__name__)
        return Closed(BROKEN)
    return Closed()


def _in_clear(scope: Scope) -> bool:
    """In production a token does not travel in clear. The proxy's word for it counts as it does for requests."""
    return bool(settings.SECURE_HSTS_SECONDS) and not _as_request(scope).is_secure()


def _as_request(scope: Scope) -> ASGIRequest:
    plain = {"ws": "http", "wss": "https"}
    scheme = plain.get(scope.get("scheme", "ws"), "http")
    return ASGIRequest({**scope, "type": "http", "method": "GET", "scheme": scheme}, BytesIO())


async def _converse(scope: Scope, receive: Receive, send: Send, since: datetime) -> None:
    greeting = await _greeting(receive)
    holder, start = await in_thread(_admit, greeting, address_of(_as_request(scope)), since)
    stream = hub.join(holder)
    listener = asyncio.ensure_future(_listen(receive, stream))
    try:
        await _tell(stream, start, send)
    finally:
        hub.leave(stream)
        listener.cancel()
    raise _why(stream)


async def _greeting(receive: Receive) -> Greeting:
    if len(_strangers) >= MOST_STRANGERS:
        raise streams.full()
    me = id(asyncio.current_task())
    _strangers.add(me)
    try:
        async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
            return _read(await receive())
    except TimeoutError:
        raise Closed(NOT_AUTHENTICATED, "The first message did not come in time.") from None
    finally:
        _strangers.discard(me)


def _read(message: Message) -> Greeting:
    if message["type"] == "websocket.disconnect":
        raise Closed
    text = message.get("text") or ""
    if len(text) > LONGEST_MESSAGE or len(message.get("bytes") or b"") > LONGEST_MESSAGE:
        raise Closed(TOO_BIG, "The first message is too long.")
    try:
        said = json.loads(text)
        token, last = said["token"], said.get("last_event_id")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotAuthenticated('The first message is {"token": "…"}.') from None
    if not isinstance(token, str):
        raise NotAuthenticated('The first message is {"token": "…"}.')
    return Greeting(token, None if last is None else str(last))


def _admit(greeting: Greeting, ip: str, since: datetime) -> tuple[Holder, Start]:
    """Find out who it is, by his token. A new client is told what changed since he connected."""
    if len(hub) >= settings.LIVE_STREAMS_PER_PROCESS:
        raise streams.full()
    session = tokens.session_of(greeting.token)
    member = session.member
    check(member, Permission.VIEW_CUSTOMERS)
    token: Any = greeting.token  # its library types say Token, and mean text
    until = datetime.fromtimestamp(tokens.Access(token)["exp"], UTC)
    with business_scope(member.business_id):
        kind = LiveStream.Kind.WEBSOCKET
        holder = streams.admit(member, kind, ip, api_session_id=session.pk, ends_at=until)
        again = greeting.last_event_id is not None
        return holder, start_of(member.business_id, greeting.last_event_id) if again else Start(since)


async def _listen(receive: Receive, stream: Stream) -> None:
    """Notice that the client leaves, or that it does not stop talking."""
    words = 0
    while (await receive())["type"] != "websocket.disconnect":
        words += 1
        if words > MOST_WORDS:
            stream.end("talkative")
            return
    stream.end("left")


async def _tell(stream: Stream, start: Start, send: Send) -> None:
    await hub.ready(stream)
    missed = Missed(stream.holder.viewer, start)
    while missed.more and not stream.ended:
        for frame in await in_thread(missed.page):
            await send({"type": "websocket.send", "text": frame.as_json})
    loop = asyncio.get_running_loop()
    ping_at = loop.time() + PING_SECONDS
    while not stream.ended:
        for frame in await stream.frames(max(0.0, ping_at - loop.time())):
            await send({"type": "websocket.send", "text": frame.as_json})
        if loop.time() >= ping_at and not stream.ended:
            ping_at = loop.time() + PING_SECONDS
            await send({"type": "websocket.send", "text": PING})


def _why(stream: Stream) -> Closed:
    ends = {
        "revoked": Closed(NOT_AUTHENTICATED, "The session or the token has ended."),
        "talkative": Closed(TALKATIVE, "Nobody listens."),
        "left": Closed(),
    }
    return ends.get(stream.ended, Closed(GOING, "Please come back with last_event_id."))
