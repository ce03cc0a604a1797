"""The API of problems with calls: whoever sees a call reports one, who runs the business says what became of it.

The verbs are those of the pages (`reports.py`): said twice it is one report; of two who resolve it the first counts.
"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door, ListQuery, Rows, found
from accounts.api_shapes import Named
from accounts.permissions import Permission
from callcrm.lib.strict import Choice, Id, Shape, Strict, Text
from telephony.models import Call, CallProblem
from telephony.problems import reports

READ, RUN = Permission.VIEW_CUSTOMERS, Permission.ADMIN_PANEL
STATES = ["open", "resolved"]


class CallProblemShape(Shape):
    id = serializers.UUIDField()
    call = serializers.UUIDField(source="call_id")
    kind = serializers.ChoiceField(choices=CallProblem.Kind.choices)
    words = serializers.CharField(source="shown_words", allow_null=True)
    state = serializers.ChoiceField(choices=STATES)
    reported_by = Named(allow_null=True)
    reported_at = serializers.DateTimeField()
    resolved_by = Named(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolution = serializers.ChoiceField(
        source="given_resolution", choices=CallProblem.Resolution.choices, allow_null=True
    )


class ProblemQuery(ListQuery):
    state = Choice(choices=STATES, default="open")
    call = Id(required=False)


class ProblemBody(Strict):
    kind = Choice(choices=CallProblem.Kind.choices)
    words = Text(
        default="",
        allow_blank=True,
        max_length=reports.LONGEST,
        help_text="Needed with `other`. Said again for the same kind, it stands below what was said first.",
    )


class ResolutionBody(Strict):
    resolution = Choice(choices=CallProblem.Resolution.choices)


class Problems(Rows):
    """Problems with calls that members have reported: those that wait, unless `state` says otherwise."""

    needs = {"GET": RUN}
    query = ProblemQuery
    shape = CallProblemShape
    lookups = {"call": "call_id"}

    def rows(self) -> QuerySet[CallProblem]:
        return _problems(self)

    def narrowed(self, rows: Any) -> QuerySet[CallProblem]:
        return super().narrowed(rows.filter(resolved_at__isnull=self.given["state"] == "open"))


class OneProblem(Door):
    """One problem with a call."""

    needs = {"GET": RUN}
    shape = CallProblemShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(found(_problems(self), pk))


class CallProblems(Rows):
    """What was reported of one call, open or resolved."""

    needs = {"GET": READ, "POST": READ}
    bodies = {"POST": ProblemBody}
    shape = CallProblemShape

    def get(self, request: Request, pk: UUID) -> Response:  # type: ignore[override]  # of one call
        self.call = found(Call.objects.visible_to(self.member), pk)
        return super().get(request)

    def rows(self) -> QuerySet[CallProblem]:
        return _problems(self).filter(call=self.call)

    def post(self, request: Request, pk: UUID) -> Response:
        """Report a problem with a call that one sees. The same kind again adds words to the first report."""
        call = found(Call.objects.visible_to(self.member), pk)
        return self.answer(reports.report(call, **self.body(), by=self.member))


class Resolutions(Door):
    """Say what became of a problem. Of two who say so the first counts: the answer is what it is by now."""

    needs = {"POST": RUN}
    bodies = {"POST": ResolutionBody}
    shape = CallProblemShape

    def post(self, request: Request, pk: UUID) -> Response:
        done = reports.resolve(found(_problems(self), pk), self.body()["resolution"], by=self.member)
        return self.answer(done)


class Reopenings(Door):
    """Take back what one has said became of a problem. What another said, or what was reported anew, is a conflict."""

    needs = {"POST": RUN}
    shape = CallProblemShape

    def post(self, request: Request, pk: UUID) -> Response:
        return self.answer(reports.reopen(found(_problems(self), pk), by=self.member))


def _problems(door: Door) -> QuerySet[CallProblem]:
    return CallProblem.objects.visible_to(door.member).with_people()
