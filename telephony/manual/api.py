"""What a program sends to log a call by hand: `POST calls/` with `manual`."""

from typing import Any

from rest_framework import serializers

from accounts.models import Member
from callcrm.lib.strict import Choice, Flag, Id, Moment, Strict, Text, Whole
from leads.api import E164
from leads.models import Lead, Source
from telephony import editing
from telephony.manual.entries import LONGEST, OUTCOMES
from telephony.models import TrackingNumber
from telephony.providers.base import Direction


class ManualCall(Strict):
    """The person is `lead`, or the number at the other end: `from` of an inbound call, `to` of an outbound one."""

    manual = Flag(help_text="true: a call that was made elsewhere is logged.")
    lead: Any = Id(required=False)
    name = Text(required=False, max_length=200, help_text="The name of somebody new.")
    direction = Choice(choices=[direction.value for direction in Direction])
    started_at = Moment()
    duration_seconds = Whole(
        required=False, min_value=0, max_value=LONGEST, help_text="Of a call that was answered."
    )
    outcome = Choice(choices=OUTCOMES)
    number: Any = Id(required=False)
    source: Any = Id(required=False)
    disposition = Text(
        required=False, allow_null=True, allow_blank=True, max_length=editing.LONGEST_DISPOSITION
    )
    tags = serializers.ListField(
        child=Text(max_length=editing.LONGEST_TAG), max_length=editing.MOST_TAGS, required=False
    )
    note = Text(required=False, allow_null=True, allow_blank=True, max_length=5_000)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python, so it cannot be declared like the others."""
        ends = {"from": E164(required=False, max_length=16), "to": E164(required=False, max_length=16)}
        return super().get_fields() | ends

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given.pop("manual") is not True:
            raise serializers.ValidationError({"manual": ["Write true, or leave it out to make a call."]})
        theirs, ours = ("from", "to") if given["direction"] == Direction.INBOUND else ("to", "from")
        if ours in given:
            raise serializers.ValidationError({ours: ["Name a number of yours as `number`, by its id."]})
        if "lead" in given and {theirs, "name"} & set(given):
            raise serializers.ValidationError({"lead": ["Give a lead, or a number and a name."]})
        if "lead" not in given and theirs not in given and "name" not in given:
            raise serializers.ValidationError({theirs: ["Say who it was: a lead, a number or a name."]})
        if theirs in given:
            given["phone"] = given.pop(theirs)
        return given


def resolved(given: dict[str, Any], member: Member) -> dict[str, Any]:
    """Put rows in the place of ids. Raises a refusal that names the field of one that is not there."""
    rows = {
        "lead": Lead.objects.visible_to(member).prefetch_related("phones"),
        "number": TrackingNumber.objects.filter(business_id=member.business_id).select_related("source"),
        "source": Source.objects.filter(business_id=member.business_id),
    }
    found = {name: rows[name].filter(pk=given[name]).first() for name in rows if name in given}
    missing = {name: [f"There is no such {name}."] for name, row in found.items() if row is None}
    if missing:
        raise serializers.ValidationError(missing)
    return given | found
