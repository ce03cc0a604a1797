"""Who listens to a recording right now, and what members noted at a moment of one."""

from datetime import timedelta

from django.db import models
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from callcrm.lib.crypto.fields import SealedModel, SealedText
from leads.models import is_cut
from telephony.models.shown import redacted

FIRST_USE = timedelta(seconds=60)  # in which a link must be used
AFTER = timedelta(minutes=10)  # which a link lasts longer than the recording plays


class PlayReason(models.TextChoices):
    """Why somebody listens to a recording, or takes it away. To look at a number there are others (`leads.reveals`)."""

    QUALITY = "quality", "Quality review"
    TRAINING = "training", "Training"
    DISPUTE = "dispute", "Dispute or complaint"
    CALL_BACK = "call_back", "To prepare a call back"
    LEGAL = "legal", "Legal request"
    OTHER = "other", "Other"


class PlaybackQuerySet(models.QuerySet["Playback"]):
    """Reading playbacks."""

    def open(self) -> "PlaybackQuerySet":
        """Return those whose links still open something."""
        return self.filter(ends_at__gt=now())


class Playback(TenantModel):
    """A link by which one session of one member listens to one recording."""

    recording = tenant_key("recordings.Recording", related_name="playbacks")
    member = tenant_key("accounts.Member")
    session = models.CharField(max_length=80, help_text="A hash of the browser's, or the id of a program's.")
    created_at = models.DateTimeField(default=now)
    used_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField()
    was_explained = models.BooleanField(default=False, help_text="Whether a reason was asked for and given.")

    objects = PlaybackQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["business", "recording", "member", "-created_at"], name="recordings_playback_mine"
            ),
        ]

    def __str__(self) -> str:
        return f"playback {self.pk}"

    def is_open_to(self, member: Admitted, session: str) -> bool:
        return self.member_id == member.pk and self.session == session and self.ends_at > now()


class RecordingNote(TenantModel, SealedModel):
    """What a member noted at a second of a recording."""

    recording = tenant_key("recordings.Recording", related_name="notes")
    at_seconds = models.PositiveIntegerField()
    body = SealedText(max_length=1_000, pad=256)
    author = tenant_key("accounts.Member", null=True)
    created_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at_seconds", "id"]
        indexes = [
            models.Index(fields=["business", "recording", "at_seconds"], name="recordings_note_at"),
        ]

    def __str__(self) -> str:
        return f"note at {self.at_seconds}"

    def sealing_key(self) -> bytes:
        key: bytes = self.recording.sealing_key()
        return key

    @property
    def shown_body(self) -> str:
        """Return the note as everybody may read it."""
        return redacted(self.recording.call.lead, self.body) or ""

    @property
    def is_cut(self) -> bool:
        return is_cut(self.shown_body, self.body)

    @property
    def version(self) -> str:
        """Return what tells the note as somebody has seen it from the same note after a change."""
        return self.changed_at.isoformat() if self.changed_at else ""
