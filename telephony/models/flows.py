"""Call flows of numbers: versions that were published and never change, the draft of the next, and whose turn it is."""

from typing import Any
from uuid import UUID

from django.db import models
from django.utils.timezone import now

from accounts.models import TenantModel, tenant_key
from telephony.flows import documents
from telephony.flows.steps import Flow

MOST_READ = 1_000
_read: dict[UUID, Flow] = {}  # by the id of the version, in this process


class FlowVersion(TenantModel):
    """A flow as it was published. A call keeps the version that it began with."""

    number = tenant_key("telephony.TrackingNumber", related_name="versions")
    version = models.PositiveIntegerField()
    document = models.JSONField()
    published_at = models.DateTimeField(default=now)
    published_by = tenant_key("accounts.Member", null=True)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["business", "number", "version"], name="telephony_flow_once")
        ]

    def __str__(self) -> str:
        return f"version {self.version}"

    @property
    def flow(self) -> Flow:
        """Return what it says. It never changes, and reading it takes as long as answering a call does otherwise."""
        if self.pk not in _read:
            if len(_read) >= MOST_READ:
                _read.clear()
            _read[self.pk] = documents.read(self.document)
        return _read[self.pk]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Calls go on by it: what was published stays as it is."""
        if not self._state.adding:
            raise TypeError("a published flow never changes")
        super().save(*args, **kwargs)


class FlowDraft(TenantModel):
    """What the next version of a flow is going to be. `revision` counts the saves: a save names the last one.

    `before` is what it was until the last save, for who takes that back; null in drafts of before this was kept.
    """

    number = tenant_key("telephony.TrackingNumber", related_name="drafts")
    document = models.JSONField()
    before = models.JSONField(null=True)
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(default=now)
    updated_by = tenant_key("accounts.Member", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "number"], name="telephony_draft_once")]

    def __str__(self) -> str:
        return f"draft {self.revision}"

    @property
    def flow(self) -> Flow:
        return documents.read(self.document)


class RingTurn(TenantModel):
    """Whose turn it is in a round robin. A call that is told of twice takes its turn once."""

    number = tenant_key("telephony.TrackingNumber")
    step = models.CharField(max_length=31)
    turn = models.PositiveIntegerField(default=0)
    call = tenant_key("telephony.Call")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "number", "step"], name="telephony_turn_once")
        ]

    def __str__(self) -> str:
        return f"turn {self.turn}"
