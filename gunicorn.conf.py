"""How the web process runs: `gunicorn callcrm.asgi:application`. The command line beats what stands here."""

import os

worker_class = "asgi"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
timeout = 30
graceful_timeout = 20
keepalive = 5
# The socket would lie in the home folder of whoever starts us; nothing of ours uses it.
control_socket_disable = True
# One line a request is written by callcrm itself, with the route instead of the raw path.
accesslog = None
logger_class = "callcrm.lib.serverlog.ServerLog"
# callcrm counts trusted proxies itself (TRUSTED_PROXY_DEPTH): no header changes the scheme before it looks.
forwarded_allow_ips = ""
