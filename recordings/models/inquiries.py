"""What was asked of a provider about a call that was to be recorded, and of which no recording was told."""

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import TenantModel, tenant_key


class Inquiry(TenantModel):
    """The question whether there is a recording of one call: asked once, and again only until it is answered.

    `next_attempt_at`, `claimed_until` and `attempts` mean what they mean for a recording.
    """

    call = tenant_key("telephony.Call", related_name="inquiries")
    asked_since = models.DateTimeField(default=now)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=24, blank=True)
    found = models.PositiveSmallIntegerField(null=True, help_text="How many there are. Null: not known yet.")

    class Meta:
        verbose_name_plural = "inquiries"
        constraints = [models.UniqueConstraint(fields=["business", "call"], name="recordings_inquiry_once")]
        indexes = [
            models.Index(
                fields=["business", "next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="recordings_inquiry_due",
            ),
        ]

    def __str__(self) -> str:
        return f"inquiry {self.pk}"
