"""Pauses of a recording that goes on: while a caller says his card number, nothing is recorded."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import TenantModel, tenant_key
from recordings import failures


class RecordingPause(TenantModel):
    """A stretch of a recording in which nothing is recorded, from the first wish for it to its end.

    The wish is a row before the provider is asked; what he answers moves it on. `attempts` numbers the claims on it.
    """

    class State(models.TextChoices):
        PAUSING = "pausing", "Pausing"
        PAUSED = "paused", "Paused"
        RESUMING = "resuming", "Resuming"
        RESUMED = "resumed", "Resumed"
        FAILED = "failed", "Not paused"

    WISHES: ClassVar = (State.PAUSING, State.RESUMING)
    OPEN: ClassVar = (State.PAUSING, State.PAUSED, State.RESUMING)

    recording = tenant_key("recordings.Recording", related_name="pauses")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PAUSING)
    failure = models.CharField(max_length=24, blank=True)
    wished_at = models.DateTimeField(default=now)
    wished_by = tenant_key("accounts.Member", null=True)
    paused_at = models.DateTimeField(null=True)
    resumed_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "recording"],
                condition=Q(state__in=("pausing", "paused", "resuming")),
                name="recordings_pause_once",
            )
        ]
        indexes = [
            models.Index(fields=["business", "recording"], name="recordings_pauses"),
            models.Index(
                fields=["business", "wished_at"],
                condition=Q(state__in=("pausing", "resuming")),
                name="recordings_pause_wishes",
            ),
        ]

    def __str__(self) -> str:
        return f"pause {self.pk}"

    @property
    def why(self) -> str:
        """Return why the last wish was not done, in words."""
        return failures.words_of_pause(self.failure) if self.failure else ""

    def seconds(self, end: datetime) -> int:
        """Return how long it was, if it has no end of its own, to a moment."""
        return (
            max(0, int(((self.resumed_at or end) - self.paused_at).total_seconds())) if self.paused_at else 0
        )
