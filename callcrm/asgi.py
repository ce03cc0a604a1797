"""The ASGI door: pages, API, webhooks and the live feed in one process (see Procfile)."""

import os
from contextlib import suppress

import django
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from django.db import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callcrm.settings")
django.setup(set_prefix=False)

from callcrm.lib import tenancy  # noqa: E402  it reads settings, which must be set up first
from callcrm.lib.handler import Handler  # noqa: E402  it loads the middleware, which needs the settings
from telephony.live import websocket  # noqa: E402  models are ready only now

# Out of reach at the start is no reason to stay away: requests hear 503 until the database is back.
with suppress(OperationalError):
    tenancy.refuse_to_bypass()
http = Handler()


async def application(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Each kind of connection to who serves it. Start-up and shutdown need nothing: the server is told so."""
    if scope["type"] == "http":
        await http(scope, receive, send)  # type: ignore[arg-type]  # Django and asgiref type one scope in two ways
    elif scope["type"] == "websocket" and scope["path"] == "/ws/live/":
        await websocket.serve(scope, receive, send)  # type: ignore[arg-type]  # Django and asgiref type one scope in two ways
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4404, "reason": None})
    else:
        # Such as lifespan: so the server knows that nothing is needed.
        raise NotImplementedError(scope["type"])
