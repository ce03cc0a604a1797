"""Every address of the API, with its schema and its documentation. A class per address says what it needs."""

from functools import cache
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.urls import path
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import api as accounts
from audit import api as audit
from callcrm.errors import NotFound
from callcrm.webhooks import api as webhooks
from leads import api as leads
from recordings import api as recordings
from recordings.retention import api as retention_api
from telephony import api as telephony
from telephony.callbacks import api as callbacks
from telephony.flows import api as flows
from telephony.hours import api as hours_api
from telephony.outgoing import api as outgoing_api
from telephony.problems import api as problems


class Documentation:
    """It says nothing of anybody. An installation that does not show it has no such address."""

    open_door = "the shape of the API is no secret; DOCS_ENABLED switches it off"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not settings.DOCS_ENABLED:
            raise NotFound
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # of the view it is mixed into


class Schema(Documentation, SpectacularAPIView):
    """OpenAPI, as JSON or, when asked for it, as YAML."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(_schema())


# The arrows and locks of the library's style sheet are data: images; nothing else is let in for it.
@method_decorator(csp_update({"img-src": "data:"}), name="dispatch")
class Docs(Documentation, SpectacularSwaggerSplitView):
    """The schema to read and to try, without a word of inline script."""

    url_name = "api-schema"
    template_name = "api/docs.html"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]  # the library's own is untyped
        return response


@cache
def _schema() -> Any:
    """It is the same for everybody, and making it takes a second."""
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # the library's own is untyped


v1 = [
    path("auth/token/", accounts.Tokens.as_view(), name="api-token"),
    path("auth/token/refresh/", accounts.Refreshing.as_view(), name="api-token-refresh"),
    path("auth/token/revoke/", accounts.Revoking.as_view(), name="api-token-revoke"),
    path("calls/", telephony.Calls.as_view(), name="api-calls"),
    path("calls/<uuid:pk>/", telephony.OneCall.as_view(), name="api-call"),
    path("calls/<uuid:pk>/stops/", telephony.Stops.as_view(), name="api-call-stops"),
    path("calls/<uuid:pk>/problems/", problems.CallProblems.as_view(), name="api-call-problems"),
    path("leads/", leads.Leads.as_view(), name="api-leads"),
    path("leads/search/", leads.LeadSearch.as_view(), name="api-lead-search"),
    path("leads/<uuid:pk>/", leads.OneLead.as_view(), name="api-lead"),
    path("leads/<uuid:pk>/merges/", leads.Merges.as_view(), name="api-merges"),
    path("leads/<uuid:pk>/reveals/", leads.Reveals.as_view(), name="api-reveals"),
    path("messages/", telephony.Messages.as_view(), name="api-messages"),
    path("messages/<uuid:pk>/", telephony.OneMessage.as_view(), name="api-message"),
    path("recordings/", recordings.Recordings.as_view(), name="api-recordings"),
    path("recordings/<uuid:pk>/", recordings.OneRecording.as_view(), name="api-recording"),
    path("recordings/<uuid:pk>/audio/", recordings.RecordingAudio.as_view(), name="api-recording-audio"),
    path("recordings/<uuid:pk>/holds/", retention_api.Holds.as_view(), name="api-recording-holds"),
    path(
        "recordings/<uuid:pk>/hold-liftings/",
        retention_api.HoldLiftings.as_view(),
        name="api-recording-hold-liftings",
    ),
    path(
        "recordings/<uuid:pk>/deletions/", retention_api.Deletions.as_view(), name="api-recording-deletions"
    ),
    path("numbers/", telephony.Numbers.as_view(), name="api-numbers"),
    path("numbers/<uuid:pk>/", telephony.OneNumber.as_view(), name="api-number"),
    path("numbers/<uuid:pk>/flow/", flows.OneFlow.as_view(), name="api-flow"),
    path("numbers/<uuid:pk>/flow/publications/", flows.Publications.as_view(), name="api-flow-publications"),
    path("numbers/<uuid:pk>/flow/what-if/", flows.WhatIf.as_view(), name="api-flow-what-if"),
    path("callbacks/", callbacks.Callbacks.as_view(), name="api-callbacks"),
    path("callbacks/<uuid:pk>/", callbacks.OneCallback.as_view(), name="api-callback"),
    path("callbacks/<uuid:pk>/closings/", callbacks.Closings.as_view(), name="api-callback-closings"),
    path("callbacks/<uuid:pk>/reopenings/", callbacks.Reopenings.as_view(), name="api-callback-reopenings"),
    path("problems/", problems.Problems.as_view(), name="api-problems"),
    path("problems/<uuid:pk>/", problems.OneProblem.as_view(), name="api-problem"),
    path("problems/<uuid:pk>/resolutions/", problems.Resolutions.as_view(), name="api-problem-resolutions"),
    path("problems/<uuid:pk>/reopenings/", problems.Reopenings.as_view(), name="api-problem-reopenings"),
    path("telephone/", outgoing_api.MyTelephone.as_view(), name="api-telephone"),
    path("hours/", hours_api.OpeningTimes.as_view(), name="api-hours"),
    path("sources/", leads.Sources.as_view(), name="api-sources"),
    path("sources/<uuid:pk>/", leads.OneSource.as_view(), name="api-source"),
    path("users/", accounts.Users.as_view(), name="api-users"),
    path("users/<uuid:pk>/", accounts.OneUser.as_view(), name="api-user"),
    path("audit/", audit.Entries.as_view(), name="api-entries"),
    path("audit/<uuid:pk>/", audit.OneEntry.as_view(), name="api-entry"),
    path("webhook-receipts/", webhooks.Receipts.as_view(), name="api-receipts"),
    path("webhook-receipts/<uuid:pk>/", webhooks.OneReceipt.as_view(), name="api-receipt"),
]

documentation = [
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
]
