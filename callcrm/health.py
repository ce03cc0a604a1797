"""Is it alive, and can it work? For load balancers and people on call; says nothing about anybody.

`/health` touches nothing: a restart heals no database. `/health/ready` asks what requests need. Only an
unreachable database makes it 503; a silent worker or a full disk is told, and the rest goes on.
"""

from __future__ import annotations

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts.doors import open_door
from callcrm.lib import logs
from recordings.storage import StorageError, kept_in

HEARTBEAT_SECONDS = 30  # workers write theirs every 10 seconds
_log = logs.get("callcrm.health")


@open_door("a load balancer has no login, and is told one word")
@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@open_door("a load balancer has no login, and is told four words")
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    checks = {"database": database(), "queue": queue(), "storage": storage()}
    worst = "ok" if set(checks.values()) == {"ok"} else "degraded"
    status = "down" if checks["database"] == "down" else worst
    return JsonResponse({"status": status, "checks": checks}, status=503 if status == "down" else 200)


def database() -> str:
    return "ok" if _answer("SELECT true") else "down"


def queue() -> str:
    """Has any worker given a sign of life lately?"""
    fresh = _answer(
        "SELECT max(last_heartbeat) > now() - make_interval(secs => %s) FROM procrastinate_workers",
        HEARTBEAT_SECONDS,
    )
    return "ok" if fresh else "degraded"


def storage() -> str:
    """Can a recording be kept?"""
    try:
        kept_in().probe()
    except StorageError as failure:
        _log.warning("storage is out of reach", reason=failure.code)
        return "degraded"
    return "ok"


def _answer(question: str, *values: int) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute(question, values)
            row = cursor.fetchone()
    except Error as failure:
        _log.warning("the database did not answer", reason=type(failure).__name__)
        return False
    return bool(row and row[0])
