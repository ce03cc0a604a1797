"""What is done to a recording over the API: it is held, let go, deleted. Each answers with what it is then."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door, found
from accounts.permissions import Permission
from callcrm.lib.strict import Choice, Strict
from recordings.api import RecordingShape
from recordings.models import Recording, RecordingQuerySet
from recordings.retention import deletions, holds

RULES = ["card_data", "request", "untold"]  # what somebody may delete by; `retention` is the rule's own


class HoldBody(Strict):
    reason = Choice(choices=Recording.HoldReason.choices)


class LiftBody(Strict):
    pass


class DeletionBody(Strict):
    rule = Choice(choices=RULES)


class Act(Door):
    """Who may delete says what must not be deleted, too."""

    needs = {"POST": Permission.DELETE_CUSTOMERS}
    shape = RecordingShape

    def recording(self, pk: UUID) -> Recording:
        recording: Recording = found(self.rows(), pk)
        return recording

    def rows(self) -> RecordingQuerySet:
        return Recording.objects.visible_to(self.member).with_rules()


class Holds(Act):
    """Put a recording under a legal hold."""

    bodies = {"POST": HoldBody}

    def post(self, request: Request, pk: UUID) -> Response:
        reason = Recording.HoldReason(self.body()["reason"])
        holds.hold(self.recording(pk), reason, by=self.member)
        return self.answer(self.recording(pk))


class HoldLiftings(Act):
    """Let the rule of a held recording count again."""

    bodies = {"POST": LiftBody}

    def post(self, request: Request, pk: UUID) -> Response:
        self.body()
        holds.lift(self.recording(pk), by=self.member)
        return self.answer(self.recording(pk))


class Deletions(Act):
    """Delete a recording for good, here and at the provider. One that is held is a conflict.

    `untold` is for a blocked one: nobody was told that the call is recorded.
    """

    bodies = {"POST": DeletionBody}

    def post(self, request: Request, pk: UUID) -> Response:
        rule = Recording.Rule(self.body()["rule"])
        deletions.delete(self.recording(pk), rule, by=self.member)
        return self.answer(self.recording(pk))
