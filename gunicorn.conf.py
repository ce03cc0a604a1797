"""How the web process runs: `gunicorn callcrm.asgi:application`. The command line beats what stands here."""

import gc
import os
from typing import Any

worker_class = "asgi"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
timeout = 30
graceful_timeout = 20
websocket_max_message_size = 16 * 1024  # clients of the live feed say who they are, and no more
keepalive = 5
# The socket would lie in the home folder of whoever starts us; nothing of ours uses it.
control_socket_disable = True
# One line a request is written by callcrm itself, with the route instead of the raw path.
accesslog = None
logger_class = "callcrm.lib.serverlog.ServerLog"
# callcrm counts trusted proxies itself (TRUSTED_PROXY_DEPTH): no header changes the scheme before it looks.
forwarded_allow_ips = ""


def post_worker_init(worker: Any) -> None:
    """Get ready to serve. The live feed is told when the worker closes its door: streams never end by themselves."""
    from telephony.live.hub import hub  # the application is loaded only now

    servers = getattr(worker, "servers", [])  # only the ASGI worker has them, once it serves
    hub.stopping = lambda: bool(servers) and not any(server.is_serving() for server in servers)
    # What is loaded by now stays: who looks for garbage need not look through all of it, while somebody waits.
    gc.collect()
    gc.freeze()
