"""What is left of a call: its recordings, from the provider's first word to the sealed file.

`next_attempt_at` says that there is something to do, and when: to fetch it while it is pending or failed, to delete the
provider's copy once it is stored. `claimed_until` keeps two workers apart; a claim that runs out is a killed worker's.
`attempts` numbers the claims, so that one that comes too late is known.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from callcrm.lib import times
from recordings import failures
from telephony.models import Call

EARLY = timedelta(
    seconds=2
)  # the clocks of database and worker differ, and a job that comes early must not be in vain


class RecordingQuerySet(models.QuerySet["Recording"]):
    """Reading recordings."""

    def visible_to(self, member: Admitted) -> "RecordingQuerySet":
        """Return the recordings of the calls that a member may know of."""
        return self.filter(business_id=member.business_id, call__in=Call.objects.visible_to(member))

    def due(self) -> "RecordingQuerySet":
        """Return those for which something is to be done now, and nobody does it."""
        free = Q(claimed_until=None) | Q(claimed_until__lt=now())
        return self.filter(free, next_attempt_at__lte=now() + EARLY)


class Recording(TenantModel):
    """One recording of one call."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        STORED = "stored", "Stored"
        FAILED = "failed", "Failed"
        ABSENT = "absent", "Absent"
        DELETED = "deleted", "Deleted"
        BLOCKED = "blocked", "Blocked"

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        VOICEMAIL = "voicemail", "Voicemail"

    class Copy(models.TextChoices):
        """What becomes of the provider's copy."""

        KEPT = "kept", "Kept"
        LEAVING = "leaving", "To be deleted"
        GONE = "gone", "Deleted"

    call = tenant_key("telephony.Call", related_name="recordings")
    provider_id = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.CALL)
    is_complete = models.BooleanField(default=False)
    duration_seconds = models.PositiveIntegerField(null=True)
    channels = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    provider_account = models.CharField(max_length=64, blank=True)
    provider_copy = models.CharField(max_length=7, choices=Copy.choices, default=Copy.KEPT)
    # Fetching
    failure = models.CharField(max_length=24, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    asked_since = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    # What is kept. The name is there before the file, so that what a killed worker left can be removed.
    stored_as = models.CharField(max_length=32, blank=True)
    key = models.BinaryField(null=True, editable=False)
    size = models.PositiveBigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    audio_seconds = models.FloatField(null=True)
    content_type = models.CharField(max_length=20, blank=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["business", "call", "provider_id"], name="recordings_once")
        ]
        indexes = [
            models.Index(
                fields=["business", "next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="recordings_due",
            )
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
        if self.state == self.State.PENDING and not self.is_complete:
            return "Going on." if self.call.is_live else "The provider has not told of its end."
        return self._TOLD[self.state](self)

    @property
    def can_be_retried(self) -> bool:
        """Say whether somebody may ask for it again, sooner than it comes by itself."""
        return bool(self.failure) and self.state in (self.State.PENDING, self.State.FAILED)

    def _told_pending(self) -> str:
        why = f" {failures.words(self.failure)}" if self.failure else ""
        return f"Recorded{self._length}.{why} It is being fetched."

    def _told_failed(self) -> str:
        again = " It is tried again by itself." if self.next_attempt_at else ""
        return f"Recorded{self._length}, and not fetched. {failures.words(self.failure)}{again}"

    def _told_stored(self) -> str:
        gone = " The provider's copy is deleted." if self.provider_copy == self.Copy.GONE else ""
        return f"Recorded{self._length}. Kept here, sealed.{gone}"

    _TOLD: ClassVar[dict[str, Callable[["Recording"], str]]] = {
        State.PENDING: _told_pending,
        State.STORED: _told_stored,
        State.FAILED: _told_failed,
        State.ABSENT: lambda _: "Nothing was recorded.",
        State.DELETED: lambda _: "Deleted.",
        State.BLOCKED: lambda _: "Not kept: the caller was not told that the call is recorded.",
    }

    @property
    def _length(self) -> str:
        return f", {times.duration(self.duration_seconds)}" if self.duration_seconds else ""


def mine(business_id: UUID, call: Call, provider_id: str) -> dict[str, Any]:
    """Return what makes a recording one and the same."""
    return {"business_id": business_id, "call": call, "provider_id": provider_id}
