"""The API of recordings: what there is of a call, or why not, and its sound a part at a time."""

from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door, ListQuery, Rows, found
from accounts.permissions import Permission
from callcrm.lib.strict import Choice, Id, Shape
from recordings import sealing
from recordings.listening import playbacks, ranges
from recordings.models import PlayReason, Recording
from recordings.retention import ends

REASON = OpenApiParameter(
    "X-Play-Reason",
    str,
    OpenApiParameter.HEADER,
    enum=PlayReason.values,
    description="Why you listen, where the business asks for it: wanted when a playback begins.",
)
STATES = ["pending", "stored", "failed", "absent", "deleted", "blocked"]

RULES_SAID = [(rule, ends.words(rule)) for rule in Recording.Rule.values]


class RecordingShape(Shape):
    id = serializers.UUIDField()
    call = serializers.UUIDField(source="call_id")
    state = serializers.ChoiceField(choices=STATES)
    kind = serializers.ChoiceField(choices=Recording.Kind.choices)
    duration_seconds = serializers.IntegerField(allow_null=True)
    channels = serializers.IntegerField(allow_null=True)
    failure = serializers.SerializerMethodField()
    size = serializers.IntegerField(allow_null=True)
    sha256 = serializers.SerializerMethodField()
    provider_id = serializers.CharField()
    keep_until = serializers.DateTimeField(
        allow_null=True, help_text="By the rule of its kind, as it is now."
    )
    legal_hold = serializers.BooleanField(source="is_held", help_text="Held: kept beyond that.")
    deleted_by = serializers.SerializerMethodField()
    deleted_days = serializers.IntegerField(
        allow_null=True, help_text="Days of the retention rule that deleted it; null where another did."
    )

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_failure(self, recording: Recording) -> str | None:
        return recording.failure or None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_sha256(self, recording: Recording) -> str | None:
        return recording.sha256 or None

    @extend_schema_field(
        serializers.ChoiceField(
            choices=RULES_SAID, allow_null=True, help_text="By which rule it was deleted."
        )
    )
    def get_deleted_by(self, recording: Recording) -> str | None:
        return recording.deleted_by or None


class RecordingQuery(ListQuery):
    call = Id(required=False)
    state = Choice(choices=STATES, required=False)
    kind = Choice(choices=Recording.Kind.choices, required=False)


class Recordings(Rows):
    """Recordings of the calls that one may see."""

    needs = {"GET": Permission.VIEW_CUSTOMERS}
    query = RecordingQuery
    shape = RecordingShape
    at = "created_at"
    lookups = {"call": "call_id", "state": "state", "kind": "kind"}

    def rows(self) -> QuerySet[Recording]:
        return Recording.objects.visible_to(self.member).with_rules()


class OneRecording(Door):
    """One recording."""

    needs = {"GET": Permission.VIEW_CUSTOMERS}
    shape = RecordingShape

    def get(self, request: Request, pk: UUID) -> Response:
        return self.answer(found(Recording.objects.visible_to(self.member).with_rules(), pk))


class RecordingAudio(Door):
    """The sound of a recording, whole or by Range. All that one session asks for in a while is one playback."""

    needs = {"GET": Permission.PLAY}

    @extend_schema(parameters=[REASON], responses={(200, "audio/wav"): bytes, (206, "audio/wav"): bytes})
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        visible = Recording.objects.visible_to(self.member).select_related("call__lead")
        recording: Recording = found(visible, pk)
        session = f"api:{request.auth.pk}"
        why = self.http.headers.get(REASON.name, "")
        playbacks.use(playbacks.going_on(recording, session=session, by=self.member, reason=why))
        with sealing.for_listeners():
            return ranges.answer(self.http, sealing.open_stored(recording), recording.content_type)
