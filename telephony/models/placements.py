"""What was asked of a provider so that an outgoing call comes about (`telephony.outgoing.placing`)."""

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import TenantModel, tenant_key

# Why a call did not come about, by the code that is kept; `error_…` are the numbers of Twilio's refusals.
WORDS = {
    "stopped": "It was stopped before any telephone rang.",
    "put_through": "You had been put through by then.",
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

    class Stop(models.TextChoices):
        """How far the wish is that it ends (`telephony.outgoing.stopping`)."""

        NOT_WISHED = "", "Not wished"
        WISHED = "wished", "Wished"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Not stopped"

    UNSETTLED = (State.WAITING, State.ASKED)

    call = tenant_key("telephony.Call", related_name="placements")
    telephone = models.CharField(max_length=16)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    failure = models.CharField(max_length=24, blank=True)
    created_at = models.DateTimeField(default=now)
    asked_at = models.DateTimeField(null=True)
    # Of the telephone that is rung first; the legs of the call are those of the other side.
    rang_at = models.DateTimeField(null=True)
    picked_up_at = models.DateTimeField(null=True)
    looked = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was looked for at the provider."
    )
    stop = models.CharField(max_length=7, choices=Stop.choices, blank=True)
    stop_failure = models.CharField(max_length=24, blank=True)
    stop_wished_at = models.DateTimeField(null=True)
    stop_tries = models.PositiveSmallIntegerField(default=0, help_text="How often the provider was told to.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "call"], name="telephony_placement_once")]
        indexes = [
            models.Index(
                fields=["business", "created_at"],
                condition=Q(state__in=("waiting", "asked")),
                name="telephony_placement_open",
            ),
            models.Index(
                fields=["business", "stop_wished_at"],
                condition=Q(stop="wished"),
                name="telephony_placement_stops",
            ),
        ]

    @property
    def is_given_up(self) -> bool:
        """Say whether who asked for the call wished it to end, whatever has come of that so far."""
        return self.stop in (self.Stop.WISHED, self.Stop.STOPPED)

    @property
    def is_stopping(self) -> bool:
        return self.stop == self.Stop.WISHED

    @property
    def was_stopped(self) -> bool:
        return self.stop == self.Stop.STOPPED

    @property
    def why_not_stopped(self) -> str:
        """Return why the provider has not ended it, in words."""
        known = WORDS.get(self.stop_failure, "The provider does not answer.")
        return known if self.stop == self.Stop.FAILED else ""

    @property
    def told(self) -> str:
        """Return in words how far the asking is."""
        if self.state == self.State.FAILED:
            return WORDS.get(self.failure, "The provider refused the call.")
        return "Your provider was asked." if self.state == self.State.PLACED else "Asking the provider…"

    def __str__(self) -> str:
        return f"placement {self.pk}"
