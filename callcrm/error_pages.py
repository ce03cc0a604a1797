"""What Django calls when an error never reached a view: unknown addresses, unreadable requests, faults.

Named as handler400…500 in `callcrm.urls` and as CSRF_FAILURE_VIEW in settings. All of it is
`callcrm.middleware.refusals`, so that the answer is the same as for an error that a view raised.
"""

from __future__ import annotations

import sys

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from callcrm.errors import CsrfFailed, Denied, Invalid, NotFound
from callcrm.middleware.refusals import Broken, answer
from callcrm.middleware.translation import refusal_for


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return answer(request, refusal_for(exception) or Invalid())


def denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return answer(request, refusal_for(exception) or Denied())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return answer(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django calls this while the exception is being handled: one that means a refusal is answered as one."""
    return answer(request, refusal_for(sys.exc_info()[1]) or Broken())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    return answer(request, CsrfFailed())
