"""The API of call flows: the draft as one document, publishing it, and trying a call that nobody makes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.timezone import now
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door, found
from accounts.permissions import Permission
from callcrm.lib.strict import Flag, Moment, Shape, Strict, Text
from telephony.flows import documents, trials, versions
from telephony.flows.documents import Unreadable
from telephony.flows.steps import Flow
from telephony.models import TrackingNumber


@extend_schema_field({"type": "object", "additionalProperties": True})
class FlowField(serializers.Field[Any, Any, Any, Any]):
    """A flow as a document. What is wrong in it is named by its place: docs/call-flows.md says what there is."""

    def to_internal_value(self, data: Any) -> Flow:
        try:
            return documents.read(data)
        except Unreadable as refused:
            raise serializers.ValidationError(refused.problems) from None

    def to_representation(self, value: Flow) -> dict[str, Any]:
        return documents.write(value)


class ProblemShape(Shape):
    code = serializers.CharField()
    message = serializers.CharField()
    step = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True)
    refuses = serializers.BooleanField(help_text="Whether it keeps the flow from being published.")


class FlowShape(Shape):
    flow = FlowField(help_text="The draft; without one, what is published.")
    state = serializers.CharField(help_text="Names what was read, for the next PUT.")
    is_draft = serializers.BooleanField()
    version = serializers.IntegerField(help_text="The version that answers calls.")
    published_at = serializers.DateTimeField()
    problems = ProblemShape(many=True)


class FlowBody(Strict):
    flow = FlowField()
    state = Text(
        required=False, max_length=40, help_text="As it was read: then another's change since is a conflict."
    )


class TrialBody(Strict):
    """Who calls, and when; a serializer cannot have a field named `from` in the usual way."""

    at = Moment(required=False, help_text="Now, when it is left out.")
    keys = Text(required=False, allow_blank=True, max_length=10, help_text="One key for each menu.")
    draft = Flag(required=False, help_text="Try the draft and not what is published.")
    in_service = Flag(required=False, help_text="Try it as if the number were in service, where it is not.")

    def validate_at(self, at: datetime) -> datetime:
        if not trials.FIRST_YEAR <= at.year < trials.LAST_YEAR:
            raise serializers.ValidationError("Choose a day of this century.")
        return at

    def validate_keys(self, keys: str) -> str:
        if keys and not (keys.isascii() and keys.isdecimal()):
            raise serializers.ValidationError("Write keys from 0 to 9.")
        return keys

    def get_fields(self) -> dict[str, Any]:
        caller = Text(required=False, allow_blank=True, max_length=40, help_text="A number, or hidden.")
        return {"from": caller, **super().get_fields()}


class StopShape(Shape):
    step = serializers.CharField(allow_blank=True)
    kind = serializers.CharField()
    title = serializers.CharField()
    does = serializers.CharField()


class TrialShape(Shape):
    path = StopShape(many=True, source="stops")
    document = serializers.SerializerMethodField(help_text="What the provider is told first.")
    documents = serializers.ListField(child=serializers.CharField(), help_text="One after the other.")
    whispers = serializers.ListField(
        child=serializers.CharField(),
        help_text="What it is told for whoever answers, before the caller is put through.",
    )
    unasked = serializers.CharField(allow_blank=True, help_text="Keys that no menu asked for.")
    circle = serializers.CharField(
        allow_blank=True, help_text="The step that the call comes to without end; empty where it ends."
    )

    def get_document(self, tried: Any) -> str:
        return str(tried.documents[0])


class PublicationShape(Shape):
    version = serializers.IntegerField()
    published_at = serializers.DateTimeField()


class OneFlow(Door):
    """The call flow of a number."""

    needs = {"GET": Permission.NUMBERS, "PUT": Permission.NUMBERS}
    bodies = {"PUT": FlowBody}
    shape = FlowShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self._current(_number(self, pk))

    def put(self, request: Request, pk: UUID) -> Response:
        """Save a draft of the call flow. Callers hear it once it is published."""
        number, given = _number(self, pk), self.body()
        versions.save(number, given["flow"], state=given.get("state"), by=self.member)
        return self._current(number)

    def _current(self, number: TrackingNumber) -> Response:
        current = versions.current(number)
        return self.answer(
            {
                "flow": current.flow,
                "state": current.state,
                "is_draft": current.draft is not None,
                "version": current.published.version,
                "published_at": current.published.published_at,
                "problems": versions.problems(number, current.flow),
            }
        )


class Publications(Door):
    """Let the draft answer calls from now on. Without a draft, what is published stays."""

    needs = {"POST": Permission.NUMBERS}
    shape = PublicationShape
    statuses = {"POST": 201}

    def post(self, request: Request, pk: UUID) -> Response:
        return self.answer(versions.publish(_number(self, pk), by=self.member))


class WhatIf(Door):
    """Try a call that nobody makes. Nothing is kept of it."""

    needs = {"POST": Permission.NUMBERS}
    bodies = {"POST": TrialBody}
    shape = TrialShape
    statuses = {"POST": 200}

    def post(self, request: Request, pk: UUID) -> Response:
        number, given = _number(self, pk), self.body()
        current = versions.current(number)
        flow = current.flow if given.get("draft") else current.published.flow
        caller = trials.read_caller(given.get("from", ""), self.business.region)
        at, in_service = given.get("at") or now(), given.get("in_service", False)
        trial = trials.Trial(caller, at, given.get("keys", ""), in_service)
        return self.answer(trials.attempt(self.business, number, flow, trial))


def _number(door: Door, pk: UUID) -> TrackingNumber:
    mine = TrackingNumber.objects.filter(business_id=door.member.business_id)
    number: TrackingNumber = found(mine.select_related("source", "account", "business", "published"), pk)
    return number
