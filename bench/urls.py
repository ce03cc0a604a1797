"""callcrm's addresses, and two bare ones to compare with: same server, same middleware, same pool."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.doors import open_door
from bench.models import BareRow
from bench.setting import SECRET
from callcrm.urls import handler400, handler403, handler404, handler500
from callcrm.urls import urlpatterns as real
from callcrm.webhooks.receive import public_url
from telephony.providers.twilio import webhook

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def _signed(request: HttpRequest) -> bool:
    return webhook.verify(
        url=public_url(request),
        method=request.method or "",
        headers=request.headers,
        body=request.body,
        secrets=[SECRET],
    ).ok


@csrf_exempt
@require_POST
@open_door("The least that a signed webhook can be.")
def insert(request: HttpRequest) -> HttpResponse:
    """What everybody would write first: check the signature, insert a row by the ORM."""
    if not _signed(request):
        return HttpResponse(status=403)
    BareRow.objects.create(
        sid=request.POST["CallSid"], status=request.POST["CallStatus"], payload=request.body.decode()
    )
    return HttpResponse("<Response/>", content_type="text/xml")


@csrf_exempt
@require_POST
@open_door("The signature alone.")
def verify(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200 if _signed(request) else 403)


urlpatterns = [*real, path("bench/insert/", insert), path("bench/verify/", verify)]
