"""What members say is wrong with a call. `telephony/problems/reports.py` alone changes it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts import keys
from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from accounts.permissions import Permission
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.fields import SealedModel, SealedText
from telephony.models.calls import Call
from telephony.models.shown import redacted

OPEN = Q(resolved_at=None)


class CallProblemQuerySet(models.QuerySet["CallProblem"]):
    """Reading what was reported."""

    def visible_to(self, member: Admitted) -> "CallProblemQuerySet":
        """Return the problems of the calls that a member may know of."""
        mine = self.filter(business_id=member.business_id)
        if not member.can(Permission.VIEW_CUSTOMERS):
            return self.none()
        if member.can(Permission.VIEW_ALL_COMMUNICATIONS):
            return mine
        return mine.filter(Q(call__agent=None) | Q(call__agent_id=member.pk))

    def open(self) -> "CallProblemQuerySet":
        return self.filter(OPEN)

    def with_people(self) -> "CallProblemQuerySet":
        """Bring who reported and resolved it, and whose key opens the words."""
        return self.select_related("lead", "reported_by__user", "resolved_by__user")

    def for_list(self) -> "CallProblemQuerySet":
        """Bring what a line shows: of its call too, by whom and over which number it came."""
        calls = Call.objects.select_related("lead", "phone__lead").prefetch_related("number", "source")
        return self.with_people().prefetch_related(models.Prefetch("call", calls))


class CallProblem(TenantModel, SealedModel):
    """One thing that is wrong with one call, as a member says. The words are sealed under the key of its person."""

    class Kind(models.TextChoices):
        POOR_AUDIO = "poor_audio", "Poor audio"
        WRONG_PERSON = "wrong_person", "Wrong person"
        WRONG_SOURCE = "wrong_source", "Wrong source"
        NO_RECORDING = "no_recording", "Missing recording"
        CARD_DATA = "card_data", "Card data was said"
        OTHER = "other", "Something else"

    class Resolution(models.TextChoices):
        MENDED = "mended", "Fixed"
        PROVIDER = "provider", "Told the provider"
        NO_FAULT = "no_fault", "No fault"
        CANNOT = "cannot", "Cannot be fixed"

    call = tenant_key("telephony.Call", related_name="problems")
    lead = tenant_key("leads.Lead", null=True)
    kind = models.CharField(max_length=12, choices=Kind)
    words = SealedText(max_length=1_000, pad=256, null=True)
    reported_by = tenant_key("accounts.Member", null=True)
    reported_at = models.DateTimeField(default=now)
    resolved_by = tenant_key("accounts.Member", null=True)
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=8, choices=Resolution, blank=True)

    objects = CallProblemQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "call", "kind", "reported_by"],
                condition=OPEN,
                name="telephony_problem_once",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolution="")
                | (Q(resolved_at__isnull=False) & ~Q(resolution="")),
                name="telephony_problem_resolved",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["business", "-id"], condition=OPEN, name="telephony_problem_open"),
            models.Index(fields=["business", "-id"], condition=~OPEN, name="telephony_problem_over"),
            models.Index(fields=["business", "call", "-id"], name="telephony_problem_call"),
            models.Index(
                fields=["business", "lead"], condition=Q(lead__isnull=False), name="telephony_problem_lead"
            ),
            # whoever is deleted is taken out of what he reported and resolved
            models.Index(
                fields=["business", "reported_by"],
                condition=Q(reported_by__isnull=False),
                name="telephony_problem_reporter",
            ),
            models.Index(
                fields=["business", "resolved_by"],
                condition=Q(resolved_by__isnull=False),
                name="telephony_problem_resolver",
            ),
        ]

    def __str__(self) -> str:
        return f"problem {self.pk}"

    def sealing_key(self) -> bytes:
        """The words go with the person; those on a caller without one hang on a key of their own."""
        if self.lead is not None:
            return bytes(self.lead.sealing_key())
        return envelope.derive(keys.data_key_of(self.business_id, self.sealing_version), f"problem {self.pk}")

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def state(self) -> str:
        return "open" if self.is_open else "resolved"

    @property
    def given_resolution(self) -> str | None:
        return self.resolution or None

    @property
    def shown_words(self) -> str | None:
        """Return the words as everybody may read them."""
        return redacted(self.lead, self.words)
