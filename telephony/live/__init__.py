"""The live feed: pages and API clients hear within a moment that something changed, by ids and states alone.

A committed frame (`telephony.feed`) notifies every process; one listening connection per process (`hub.py`) fans it
out to the open streams: server-sent events for pages (`sse.py`), a WebSocket for API clients (`websocket.py`).
`frames.py` says who may see which frame and what a broken connection missed, `streams.py` whose streams are open and
when they end.
"""

from telephony.live.sse import stream
from telephony.live.streams import open_streams

__all__ = ["open_streams", "stream"]
