"""The history of the business for programs. Like `pages.py`, it stands behind the doors of accounts."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door, ListQuery, Rows, found
from accounts.permissions import Permission
from audit.models import Entry
from callcrm.lib.strict import Id, Moment, Shape, Text


class EntryShape(Shape):
    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    name = serializers.CharField()
    sentence = serializers.CharField(help_text="What follows the actor's name.")
    actor = serializers.CharField(
        help_text="member:<id>, user:<id>, visit:<id>, provider:<name>, system, anonymous"
    )
    subject = serializers.UUIDField(source="subject_id", allow_null=True)
    data: Any = serializers.DictField(
        help_text="Ids and codes; `changes`: what was changed, with `before` and `after` where neither is personal."
    )
    security = serializers.BooleanField(source="is_security")
    request_id = serializers.CharField(allow_blank=True)
    ip = serializers.IPAddressField(allow_null=True)


class EntryQuery(ListQuery):
    name = Text(required=False, max_length=64)
    actor = Text(required=False, max_length=64)
    subject = Id(required=False)
    since = Moment(required=False)
    until = Moment(required=False)


class Entries(Rows):
    """What happened, newest first."""

    needs = {"GET": Permission.AUDIT}
    query = EntryQuery
    shape = EntryShape
    at = "at"
    lookups = {
        "name": "name",
        "actor": "actor",
        "subject": "subject_id",
        "since": "at__gte",
        "until": "at__lt",
    }

    def rows(self) -> QuerySet[Entry]:
        return Entry.objects.of(self.member.business_id)


class OneEntry(Door):
    """One thing that happened."""

    needs = {"GET": Permission.AUDIT}
    shape = EntryShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(found(Entry.objects.of(self.member.business_id), pk))
