"""The API of callbacks: who is owed one, newest first, and what members do about it."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door, ListQuery, Rows, found
from accounts.api_shapes import Named
from accounts.models import Member
from accounts.permissions import Permission
from callcrm.lib.strict import Choice, Id, Moment, Shape, Strict, Text
from leads.api import LeadRef
from telephony.callbacks import proofs, settling
from telephony.models import LONGEST_WORDS, Callback, MissKind, ProofKind, Reason

READ, EDIT = Permission.VIEW_CUSTOMERS, Permission.EDIT_CUSTOMERS
STATES = ["open", "closed"]


class AttemptShape(Shape):
    kind = serializers.ChoiceField(choices=MissKind.choices)
    at = serializers.DateTimeField()
    call = serializers.UUIDField(source="call_id", allow_null=True)
    message = serializers.UUIDField(source="message_id", allow_null=True)


class ProofShape(Shape):
    """Of a call or message that you may not see, it is only said that there is one."""

    kind = serializers.ChoiceField(source="proof_kind", choices=ProofKind.choices, allow_null=True)
    id = serializers.UUIDField(source="proof", allow_null=True, help_text="Of the call or the message.")


class CallbackShape(Shape):
    id = serializers.UUIDField()
    lead = LeadRef()
    state = serializers.ChoiceField(choices=STATES)
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="After an hour in which the business is open.")
    last_missed_at = serializers.DateTimeField()
    misses = serializers.IntegerField()
    voicemails = serializers.IntegerField()
    texts = serializers.IntegerField()
    attempts = AttemptShape(many=True)
    assigned_to = Named(allow_null=True)
    closed_at = serializers.DateTimeField(
        allow_null=True, help_text="Null also where a call or message that you may not see closed it."
    )
    evidence = ProofShape(source="evidenced", allow_null=True)
    closed_by = Named(allow_null=True)
    reason = serializers.ChoiceField(source="given_reason", choices=Reason.choices, allow_null=True)
    words = serializers.CharField(
        source="shown_words", allow_null=True, help_text="With `other`, without name, numbers and addresses."
    )

    def to_representation(self, debt: Callback) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(debt)
        if debt.is_proven and not debt.proof_is_shown:
            shown |= {"closed_at": None, "evidence": {"kind": None, "id": None}}
        return shown


class CallbackQuery(ListQuery):
    state = Choice(choices=STATES, required=False)
    lead = Id(required=False)
    assigned_to = Id(required=False)
    since = Moment(required=False, help_text="Opened at this time or later.")
    until = Moment(required=False, help_text="Opened before this time.")


class CallbackChanges(Strict):
    assigned_to = Id(allow_null=True, help_text="A member's id.")

    def validate_assigned_to(self, pk: UUID | None) -> Member | None:
        member = settling.colleagues(self.context["by"]).filter(pk=pk).first() if pk else None
        if pk and member is None:
            raise serializers.ValidationError(["There is no such member."])
        return member


class ClosingBody(Strict):
    reason = Choice(choices=Reason.choices, help_text="With `spam` the person is marked as spam as well.")
    words = Text(
        default="",
        allow_blank=True,
        max_length=LONGEST_WORDS,
        help_text="Needed with `other`, and only with it.",
    )


class Callbacks(Rows):
    """Who is owed a call back: all of the business by right, else those that are one's own or nobody's."""

    needs = {"GET": READ}
    query = CallbackQuery
    shape = CallbackShape
    at = "opened_at"
    lookups = {
        "lead": "lead_id",
        "assigned_to": "assigned_to_id",
        "since": "opened_at__gte",
        "until": "opened_at__lt",
    }

    def rows(self) -> QuerySet[Callback]:
        return _callbacks(self)

    def narrowed(self, rows: Any) -> QuerySet[Callback]:
        state = self.given.get("state")
        rows = rows.filter(closed_at__isnull=state == "open") if state else rows
        return super().narrowed(rows)

    def page(self, rows: list[Any], **links: str) -> Response:
        proofs.show(rows, self.member)
        return super().page(rows, **links)


class OneCallback(Door):
    """One debt."""

    needs = {"GET": READ, "PATCH": EDIT}
    bodies = {"PATCH": CallbackChanges}
    shape = CallbackShape

    def get(self, request: Request, pk: UUID) -> Response:
        return _answer(self, found(_callbacks(self), pk))

    def patch(self, request: Request, pk: UUID) -> Response:
        """Say who calls back, while it is open."""
        row = found(_callbacks(self), pk)
        given = self.body(by=self.member)
        if "assigned_to" in given:
            settling.assign(row, given["assigned_to"], by=self.member)
        return _answer(self, Callback.objects.for_list().get(business=self.business, pk=pk))


class Closings(Door):
    """Closing a debt without evidence, and why."""

    needs = {"POST": EDIT}
    bodies = {"POST": ClosingBody}
    shape = CallbackShape

    def post(self, request: Request, pk: UUID) -> Response:
        row = found(_callbacks(self), pk)
        settling.close(row, **self.body(), by=self.member)
        return _answer(self, found(_callbacks(self), pk))


class Reopenings(Door):
    """Undoing a closing. The answer is the debt as it is by now: what happened meanwhile counts."""

    needs = {"POST": EDIT}
    shape = CallbackShape

    def post(self, request: Request, pk: UUID) -> Response:
        row = settling.reopen(found(_callbacks(self), pk), by=self.member)
        return _answer(self, Callback.objects.for_list().get(business=self.business, pk=row.pk))


def _callbacks(door: Door) -> QuerySet[Callback]:
    return Callback.objects.visible_to(door.member).for_list()


def _answer(door: Door, debt: Callback) -> Response:
    proofs.show([debt], door.member)
    return door.answer(debt)
