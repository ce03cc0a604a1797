"""The API of people and of where they come from. A person is masked; `reveals/` is the one way to plain values."""

import base64
import binascii
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door, ListQuery, Rows, found
from accounts.api_shapes import Masked, Named
from accounts.models import Member
from accounts.permissions import Permission
from callcrm.errors import Invalid
from callcrm.lib import phones
from callcrm.lib.strict import Choice, Email, Flag, Id, Moment, Money, QueryFlag, Shape, Strict, Text
from leads import editing, merging, reveals, search, sources
from leads.models import Lead, LeadPhone, Source

READ, EDIT = Permission.VIEW_CUSTOMERS, Permission.EDIT_CUSTOMERS


class LeadRef(Shape):
    id = serializers.UUIDField()
    name = Masked()


class PhoneShape(Shape):
    id = serializers.UUIDField()
    masked = Masked(source="number")
    kind = serializers.ChoiceField(choices=LeadPhone.Kind.choices)


class LeadShape(Shape):
    id = serializers.UUIDField()
    name = Masked()
    phones = PhoneShape(many=True)
    email = Masked()
    status = serializers.ChoiceField(choices=Lead.Status.choices)
    source: Any = Named(allow_null=True)
    assigned_to = Named(allow_null=True)
    value = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True)
    opted_out = serializers.SerializerMethodField(help_text="Nobody can opt out yet.")
    created_at = serializers.DateTimeField()
    last_contact_at = serializers.DateTimeField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())

    def get_opted_out(self, lead: Lead) -> bool:
        return False


@extend_schema_field({"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$"})
class E164(Text):
    def to_internal_value(self, data: Any) -> str:
        if not phones.is_e164(data):
            raise serializers.ValidationError(["Write the number like +15551234567."])
        return str(data)


class LeadBody(Strict):
    name = Text(required=False, allow_null=True, allow_blank=True, max_length=200)
    phones = serializers.ListField(child=E164(max_length=16), required=False, max_length=10)
    email = Email(required=False, allow_null=True, allow_blank=True, max_length=254)
    notes = Text(required=False, allow_null=True, allow_blank=True, max_length=10_000, trim_whitespace=False)
    status = Choice(choices=Lead.Status.choices, required=False)
    source: Any = Id(required=False, allow_null=True)
    assigned_to = Id(required=False, allow_null=True, help_text="A member's id.")
    value = Money(max_digits=12, decimal_places=2, min_value=0, required=False, allow_null=True)
    tags = serializers.ListField(child=Text(max_length=40), required=False, max_length=20)

    def validate_source(self, pk: UUID | None) -> Source | None:
        mine = Source.objects.filter(business_id=self.business_id)
        return _one_of(mine, pk, "source") if pk else None

    def validate_assigned_to(self, pk: UUID | None) -> Member | None:
        mine = Member.objects.active().select_related("user").filter(business_id=self.business_id)
        return _one_of(mine, pk, "member") if pk else None

    def validate_tags(self, tags: list[str]) -> list[str]:
        return list(dict.fromkeys(tags))

    @property
    def business_id(self) -> UUID:
        business_id: UUID = self.context["business_id"]
        return business_id


class LeadQuery(ListQuery):
    status = Choice(choices=Lead.Status.choices, required=False)
    source: Any = Id(required=False)
    assigned_to = Id(required=False)
    since = Moment(required=False, help_text="Made at this time or later.")
    until = Moment(required=False, help_text="Made before this time.")


class Leads(Rows):
    """The people of the business."""

    needs = {"GET": READ, "POST": EDIT}
    query = LeadQuery
    bodies = {"POST": LeadBody}
    shape = LeadShape
    lookups = {
        "status": "status",
        "source": "source_id",
        "assigned_to": "assigned_to_id",
        "since": "created_at__gte",
        "until": "created_at__lt",
    }

    def rows(self) -> QuerySet[Lead]:
        return Lead.objects.visible_to(self.member).for_list()

    def post(self, request: Request) -> Response:
        """Add a person."""
        given = self.body(business_id=self.business.pk)
        lead = editing.create(self.business, given, by=self.member, via="the API")
        return self.answer(found(self.rows(), lead.pk))


class OneLead(Door):
    """One person."""

    needs = {"GET": READ, "PATCH": EDIT, "DELETE": Permission.DELETE_CUSTOMERS}
    bodies = {"PATCH": LeadBody}
    shape = LeadShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(self.lead(pk))

    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what is known of a person."""
        lead = self.lead(pk)
        editing.update(lead, self.body(business_id=self.business.pk), by=self.member)
        return self.answer(self.lead(pk))

    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a person with his numbers, notes and recordings. His calls stay, without him."""
        editing.delete(self.lead(pk), by=self.member)
        return Response(status=204)

    def lead(self, pk: UUID) -> Lead:
        lead: Lead = found(Lead.objects.visible_to(self.member).for_list(), pk)
        return lead


class SearchBody(Strict):
    """One of these; what is asked is not kept, and stands in no address."""

    limits = {**Strict.limits, "minProperties": 1, "maxProperties": 1}
    q = Text(
        required=False, max_length=200, help_text="Words of a name, an e-mail, a number or its last digits."
    )
    phone = Text(required=False, max_length=64, help_text="A whole number, or its last four digits or more.")
    email = Text(required=False, max_length=254)
    name = Text(required=False, max_length=200)

    def validate(self, given: dict[str, str]) -> dict[str, str]:
        if len(given) != 1:
            raise serializers.ValidationError({"q": ["Give one of q, phone, email and name."]})
        return given


class LeadSearch(Rows):
    """Find people by what they are called, by number or by e-mail. Further pages: the same body to `next`."""

    in_pages = frozenset({"POST"})
    needs = {"POST": READ}
    bodies = {"POST": SearchBody}
    statuses = {"POST": 200}
    shape = LeadShape

    def post(self, request: Request) -> Response:
        [(kind, text)] = self.body().items()
        after = _read_cursor(self.given["cursor"]) if "cursor" in self.given else None
        size = self.given["page_size"]
        hits = search.search(self.member, self.business, text, kind=kind, after=after, size=size)
        return self.page(hits.leads, older=_cursor(hits.next) if hits.next else "")


class RevealBody(Strict):
    fields: Any = serializers.ListField(
        child=Choice(choices=[field.value for field in reveals.Field]), min_length=1, max_length=4
    )
    reason = Choice(choices=reveals.Reason.choices)


class RevealedFields(Shape):
    name = serializers.CharField(required=False, allow_null=True)
    phones = serializers.ListField(child=serializers.CharField(), required=False)
    email = serializers.CharField(required=False, allow_null=True)
    notes = serializers.CharField(required=False, allow_null=True)

    def to_representation(self, revealed: Any) -> dict[str, Any]:
        """What was not asked is absent; null says that there is nothing."""
        return {
            name: value for name, value in super().to_representation(revealed).items() if name in revealed
        }


class RevealShape(Shape):
    fields: Any = RevealedFields()
    expires_at = serializers.DateTimeField()


class Reveals(Door):
    """Look at plain values, for a reason. It is written down, and counted; keep nothing of the answer."""

    needs = {"POST": Permission.REVEAL}
    bodies = {"POST": RevealBody}
    statuses = {"POST": 200}
    shape = RevealShape

    def post(self, request: Request, pk: UUID) -> Response:
        lead = found(Lead.objects.visible_to(self.member).for_list(), pk)
        given = self.body()
        return self.answer(reveals.reveal(lead, given["fields"], given["reason"], by=self.member))


class TakeBody(Strict):
    """Whose value stays, for each field that there is once."""

    name = Choice(choices=merging.SIDES, required=False)
    email = Choice(choices=merging.SIDES, required=False)
    status = Choice(choices=merging.SIDES, required=False)
    source: Any = Choice(choices=merging.SIDES, required=False)
    assigned_to = Choice(choices=merging.SIDES, required=False)
    value = Choice(choices=merging.SIDES, required=False)


class MergeBody(Strict):
    take = TakeBody(required=False)

    def get_fields(self) -> dict[str, Any]:
        """`with` is a word of Python, so it cannot be declared like the other."""
        return {"with": Id(help_text="The lead that goes.")} | super().get_fields()


class Merges(Door):
    """Merge another lead into this one, which stays. It cannot be undone."""

    needs = {"POST": EDIT}
    bodies = {"POST": MergeBody}
    shape = LeadShape

    def post(self, request: Request, pk: UUID) -> Response:
        visible = Lead.objects.visible_to(self.member).for_list()
        kept, given = found(visible, pk), self.body()
        gone = _other(visible, given["with"])
        merging.merge(kept, gone, given.get("take", {}), by=self.member)
        return self.answer(found(visible, pk))


class SourceShape(Named):
    kind = serializers.ChoiceField(choices=Source.Kind.choices)
    is_archived = serializers.BooleanField()


class SourceBody(Strict):
    name = Text(max_length=80)
    kind = Choice(choices=Source.Kind.choices, required=False)


class SourceChanges(SourceBody):
    is_archived = Flag(required=False)


class SourceQuery(ListQuery):
    is_archived = QueryFlag(required=False)


class Sources(Rows):
    """Where people come from."""

    needs = {"GET": READ, "POST": Permission.NUMBERS}
    query = SourceQuery
    bodies = {"POST": SourceBody}
    shape = SourceShape
    lookups = {"is_archived": "is_archived"}

    def rows(self) -> QuerySet[Source]:
        return Source.objects.filter(business_id=self.member.business_id)

    def post(self, request: Request) -> Response:
        """Add a source."""
        return self.answer(sources.create(self.business, self.body(), by=self.member))


class OneSource(Door):
    """One source."""

    needs = {"GET": READ, "PATCH": Permission.NUMBERS}
    bodies = {"PATCH": SourceChanges}
    shape = SourceShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(self.source(pk))

    def patch(self, request: Request, pk: UUID) -> Response:
        """Change a source, or archive it. It is never deleted: calls name it."""
        return self.answer(sources.change(self.source(pk), self.body(), by=self.member))

    def source(self, pk: UUID) -> Source:
        source: Source = found(Source.objects.filter(business_id=self.member.business_id), pk)
        return source


def _one_of(rows: QuerySet[Any], pk: UUID, what: str) -> Any:
    row = rows.filter(pk=pk).first()
    if row is None:
        raise serializers.ValidationError([f"There is no such {what}."])
    return row


def _other(leads: QuerySet[Lead], pk: UUID) -> Lead:
    lead = leads.filter(pk=pk).first()
    if lead is None:
        raise Invalid(fields={"with": ["There is no such lead."]})
    return lead


def _cursor(after: UUID) -> str:
    return base64.urlsafe_b64encode(after.bytes).decode().rstrip("=")


def _read_cursor(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise Invalid(fields={"cursor": ["This is no cursor of ours."]}) from None
