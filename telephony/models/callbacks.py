"""Who is owed a call back. A debt closes by evidence or by a member who says why; nothing expires.

Changed by `telephony/callbacks` alone. That a missed call belongs to one debt, and a person has one open debt, are
constraints.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from accounts.permissions import Permission
from callcrm.lib.crypto.fields import SealedModel, SealedText
from telephony.models.shown import redacted

OPEN = Q(closed_at=None)
LONGEST_WORDS = 200


class Reason(models.TextChoices):
    """Why a member closes a debt that no evidence has closed."""

    REACHED_OTHERWISE = "reached_otherwise", "Reached another way"
    NOT_NEEDED = "not_needed", "Needs no call back"
    WRONG_NUMBER = "wrong_number", "Wrong number"
    SPAM = "spam", "Spam"
    DUPLICATE = "duplicate", "Same as another"
    OTHER = "other", "Something else"


class MissKind(models.TextChoices):
    """What was not answered."""

    MISSED = "missed", "Missed call"
    VOICEMAIL = "voicemail", "Voicemail"
    ABANDONED = "abandoned", "Hung up"
    TEXT = "text", "Text"


class ProofKind(models.TextChoices):
    """What proves that somebody got back to the person."""

    CALL = "call", "Call"
    TEXT = "text", "Text"


def held_for(member: Admitted, path: str = "") -> Q:
    """Return the condition on debts that a member may know of: all by right, else his and nobody's."""
    if member.can(Permission.VIEW_ALL_COMMUNICATIONS):
        return Q()
    return Q(**{f"{path}assigned_to": None}) | Q(**{f"{path}assigned_to_id": member.pk})


class CallbackQuerySet(models.QuerySet["Callback"]):
    """Reading debts."""

    def visible_to(self, member: Admitted) -> "CallbackQuerySet":
        """Return the debts a member may know of, by the rule of calls."""
        if not member.can(Permission.VIEW_CUSTOMERS):
            return self.none()
        return self.filter(held_for(member), business_id=member.business_id)

    def open(self) -> "CallbackQuerySet":
        return self.filter(OPEN)

    def closed(self) -> "CallbackQuerySet":
        return self.exclude(OPEN)

    def for_list(self) -> "CallbackQuerySet":
        """Bring what a row shows in as many queries for fifty rows as for one."""
        shown = self.select_related("lead", "assigned_to__user", "closed_by__user")
        return shown.prefetch_related(
            "lead__phones__lead", "attempts__call__source", "attempts__message__number__source"
        )


class Callback(TenantModel, SealedModel):
    """One person who is owed a call back: from the first try that nobody answered until somebody got back to him."""

    lead = tenant_key("leads.Lead", related_name="callbacks")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Promised when it opened; later hours and tries do not move it.")
    last_missed_at = models.DateTimeField()
    misses = models.PositiveIntegerField(default=0, help_text="Calls and texts that nobody answered.")
    voicemails = models.PositiveIntegerField(default=0)
    texts = models.PositiveIntegerField(default=0)
    assigned_to = tenant_key("accounts.Member", null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = tenant_key("accounts.Member", null=True)
    reason = models.CharField(max_length=17, choices=Reason, blank=True)
    words = SealedText(max_length=LONGEST_WORDS, null=True, help_text="Why, where no other reason fits.")
    # An id, not a key: the proof stays one when the call it names is long gone.
    proof = models.UUIDField(null=True, help_text="The call or text that closed it.")
    proof_kind = models.CharField(max_length=4, choices=ProofKind, blank=True)

    proof_is_shown = False  # to the member whose page it is (`proofs.py`); no column
    tried_back = 0  # by us, in vain, since it opened (`attempts.py`), and when last; no columns either
    tried_back_at: datetime | None = None

    objects = CallbackQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "lead"], condition=OPEN, name="telephony_callback_one_open"
            ),
            models.CheckConstraint(
                condition=(
                    Q(closed_at=None, proof=None, reason="")
                    | Q(closed_at__isnull=False, proof__isnull=False, reason="")
                    | (Q(closed_at__isnull=False, proof=None) & ~Q(reason=""))
                ),
                name="telephony_callback_closed_for_cause",
            ),
            models.CheckConstraint(
                condition=Q(words__isnull=True) | Q(reason=Reason.OTHER), name="telephony_callback_in_words"
            ),
        ]
        indexes: ClassVar = [
            # The list of who is owed: what is overdue by rank, what is not yet due by its time.
            models.Index(
                F("business"), F("misses").desc(), F("due_at"), F("id"),
                condition=OPEN, name="telephony_callback_rank",
            ),
            models.Index(fields=["business", "due_at"], condition=OPEN, name="telephony_callback_due"),
            models.Index(
                F("business"), F("assigned_to"), F("misses").desc(), F("due_at"), F("id"),
                condition=OPEN, name="telephony_callback_mine",
            ),
            models.Index(
                fields=["business", "-closed_at", "-id"], condition=~OPEN, name="telephony_callback_closed"
            ),
            models.Index(fields=["business", "-opened_at", "-id"], name="telephony_callback_newest"),
            models.Index(fields=["business", "lead", "-opened_at"], name="telephony_callback_lead"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"callback {self.pk}"

    def sealing_key(self) -> bytes:
        return bytes(self.lead.sealing_key())

    @property
    def shown_words(self) -> str | None:
        """Return the words as everybody may read them."""
        return redacted(self.lead, self.words)

    def is_shown_to(self, member: Admitted) -> bool:
        """Say of one row what `visible_to` says of many, to whoever sees a call of its person."""
        return member.can(Permission.VIEW_ALL_COMMUNICATIONS) or self.assigned_to_id in (None, member.pk)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def state(self) -> str:
        return "open" if self.is_open else "closed"

    @property
    def is_proven(self) -> bool:
        return self.proof is not None

    @property
    def evidenced(self) -> "Callback | None":
        """Return itself where evidence has closed it: so its API has an object, or null."""
        return self if self.is_proven else None

    @property
    def given_reason(self) -> str | None:
        return self.reason or None

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_at <= now()

    @property
    def took(self) -> timedelta | None:
        """Return how long the person waited, by the clock on the wall."""
        return self.closed_at - self.opened_at if self.closed_at else None

    @property
    def last(self) -> "CallbackMiss | None":
        """Return the last try, from what `for_list` has brought."""
        return max(self.attempts.all(), key=lambda attempt: attempt.at, default=None)


class CallbackMiss(TenantModel):
    """A call or a text that nobody answered, and the one debt it belongs to. `at` is when it came."""

    callback = tenant_key("telephony.Callback", related_name="attempts")
    call = tenant_key("telephony.Call", null=True, related_name="owed")
    message = tenant_key("telephony.Message", null=True, related_name="owed")
    kind = models.CharField(max_length=9, choices=MissKind)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "call"], name="telephony_miss_call_once"),
            models.UniqueConstraint(fields=["business", "message"], name="telephony_miss_message_once"),
            models.CheckConstraint(
                condition=Q(call__isnull=False) | Q(message__isnull=False), name="telephony_miss_of_something"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["business", "callback"], name="telephony_miss_callback")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.at:%Y-%m-%d}"

    @property
    def source(self) -> str:
        """Return the name of the advertisement through which it came."""
        found = (
            self.call.source
            if self.call
            else self.message and self.message.number and self.message.number.source
        )
        return found.name if found else ""
