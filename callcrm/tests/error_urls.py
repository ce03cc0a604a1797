"""Addresses that go wrong in every way, for the tests of the middleware alone."""

import asyncio
import json
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoInvalid
from django.core.signals import request_finished
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.http import FileResponse, Http404, HttpResponse, HttpResponseForbidden, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST
from rest_framework import exceptions as api
from rest_framework.response import Response
from rest_framework.views import APIView

from callcrm import errors
from callcrm.lib import context

handler400 = "callcrm.error_pages.bad_request"
handler403 = "callcrm.error_pages.denied"
handler404 = "callcrm.error_pages.not_found"
handler500 = "callcrm.error_pages.server_error"

SECRET_ROW = "Key (email)=(jo.doe@example.com) already exists"


def _of_postgres(kind, state):
    cause = type("Cause", (Exception,), {"sqlstate": state, "__module__": "psycopg.errors"})(SECRET_ROW)
    failure = kind(SECRET_ROW)
    failure.__cause__ = cause
    return failure


RAISED = {
    "invalid": errors.Invalid(fields={"phone": ["is not a number"]}),
    "anonymous": errors.NotAuthenticated(),
    "denied": errors.Denied(),
    "missing": errors.NotFound(),
    "conflict": errors.Conflict(),
    "large": errors.TooLarge(),
    "many": errors.TooMany(retry_after=27, limit="lead.reveal"),
    "unavailable": errors.Unavailable(),
    "http404": Http404("lead 7 of rival"),
    "permission": PermissionDenied("lead 7"),
    "suspicious": SuspiciousOperation("../../etc/passwd"),
    "django-invalid": DjangoInvalid({"name": ["is too long"]}),
    "api-invalid": api.ValidationError({"phones": [{"number": ["is not a number"]}]}),
    "api-throttled": api.Throttled(wait=9),
    "api-missing": api.NotFound(),
    "api-type": api.UnsupportedMediaType("text/plain"),
    "data": DataError(SECRET_ROW),
    "down": OperationalError(SECRET_ROW),
    "closed": InterfaceError(SECRET_ROW),
    "read-only": _of_postgres(InternalError, "25006"),
    "wall": _of_postgres(ProgrammingError, "42501"),
    "twice": _of_postgres(IntegrityError, "23505"),
    "foreign-key": _of_postgres(IntegrityError, "23503"),
    "bug": RuntimeError(SECRET_ROW),
}


@csrf_exempt
def raises(request, kind):
    raise RAISED[kind]


@csrf_exempt
def writes_then_denies(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    raise errors.Denied


@csrf_exempt
def reads_json(request):
    return HttpResponse(json.dumps(json.loads(request.body)))


@csrf_exempt
def reads_form(request):
    return HttpResponse(f"{len(request.POST)} fields, {len(request.body)} bytes")


@csrf_exempt
def recurses(request):
    return recurses(request)


@csrf_protect
def guarded(request):
    return HttpResponse("through")


def asks_the_database(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return HttpResponse(str(cursor.fetchone()[0]))


def address(request):
    return HttpResponse(f"{request.META['REMOTE_ADDR']} {context.client_ip.get()} {context.request_id.get()}")


def counted(request):
    request.limit_usage = SimpleNamespace(limit=30, remaining=-1, reset=12)
    return HttpResponse("counted")


def cached(request):
    return HttpResponse("kept", headers={"Cache-Control": "public, max-age=60"})


@csrf_exempt
def waits(request):
    time.sleep(float(request.GET["seconds"]))
    return HttpResponse("done")


def streams_rows(request):
    """A sync body: every row must come from one transaction, hence from one thread."""

    def rows():
        for _ in range(5):
            yield f"{threading.get_ident()}\n"
            time.sleep(0.01)

    return StreamingHttpResponse(rows())


def streams_forever(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.1)")

    async def ticks():
        try:
            while True:
                yield f"{context.request_id.get()}\n"
                await asyncio.sleep(0.05)
        finally:
            ENDED.append(request.GET["name"])

    return StreamingHttpResponse(ticks())


ENDED: list[str] = []
FINISHED: list[str] = []
request_finished.connect(lambda **_: FINISHED.append("one"), weak=False)


def finished(request):
    return HttpResponse(str(len(FINISHED)))


class BreaksBetween:
    """A layer inside ours that fails, as a session's row or a commit may: no view's exception handling sees it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        raise RAISED[request.GET["kind"]]


def ended(request):
    return HttpResponse(" ".join(ENDED))


def file(request):
    return FileResponse(Path(request.GET["path"]).open("rb"))


class Resource(APIView):
    def get(self, request):
        raise RAISED[request.query_params["kind"]]

    def post(self, request):
        return Response({"found": str(type(request.data))})


urlpatterns = [
    path("raise/<kind>/", raises),
    path("api/v1/raise/<kind>/", raises),
    path("api/v1/resource/", Resource.as_view()),
    path("webhooks/raise/<kind>/", raises),
    path("webhooks/form/", require_POST(reads_form)),
    path("json/", reads_json),
    path("form/", reads_form),
    path("recurses/", recurses),
    path("guarded/", guarded),
    path("post-only/", require_POST(address)),
    path("bare-403/", lambda request: HttpResponseForbidden()),
    path("writes/", writes_then_denies),
    path("pid/", asks_the_database),
    path("address/", address),
    path("counted/", counted),
    path("cached/", cached),
    path("waits/", waits),
    path("rows/", streams_rows),
    path("forever/", streams_forever),
    path("ended/", ended),
    path("finished/", finished),
    path("file/", file),
]
