"""What is left of a call: its recordings, from the provider's first word to the sealed file.

`next_attempt_at` says that there is something to do, and when: to fetch it while it is pending or failed, to delete the
provider's copy once it is stored. `claimed_until` keeps two workers apart; a claim that runs out is a killed worker's.
`attempts` numbers the claims, so that one that comes too late is known.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, Prefetch, Q, Subquery
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from callcrm.lib import times
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.fields import SealedModel, SealedText
from leads.models import Lead, is_cut
from recordings import failures
from recordings.listening.pause_marks import PauseMark, marks
from recordings.listening.waveform import POINTS, silences
from recordings.models.pauses import RecordingPause
from recordings.retention import ends
from telephony.models import Call
from telephony.models.shown import redacted

# The clocks of database and worker differ, and a job that comes early must not be in vain.
EARLY = timedelta(seconds=2)

STROKE = 4  # points of the picture that are one stroke in a row


class RecordingQuerySet(models.QuerySet["Recording"]):
    """Reading recordings."""

    def visible_to(self, member: Admitted) -> "RecordingQuerySet":
        """Return the recordings of the calls that a member may know of."""
        return self.filter(business_id=member.business_id, call__in=Call.objects.visible_to(member))

    def due(self) -> "RecordingQuerySet":
        """Return those for which something is to be done now, and nobody does it."""
        free = Q(claimed_until=None) | Q(claimed_until__lt=now())
        return self.filter(free, next_attempt_at__lte=now() + EARLY)

    def untold(self) -> "RecordingQuerySet":
        """Return those that have begun and of whose end the provider has not told."""
        return self.filter(state=Recording.State.PENDING, is_complete=False, asked_since=None)

    def with_rules(self) -> "RecordingQuerySet":
        """Bring what `keep_until` is computed from: the rule as it is now."""
        from recordings.models.retention import RetentionRule  # it names the kinds of a recording

        rule = RetentionRule.objects.filter(business=OuterRef("business"), kind=OuterRef("kind"))
        return self.annotate(keep_days=Subquery(rule.values("days")[:1]))

    def failing(self, business_id: UUID) -> Any:
        """Return why a recording is not here yet that is still tried for: one code, of the one that is due first.

        What the provider is a little late with is no failure, unless he cannot be reached at all.
        """
        failed = Q(state=Recording.State.FAILED) | Q(failure=failures.UNREACHABLE)
        tried = self.filter(failed, business_id=business_id, next_attempt_at__isnull=False).exclude(
            failure=""
        )
        return tried.order_by("next_attempt_at").values("failure")[:1]

    def not_gone(self) -> "RecordingQuerySet":
        """Return those of which something is left, here or at the provider, or may yet come."""
        blocked_and_gone = {"state": Recording.State.BLOCKED, "provider_copy": Recording.Copy.GONE}
        return self.exclude(state__in=Recording.GONE).exclude(**blocked_and_gone)

    def with_calls(self) -> "RecordingQuerySet":
        """Bring what a line shows of the call: when it was, whose, of which source and who took it."""
        calls = Call.objects.select_related("lead", "phone__lead", "agent__user").prefetch_related("source")
        return self.prefetch_related(Prefetch("call", calls))

    def holding(self, lead: Lead) -> "RecordingQuerySet":
        """Return those of a person that a legal hold keeps, and him with them."""
        his = self.filter(business_id=lead.business_id, call__lead=lead, held_at__isnull=False)
        return his.not_gone().select_related("call")


class Recording(TenantModel, SealedModel):
    """One recording of one call, what it looks like and what is said in it."""

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

    class Rule(models.TextChoices):
        """By what it was deleted."""

        RETENTION = "retention", "Retention"
        CARD_DATA = "card_data", "Card data"
        PERSON = "person", "With the person"
        REQUEST = "request", "Request"
        UNTOLD = "untold", "Recorded without notice"

    class HoldReason(models.TextChoices):
        """A code, so that the history can name it: what the case is about stays with who leads it."""

        LAWSUIT = "lawsuit", "Lawsuit"
        COMPLAINT = "complaint", "Complaint"
        AUTHORITY = "authority", "An authority asked for it"
        INSURANCE = "insurance", "Insurance claim"
        OTHER = "other", "Something else"

    GONE: ClassVar = (State.DELETED, State.ABSENT)

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
    peaks = models.BinaryField(
        default=bytes, editable=False, help_text="How loud each side is along the way."
    )
    # What is written of it is sealed under a key of its own, which goes with the person like the key of its sound.
    words_key = models.BinaryField(null=True, editable=False)
    transcript = SealedText(max_length=20_000, pad=256, null=True)
    # How long. Until when is not kept: it is computed from the rule, so that a changed rule holds at once.
    held_at = models.DateTimeField(null=True)
    held_by = tenant_key("accounts.Member", null=True)
    hold_reason = models.CharField(max_length=9, choices=HoldReason.choices, blank=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.CharField(max_length=9, choices=Rule.choices, blank=True)
    deleted_days = models.PositiveSmallIntegerField(null=True)  # of the rule that deleted it, as it was then

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
            ),
            models.Index(
                fields=["business", "kind", "created_at"],
                condition=~Q(state__in=("deleted", "absent")),
                name="recordings_age",
            ),
            models.Index(
                fields=["business", "created_at"],
                condition=Q(state="pending", is_complete=False, asked_since=None),
                name="recordings_untold",
            ),
        ]

    def __str__(self) -> str:
        return f"recording {self.pk}"

    def make_words_key(self) -> None:
        """Give it the key for what is written of it, unless it has one. The call is locked."""
        if self.words_key is None:
            fresh = secrets.token_bytes(envelope.KEY_BYTES)
            self.words_key = envelope.wrap(self.call.sealing_key(), fresh, context=self.words_context)

    def sealing_key(self) -> bytes:
        """Return the key of what is written of it. Raises DecryptError once the person's key is gone."""
        if self.words_key is None:
            raise envelope.DecryptError("nothing is written of this recording")
        return envelope.unwrap(self.call.sealing_key(), bytes(self.words_key), context=self.words_context)

    @property
    def sound_context(self) -> tuple[str, ...]:
        """What its file and the key of its sound are bound to."""
        return (str(self.business_id), "recordings.recording", str(self.pk))

    @property
    def words_context(self) -> tuple[str, ...]:
        return (*self.sound_context, "words")

    @property
    def shown_transcript(self) -> str | None:
        """Return what is said in it as everybody may read it."""
        return redacted(self.call.lead, self.transcript)

    @property
    def transcript_is_cut(self) -> bool:
        return is_cut(self.shown_transcript, self.transcript)

    @property
    def lanes(self) -> list[bytes]:
        """Return its picture, a lane for each side; empty where it has none.

        First is the side whose call the other was dialled from: the caller, or the member who asked for the call.
        """
        peaks = bytes(self.peaks)
        return [peaks[at : at + POINTS] for at in range(0, len(peaks), POINTS)]

    @property
    def glance(self) -> list[bytes]:
        """Return its picture for a row: both sides in one lane of a few strokes."""
        both = bytes(max(points) for points in zip(*self.lanes, strict=True))
        return [bytes(max(both[at : at + STROKE]) for at in range(0, len(both), STROKE))] if both else []

    @property
    def silences(self) -> list[tuple[float, float]]:
        """Return from when till when nobody says anything: what a player may skip."""
        return silences(self.lanes, self.length.total_seconds())

    @property
    def silent_seconds(self) -> int:
        return int(sum(end - start for start, end in self.silences))

    @property
    def length(self) -> timedelta:
        """Return how long it plays."""
        return timedelta(seconds=self.audio_seconds or self.duration_seconds or 0)

    @property
    def is_here(self) -> bool:
        return self.state == self.State.STORED

    @property
    def is_going_on(self) -> bool:
        """Say whether the provider has told of a beginning, and of no end yet."""
        return not self.is_complete and self.state != self.State.ABSENT

    @property
    def told(self) -> str:
        """Return what is known of it, in words."""
        if self.state == self.State.PENDING and not self.is_complete and self.asked_since is None:
            return (
                f"Going on{self._paused}." if self.call.is_live else "The provider has not told of its end."
            )
        return self._TOLD[self.state](self)

    @property
    def is_hearing(self) -> bool:
        """Say whether it goes on and is not paused, as far as the provider has told."""
        silent = (RecordingPause.State.PAUSED, RecordingPause.State.RESUMING)
        return self.is_going_on and not (self.pause and self.pause.state in silent)

    @property
    def pause(self) -> "RecordingPause | None":
        """Return the last pause, or wish for one."""
        pauses = list(self.pauses.all())
        return pauses[-1] if pauses else None

    @property
    def paused_seconds(self) -> int:
        """Return how long nothing was recorded: silence stands there, so it counts in the duration."""
        return sum(pause.seconds(self.pauses_end_by) for pause in self.pauses.all())

    @property
    def pauses_end_by(self) -> datetime:
        """Return when a pause that nobody ended was over: with the recording."""
        recorded = timedelta(seconds=self.duration_seconds or 0)
        return (self.created_at + recorded) if self.is_complete else self.call.ended_at or now()

    @property
    def pause_marks(self) -> list[PauseMark]:
        """Return where in what plays its pauses are heard."""
        begun = ((p, p.paused_at - self.created_at) for p in self.pauses.all() if p.paused_at)
        stretches = [(after.total_seconds(), pause.seconds(self.pauses_end_by)) for pause, after in begun]
        return list(marks(stretches, self.lanes, self.length.total_seconds())) if stretches else []

    @property
    def is_past_keeping(self) -> bool:
        """Say whether nothing of it is left to keep: of a blocked one the provider's copy is all there is."""
        leaves = self.state == self.State.BLOCKED and self.provider_copy != self.Copy.KEPT
        return leaves or self.state in self.GONE

    @property
    def is_untold(self) -> bool:
        """Say whether nobody was told of it, also once it was deleted for that."""
        return self.state == self.State.BLOCKED or self.deleted_by == self.Rule.UNTOLD

    @property
    def can_be_deleted(self) -> bool:
        """Say whether somebody may delete it now. While it goes on, it is paused instead."""
        goes_on = self.is_going_on and self.call.is_live
        return not (self.is_past_keeping or self.is_held or goes_on)

    @property
    def is_held(self) -> bool:
        """Say whether a legal hold keeps it, whatever its rule says."""
        return self.held_at is not None

    @property
    def keep_until(self) -> datetime | None:
        """Return when its rule lets it go; None where nothing does, or it is gone. Wants `with_rules`."""
        days = vars(self)["keep_days"]
        return self.created_at + timedelta(days=days) if days and not self.is_past_keeping else None

    @property
    def can_be_retried(self) -> bool:
        """Say whether somebody may ask for it again, sooner than it comes by itself."""
        return bool(self.failure) and self.state in (self.State.PENDING, self.State.FAILED)

    @property
    def in_short(self) -> str:
        """Return the words that stand in a row for what cannot be played from it."""
        if self.state == self.State.PENDING and self.is_going_on and self.call.is_live:
            return "recording"
        if self.state == self.State.STORED:
            return f"recorded, {times.duration(int(self.length.total_seconds()))}"
        if self.state == self.State.DELETED:
            return ends.words(self.deleted_by, self.deleted_days).replace("D", "d", 1)
        return self._SHORT[self.state]

    def _told_pending(self) -> str:
        why = f" {failures.words(self.failure)}" if self.failure else ""
        return f"Recorded{self._length}.{why} It is being fetched."

    def _told_failed(self) -> str:
        again = " It is tried again by itself." if self.next_attempt_at else ""
        return f"Recorded{self._length}, and not fetched. {failures.words(self.failure)}{again}"

    def _told_stored(self) -> str:
        gone = " The provider's copy is deleted." if self.provider_copy == self.Copy.GONE else ""
        return f"Recorded{self._length}. Kept here, sealed.{gone}"

    def _told_deleted(self) -> str:
        left = f" Not all of it is removed yet. {failures.words(self.failure)}" if self.failure else ""
        return f"{ends.words(self.deleted_by, self.deleted_days)}.{left}"

    def _told_blocked(self) -> str:
        why = f" {failures.words(self.failure)}" if self.failure else ""
        copy = {
            self.Copy.GONE.value: " The provider's copy is deleted.",
            self.Copy.LEAVING.value: f" The provider's copy is being deleted.{why}",
        }
        return f"Not kept: the {self.call.role} was not told that the call is recorded." + copy.get(
            self.provider_copy, ""
        )

    _TOLD: ClassVar[dict[str, Callable[["Recording"], str]]] = {
        State.PENDING: _told_pending,
        State.STORED: _told_stored,
        State.FAILED: _told_failed,
        State.ABSENT: lambda _: "Nothing was recorded.",
        State.DELETED: _told_deleted,
        State.BLOCKED: _told_blocked,
    }

    _SHORT: ClassVar[dict[str, str]] = {
        State.PENDING: "recording on its way",
        State.FAILED: "recording failed",
        State.ABSENT: "",
        State.BLOCKED: "not kept: no notice",
    }

    @property
    def _length(self) -> str:
        length = f", {times.duration(self.duration_seconds)}" if self.duration_seconds else ""
        return length + self._paused

    @property
    def _paused(self) -> str:
        return f", paused {times.duration(self.paused_seconds)}" if self.paused_seconds else ""


def mine(business_id: UUID, call: Call, provider_id: str) -> dict[str, Any]:
    """Return what makes a recording one and the same."""
    return {"business_id": business_id, "call": call, "provider_id": provider_id}
