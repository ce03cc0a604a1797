"""What a program sends to call somebody: `POST calls/` without `manual`; and `telephone/`, which rings first."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door
from accounts.models import Member
from accounts.permissions import Permission
from callcrm.errors import Invalid
from callcrm.lib.strict import Id, Shape, Strict, Text
from leads.api import E164
from leads.models import Lead
from telephony.manual.api import ManualCall
from telephony.models import TrackingNumber
from telephony.outgoing import telephones


class OutgoingCall(Strict):
    """Your telephone rings first, then that of `lead` or of the number `to`. `from` is one of your numbers."""

    lead: Any = Id(required=False)
    to = E164(required=False, max_length=16)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python, so it cannot be declared like the others."""
        ours = E164(
            required=False, max_length=16, help_text="Without it, the number of yours that the person knows."
        )
        return super().get_fields() | {"from": ours}

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if ("lead" in given) == ("to" in given):
            raise serializers.ValidationError({"to": ["Say whom to call: a lead or a number."]})
        return given


class CallBody(Strict):
    """With `manual` a call is logged that was made elsewhere; without it one is made."""

    one_of: ClassVar[tuple[type[Strict], ...]] = (OutgoingCall, ManualCall)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        is_manual = isinstance(data, Mapping) and "manual" in data
        kind: type[Strict] = ManualCall if is_manual else OutgoingCall
        return kind(context=self.context).run_validation(data) | {"manual": is_manual}


def resolved(given: dict[str, Any], member: Member) -> dict[str, Any]:
    """Put rows in the place of ids. Raises a refusal that names the field of one that is not there."""
    people = Lead.objects.visible_to(member).prefetch_related("phones")
    lead = people.filter(pk=given["lead"]).first() if "lead" in given else None
    mine = TrackingNumber.objects.filter(business_id=member.business_id, is_active=True)
    number = mine.select_related("account", "published").filter(e164=given.get("from")).first()
    if "lead" in given and lead is None:
        raise serializers.ValidationError({"lead": ["There is no such lead."]})
    if "from" in given and number is None:
        raise serializers.ValidationError({"from": ["This is no number of yours in service."]})
    return {"to": given.get("to"), "lead": lead, "number": number}


class TelephoneShape(Shape):
    e164 = serializers.CharField(allow_null=True)


class TelephoneBody(Strict):
    e164 = Text(max_length=32, allow_null=True, help_text="null: none any more.")


class MyTelephone(Door):
    """The telephone of who asks: it rings first when a call is made, and calls that it takes are his."""

    needs = {"GET": Permission.PLACE_CALLS, "PUT": Permission.PLACE_CALLS}
    bodies = {"PUT": TelephoneBody}
    shape = TelephoneShape

    def get(self, request: Request) -> Response:
        mine = telephones.of(self.member)
        return self.answer({"e164": mine.e164 if mine else None})

    def put(self, request: Request) -> Response:
        """Choose the telephone of who asks, or forget it."""
        wanted = self.body()["e164"]
        try:
            telephones.choose(self.member, wanted) if wanted is not None else telephones.forget(self.member)
        except Invalid as refused:
            raise Invalid(fields={"e164": refused.fields["telephone"]}) from None
        return self.get(request)
