"""What providers have delivered, and what became of it. What stood in a delivery is not shown."""

from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door, ListQuery, Rows, found
from accounts.permissions import Permission
from callcrm.lib.strict import Choice, Moment, Shape, Text
from callcrm.webhooks.models import Receipt


class ReceiptShape(Shape):
    id = serializers.UUIDField()
    provider = serializers.CharField()
    route = serializers.CharField()
    account = serializers.CharField(source="account_id", help_text="The account's id at the provider.")
    state = serializers.ChoiceField(choices=Receipt.State.choices)
    error = serializers.CharField(allow_blank=True)
    attempts = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    applied_at = serializers.DateTimeField(allow_null=True)


class ReceiptQuery(ListQuery):
    state = Choice(choices=Receipt.State.choices, required=False)
    provider = Text(required=False, max_length=12)
    since = Moment(required=False)
    until = Moment(required=False)


class Receipts(Rows):
    """Deliveries, newest first."""

    needs = {"GET": Permission.AUDIT}
    query = ReceiptQuery
    shape = ReceiptShape
    at = "received_at"
    lookups = {
        "state": "state",
        "provider": "provider",
        "since": "received_at__gte",
        "until": "received_at__lt",
    }

    def rows(self) -> QuerySet[Receipt]:
        return Receipt.objects.visible_to(self.member).defer("sealed")


class OneReceipt(Door):
    """One delivery."""

    needs = {"GET": Permission.AUDIT}
    shape = ReceiptShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(found(Receipt.objects.visible_to(self.member).defer("sealed"), pk))
