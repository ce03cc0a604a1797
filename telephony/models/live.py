"""What the live feed tells, and who listens to it."""

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from accounts.models import Business, TenantModel


class FeedFrame(models.Model):
    """Something the live feed tells: ids and states only. Inserting one notifies every process, at commit (a trigger).

    Kept for a day, so that a broken connection can catch up by its cursor, which is the id.
    """

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    object_id = models.UUIDField()
    state = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField(default=now)

    class Meta:
        # What a broken connection missed is read by time, for a cursor can commit after a later one.
        indexes = [models.Index(fields=["business", "at", "id"], name="telephony_frame_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class LiveStream(TenantModel):
    """An open stream of the live feed, in whichever process. Its process says again and again that it is open."""

    class Kind(models.TextChoices):
        SSE = "sse", "Browser"
        WEBSOCKET = "ws", "API client"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    visiting = models.BooleanField(default=False, help_text="A platform visit, not a member.")
    kind = models.CharField(max_length=3, choices=Kind.choices)
    ip = models.GenericIPAddressField(null=True)
    opened_at = models.DateTimeField(default=now)
    seen_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["business", "user"], name="telephony_stream_user")]

    def __str__(self) -> str:
        return f"{self.kind} stream of {self.opened_at:%H:%M}"

    @property
    def name(self) -> str:
        return "Platform support" if self.visiting else self.user.get_short_name()
