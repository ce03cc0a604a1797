"""What is left of a call: its recordings, as far as the provider has told of them."""

from typing import Any
from uuid import UUID

from django.db import models

from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from callcrm.lib import times
from telephony.models import Call


class RecordingQuerySet(models.QuerySet["Recording"]):
    """Reading recordings."""

    def visible_to(self, member: Admitted) -> "RecordingQuerySet":
        """Return the recordings of the calls that a member may know of."""
        return self.filter(business_id=member.business_id, call__in=Call.objects.visible_to(member))


class Recording(TenantModel):
    """One recording of one call."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        ABSENT = "absent", "Absent"

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        VOICEMAIL = "voicemail", "Voicemail"

    call = tenant_key("telephony.Call", related_name="recordings")
    provider_id = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.CALL)
    is_complete = models.BooleanField(default=False)
    duration_seconds = models.PositiveIntegerField(null=True)
    channels = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()

    objects = RecordingQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["business", "call", "provider_id"], name="recordings_once")
        ]

    def __str__(self) -> str:
        return f"recording {self.pk}"

    @property
    def is_going_on(self) -> bool:
        """Say whether the provider has told of a beginning, and of no end yet."""
        return not self.is_complete and self.state != self.State.ABSENT

    @property
    def told(self) -> str:
        """Return what is known of it, in words."""
        if self.is_complete:
            length = f", {times.duration(self.duration_seconds)}" if self.duration_seconds else ""
            return f"Recorded{length}. The audio stays with the provider for now."
        if self.state == self.State.ABSENT:
            return "Nothing was recorded."
        return "Going on." if self.call.is_live else "The provider has not told of its end."


def mine(business_id: UUID, call: Call, provider_id: str) -> dict[str, Any]:
    """Return what makes a recording one and the same."""
    return {"business_id": business_id, "call": call, "provider_id": provider_id}
