"""The API of calls, texts and numbers. Whoever is at the other end is masked; our own numbers are not personal."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door, ListQuery, Rows, found
from accounts.api_shapes import Named
from accounts.doors import check
from accounts.permissions import Permission
from callcrm.lib.strict import Choice, Flag, Id, Moment, QueryFlag, Shape, Strict, Text
from leads.api import E164, LeadRef
from leads.models import Source
from telephony import editing, numbers
from telephony.flows.steps import MOST_TELEPHONES
from telephony.listing import filters
from telephony.manual import api as manual_api
from telephony.manual import entries
from telephony.models import RECORDED, TALKED, Call, Message, Outcome, ProviderAccount, TrackingNumber
from telephony.outgoing import api as outgoing_api
from telephony.outgoing import calling, stopping
from telephony.outgoing.api import CallBody
from telephony.providers.base import CallState, Direction, MessageState

READ = Permission.VIEW_CUSTOMERS
DIRECTIONS = [direction.value for direction in Direction]
CALL_STATES = [state.value for state in CallState]
MESSAGE_STATES = [state.value for state in MessageState]


class Party(serializers.CharField):
    """Who calls or is called: the person masked, our own number as it is, null for who withholds it."""

    def __init__(self, *, ours_when: Direction) -> None:
        super().__init__(source="*", read_only=True, allow_null=True)
        self.ours_when = ours_when

    def to_representation(self, thing: Call | Message) -> str | None:  # type: ignore[override]  # null is said above
        if thing.direction == self.ours_when:
            return thing.number.e164 if thing.number else None
        if thing.phone:
            return str(thing.phone.number.masked)
        return str(getattr(thing, "own_from", "")) or None


class FromTo(Shape):
    """`from` is a word of Python, so it cannot be declared like the others."""

    def get_fields(self) -> dict[str, Any]:
        ends = {"from": Party(ours_when=Direction.OUTBOUND), "to": Party(ours_when=Direction.INBOUND)}
        return super().get_fields() | ends


class NumberRef(Shape):
    id = serializers.UUIDField()
    e164 = serializers.CharField()


class LegShape(Shape):
    provider_id = serializers.CharField()
    to = serializers.CharField(source="shown_to")
    state = serializers.ChoiceField(choices=CALL_STATES)
    duration_seconds = serializers.IntegerField(allow_null=True)


class CallRecordingShape(Shape):
    id = serializers.UUIDField()
    state = serializers.CharField()
    kind = serializers.CharField()
    duration_seconds = serializers.IntegerField(allow_null=True)
    channels = serializers.IntegerField(allow_null=True)


class CallShape(FromTo):
    id = serializers.UUIDField()
    direction = serializers.ChoiceField(choices=DIRECTIONS)
    state = serializers.ChoiceField(choices=CALL_STATES)
    outcome = serializers.ChoiceField(choices=Outcome.choices, allow_null=True)
    answered = serializers.BooleanField()
    number = NumberRef(allow_null=True)
    source: Any = Named(allow_null=True)
    lead = LeadRef(allow_null=True)
    first_time_caller = serializers.BooleanField()
    after_hours = serializers.BooleanField(allow_null=True)
    started_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    ring_seconds = serializers.IntegerField(allow_null=True)
    talk_seconds = serializers.IntegerField(allow_null=True)
    duration_seconds = serializers.IntegerField(allow_null=True)
    provider = serializers.CharField()
    provider_id = serializers.CharField(
        allow_null=True, help_text="null while a call that was asked for is on its way to the provider."
    )
    legs = LegShape(many=True)
    recordings = CallRecordingShape(many=True)
    agent = Named(allow_null=True)
    disposition = serializers.CharField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    note = serializers.CharField(source="shown_note", allow_null=True)


class CallQuery(ListQuery):
    since = Moment(required=False, help_text="Began at this time or later.")
    until = Moment(required=False, help_text="Began before this time.")
    direction = Choice(choices=DIRECTIONS, required=False)
    state = Choice(choices=CALL_STATES, required=False)
    outcome = Choice(choices=Outcome.choices, required=False)
    source: Any = Id(required=False)
    number = Id(required=False)
    lead = Id(required=False)
    agent = Id(required=False)
    provider_id = Text(required=False, max_length=64)
    recording = Choice(
        choices=[filters.ANY, filters.NONE, *RECORDED],
        required=False,
        help_text="What became of the recording that stands for all of a call; `none`: there is no word of any.",
    )
    has_recording = QueryFlag(required=False, help_text="True is `recording=any`, false `recording=none`.")
    first_time = QueryFlag(required=False)
    after_hours = QueryFlag(
        required=False, help_text="Began while the business was closed, where that is known."
    )
    talked = Choice(
        choices=list(TALKED), required=False, help_text="How long; a call nobody took has no length."
    )
    tag = Text(required=False, max_length=editing.LONGEST_TAG)
    disposition = Text(
        required=False, max_length=editing.LONGEST_DISPOSITION, help_text="`none`: nothing was noted."
    )
    owed = QueryFlag(
        required=False,
        help_text="True: somebody whom `callbacks/` lists to you is still owed a call back for it; false: nobody is.",
    )
    mine = Choice(choices=["true"], required=False, help_text="Taken by the member whose token this is.")


class CallChanges(Strict):
    disposition = Text(allow_null=True, allow_blank=True, max_length=editing.LONGEST_DISPOSITION)
    tags = serializers.ListField(
        child=Text(max_length=editing.LONGEST_TAG), max_length=editing.MOST_TAGS, allow_empty=True
    )
    note = Text(allow_null=True, allow_blank=True, max_length=5_000)


class Calls(Rows):
    """Calls: all of the business by right, else one's own and those that nobody has taken."""

    needs = {"GET": READ, "POST": Permission.EDIT_CUSTOMERS}
    query = CallQuery
    bodies = {"POST": CallBody}
    keyed = frozenset({"POST"})
    shape = CallShape
    at = "started_at"
    order = filters.ORDER

    def rows(self) -> QuerySet[Call]:
        return _calls(self)

    def post(self, request: Request) -> Response:
        """Call somebody, or log a call that was made elsewhere. One's own telephone rings first."""
        given = self.body()
        make = self._log if given.pop("manual") else self._place
        return self.answer(found(_calls(self), self.once(given, lambda: make(given).pk)))

    def _log(self, given: dict[str, Any]) -> Call:
        return entries.log(self.business, manual_api.resolved(given, self.member), by=self.member)

    def _place(self, given: dict[str, Any]) -> Call:
        check(self.member, Permission.PLACE_CALLS, writes=True)
        return calling.place(self.business, outgoing_api.resolved(given, self.member), by=self.member)

    def narrowed(self, rows: Any) -> QuerySet[Call]:
        given = {name: _as_text(value) for name, value in self.given.items()}
        return filters.by(rows, given, member=self.member)


class OneCall(Door):
    """One call, and what staff make of it."""

    needs = {"GET": READ, "PATCH": Permission.EDIT_CUSTOMERS}
    bodies = {"PATCH": CallChanges}
    shape = CallShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(found(_calls(self), pk))

    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what staff make of a call: outcome, tags and note."""
        call = found(_calls(self), pk)
        editing.update_call(call, self.body(), by=self.member)
        return self.answer(found(_calls(self), pk))


class Stops(Door):
    """Stop a call that one has asked for, until the other side is put through; one that is over is stopped already.

    The answer is the call as it is now: a provider ends it in a moment.
    """

    needs = {"POST": Permission.PLACE_CALLS}
    shape = CallShape

    def post(self, request: Request, pk: UUID) -> Response:
        stopping.stop(found(_calls(self), pk), by=self.member)
        return self.answer(found(_calls(self), pk))


class ErrorShape(Shape):
    code = serializers.CharField()
    text = serializers.CharField()


class MediaShape(Shape):
    id = serializers.CharField()
    content_type = serializers.CharField(allow_null=True)


class MessageShape(FromTo):
    id = serializers.UUIDField()
    direction = serializers.ChoiceField(choices=DIRECTIONS)
    state = serializers.ChoiceField(choices=MESSAGE_STATES)
    error = serializers.SerializerMethodField()
    body = serializers.CharField(source="shown_body", allow_null=True)
    media = MediaShape(many=True)
    segments = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    provider = serializers.CharField()
    provider_id = serializers.CharField()
    lead = LeadRef(allow_null=True)

    @extend_schema_field(ErrorShape(allow_null=True))
    def get_error(self, message: Message) -> dict[str, str] | None:
        if not message.error_code:
            return None
        return {"code": message.error_code, "text": f"The provider says {message.error_code}."}


class MessageQuery(ListQuery):
    since = Moment(required=False)
    until = Moment(required=False)
    direction = Choice(choices=DIRECTIONS, required=False)
    state = Choice(choices=MESSAGE_STATES, required=False)
    lead = Id(required=False)
    number = Id(required=False)
    provider_id = Text(required=False, max_length=64)


class Messages(Rows):
    """Texts. Numbers and addresses that stand in them are masked."""

    needs = {"GET": READ}
    query = MessageQuery
    shape = MessageShape
    at = "created_at"
    lookups = {
        "since": "created_at__gte",
        "until": "created_at__lt",
        "direction": "direction",
        "state": "state",
        "lead": "lead_id",
        "number": "number_id",
        "provider_id": "provider_id",
    }

    def rows(self) -> QuerySet[Message]:
        return _messages(self)


class OneMessage(Door):
    """One text."""

    needs = {"GET": READ}
    shape = MessageShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(found(_messages(self), pk))


class NumberShape(Shape):
    id = serializers.UUIDField()
    e164 = serializers.CharField()
    label: Any = serializers.CharField(allow_blank=True)
    provider = serializers.CharField(source="account.provider")
    account = serializers.CharField(
        source="account.account_id", help_text="The account's id at the provider."
    )
    source: Any = Named()
    forward_to = serializers.ListField(
        child=serializers.CharField(), help_text="Every telephone that its published flow may ring."
    )
    flow_version = serializers.IntegerField(source="published.version")
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class NumberChanges(Strict):
    label: Any = Text(required=False, allow_blank=True, max_length=80)
    source: Any = Id(required=False)
    is_active = Flag(required=False)

    def validate_source(self, pk: UUID) -> Source:
        source = Source.objects.filter(business_id=self.context["business_id"], pk=pk).first()
        if source is None:
            raise serializers.ValidationError(["There is no such source."])
        return source


class NumberBody(NumberChanges):
    e164 = E164(max_length=16)
    provider = Text(max_length=12)
    account = Text(max_length=64, help_text="The account's id at the provider.")
    source: Any = Id()
    forward_to = serializers.ListField(
        child=E164(max_length=16),
        required=False,
        max_length=MOST_TELEPHONES,
        help_text="The telephones that the first flow rings.",
    )
    notice = Text(
        required=False, allow_blank=True, max_length=300, help_text="Said before a call is recorded."
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        named = {"provider": given.pop("provider"), "account_id": given.pop("account")}
        mine = ProviderAccount.objects.filter(business_id=self.context["business_id"], **named)
        given["account"] = mine.first()
        if given["account"] is None:
            raise serializers.ValidationError({"account": ["No such account is connected."]})
        return given


class NumberQuery(ListQuery):
    source: Any = Id(required=False)
    is_active = QueryFlag(required=False)


class Numbers(Rows):
    """The numbers of the business, and what each of them rings."""

    needs = {"GET": Permission.NUMBERS, "POST": Permission.NUMBERS}
    query = NumberQuery
    bodies = {"POST": NumberBody}
    shape = NumberShape
    lookups = {"source": "source_id", "is_active": "is_active"}

    def rows(self) -> QuerySet[TrackingNumber]:
        return _numbers(self)

    def post(self, request: Request) -> Response:
        """Add a number that the business has at its provider."""
        given = self.body(business_id=self.business.pk)
        later = {"is_active": given.pop("is_active", True)}
        number = numbers.add(self.business, given.pop("e164"), **given, by=self.member)
        numbers.change(number, later, by=self.member)
        return self.answer(found(_numbers(self), number.pk))


class OneNumber(Door):
    """One number."""

    needs = {"GET": Permission.NUMBERS, "PATCH": Permission.NUMBERS}
    bodies = {"PATCH": NumberChanges}
    shape = NumberShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(found(_numbers(self), pk))

    def patch(self, request: Request, pk: UUID) -> Response:
        """Change a number."""
        number = found(_numbers(self), pk)
        numbers.change(number, self.body(business_id=self.business.pk), by=self.member)
        return self.answer(found(_numbers(self), pk))


def _calls(door: Door) -> QuerySet[Call]:
    return Call.objects.visible_to(door.member).for_list().prefetch_related("legs", "recordings")


def _messages(door: Door) -> QuerySet[Message]:
    return Message.objects.visible_to(door.member).select_related("lead", "phone__lead", "number")


def _numbers(door: Door) -> QuerySet[TrackingNumber]:
    mine = TrackingNumber.objects.filter(business_id=door.member.business_id)
    return mine.select_related("source", "account", "business", "published")


def _as_text(value: Any) -> str:
    """As it stands in a URL, in the one spelling that was checked."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)
