"""What was asked of a provider so that an outgoing call comes about (`telephony.placing`)."""

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import TenantModel, tenant_key

# Why a call did not come about, by the code that is kept; `error_…` are the numbers of Twilio's refusals.
WORDS = {
    "too_late": "Nothing could be asked of the provider for most of a minute, so it was given up.",
    "not_placed": "The provider did not take the call.",
    "unknown": "The provider does not answer. Nobody knows whether it has called.",
    "status_401": "The provider refused our account's secret.",
    "status_403": "The provider refused our account's secret.",
    "status_429": "The provider asked us to come later.",
    "error_20003": "The provider refused our account's secret.",
    "error_20429": "The provider asked us to come later.",
    "error_21210": "The provider does not let this account call from our number.",
    "error_21211": "The provider says that the number of your telephone is not valid.",
    "error_21215": "The provider does not let this account call this country.",
    "error_21217": "The provider says that the number of your telephone is not valid.",
    "error_21219": "The provider's trial account calls only numbers that it has verified.",
}


class Placement(TenantModel):
    """One outgoing call on its way to the provider: whose telephone is rung first, and how far the asking is.

    `asked` without more means that the provider was asked and that nobody knows what it did.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ASKED = "asked", "Asked"
        PLACED = "placed", "Placed"
        FAILED = "failed", "Failed"

    UNSETTLED = (State.WAITING, State.ASKED)

    call = tenant_key("telephony.Call", related_name="placements")
    telephone = models.CharField(max_length=16)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    failure = models.CharField(max_length=24, blank=True)
    created_at = models.DateTimeField(default=now)
    asked_at = models.DateTimeField(null=True)
    looked = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was looked for at the provider."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "call"], name="telephony_placement_once")]
        indexes = [
            models.Index(
                fields=["business", "created_at"],
                condition=Q(state__in=("waiting", "asked")),
                name="telephony_placement_open",
            )
        ]

    @property
    def told(self) -> str:
        """Return in words how far the asking is."""
        if self.state == self.State.FAILED:
            return WORDS.get(self.failure, "The provider refused the call.")
        return "Your provider was asked." if self.state == self.State.PLACED else "Asking the provider…"

    def __str__(self) -> str:
        return f"placement {self.pk}"
