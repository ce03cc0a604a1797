"""Calls and their legs. A call only moves forward; nothing but `ingest.py` and the verbs of staff change one."""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts import keys
from accounts.doors import Admitted
from accounts.models import Member, TenantModel, tenant_key
from accounts.permissions import Permission
from callcrm.lib import masking, phones
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.fields import SealedModel, SealedText
from leads.models import is_cut
from telephony.models.callbacks import Callback, CallbackMiss
from telephony.models.shown import WAYS, choices, redacted
from telephony.providers.base import CallState, Direction

ABANDONED_UNDER = timedelta(seconds=15)
# A call of which nothing was heard for so long is over, whatever its last state says: deliveries can be lost.
STALE_AFTER = timedelta(hours=4)
ON_ITS_WAY = timedelta(minutes=3)  # longer than two telephones ring, one after the other
LIVE = tuple(state.value for state in CallState if not state.is_over)
FAILED = tuple(state.value for state in CallState if state.is_over and state is not CallState.COMPLETED)

# Lengths of talk, in seconds: from the first up to the second.
TALKED = {"under_30s": (0, 30), "30s_to_2min": (30, 120), "2_to_10min": (120, 600), "over_10min": (600, None)}


def talked(length: str) -> Q:
    """Return what calls of this length have in common, in the words of their index."""
    least, below = TALKED[length]
    return Q(talk_seconds__gte=least) if below is None else Q(talk_seconds__gte=least, talk_seconds__lt=below)


# What may have become of a call's recording; recordings lie above telephony, and a test holds the two together.
RECORDED = ("pending", "stored", "failed", "absent", "deleted", "blocked")

# What may be true of few calls among many: each has an index of its own, so that a page of them is read in order and
# none of the others is looked at. Inserting a call that is not meant costs an index nothing.
FEW = {
    "outbound": Q(direction=Direction.OUTBOUND.value),
    "failed": Q(state__in=FAILED),
    "noted": Q(disposition__isnull=False),
    "unnoted": Q(disposition__isnull=True),
    "recorded": ~Q(recording_state=""),
    **{f"talk_{n}": talked(length) for n, length in enumerate(TALKED)},
}


def _newest(name: str, condition: Q) -> models.Index:
    return models.Index(fields=["business", "-started_at", "-id"], condition=condition, name=name)


class Outcome(models.TextChoices):
    """What became of a call, computed once it has ended."""

    ANSWERED = "answered", "Answered"
    VOICEMAIL = "voicemail", "Voicemail"
    MISSED = "missed", "Missed"
    ABANDONED = "abandoned", "Hung up"
    BLOCKED = "blocked", "Blocked"


class CallQuerySet(models.QuerySet["Call"]):
    """Reading calls."""

    def visible_to(self, member: Admitted) -> "CallQuerySet":
        """Return the calls a member may know of: all by right, else his own and those that are nobody's yet."""
        mine = self.filter(business_id=member.business_id)
        if not member.can(Permission.VIEW_CUSTOMERS):
            return self.none()
        if member.can(Permission.VIEW_ALL_COMMUNICATIONS):
            return mine
        return mine.filter(Q(agent=None) | Q(agent_id=member.pk))

    def live(self) -> "CallQuerySet":
        """Return calls that are going on: ringing first, then the longest."""
        fresh = now() - STALE_AFTER
        live = self.filter(state__in=LIVE, started_at__gte=fresh).exclude(number=None)
        return live.order_by("-state", "started_at")

    def in_vain(self) -> "CallQuerySet":
        """Return outgoing calls that rang the person and reached nobody; what ended before that is no attempt."""
        ours = self.filter(direction=Direction.OUTBOUND, outcome=Outcome.MISSED)
        legs = CallLeg.objects.filter(business_id=models.OuterRef("business_id"), call=models.OuterRef("pk"))
        return ours.filter(Q(placements=None) | models.Exists(legs))

    def rings_at(self, member: Admitted) -> "CallQuerySet":
        """Return the call that a member has asked for a moment ago, and whose other side nobody has reached yet."""
        lately = self.filter(agent_id=member.pk, started_at__gte=now() - ON_ITS_WAY, placements__isnull=False)
        mine = lately.filter(business_id=member.business_id, state__in=LIVE, answered_at=None)
        return mine.prefetch_related("placements").order_by("-started_at")

    def for_list(self) -> "CallQuerySet":
        """Bring what a row shows, in as many queries for fifty rows as for one.

        The phone comes with its own way to the lead, whose key opens it. What few rows share comes after: a join of
        seven tables takes PostgreSQL longer to plan than to run, and the longer the larger they are.
        """
        agents = models.Prefetch("agent", Member.objects.select_related("user"))
        loggers = models.Prefetch("logged_by", Member.objects.select_related("user"))
        owed = models.Prefetch("owed", CallbackMiss.objects.select_related("callback__assigned_to__user"))
        return self.select_related("lead", "phone__lead").prefetch_related(
            "number", "source", agents, loggers, owed, "placements"
        )


class Call(TenantModel, SealedModel):
    """One call, as the person at the other end had it; its legs are the attempts to reach somebody for him."""

    provider = models.CharField(max_length=12)
    # None while an outgoing call is on its way to the provider (`telephony.outgoing.placing`).
    provider_id = models.CharField(max_length=64, null=True)
    direction = models.CharField(max_length=8, choices=choices(Direction), default=Direction.INBOUND)
    state = models.CharField(max_length=11, choices=choices(CallState), default=CallState.QUEUED)
    rank = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=9, choices=Outcome.choices, null=True)
    number = tenant_key("telephony.TrackingNumber", null=True)
    source = tenant_key("leads.Source", null=True)
    lead = tenant_key("leads.Lead", null=True)
    phone = tenant_key("leads.LeadPhone", null=True)
    agent = tenant_key("accounts.Member", null=True)
    logged_by = tenant_key("accounts.Member", null=True, help_text="Who logged it by hand.")
    own_from = models.CharField(
        max_length=16, blank=True, help_text="The caller, when it is a number of our own."
    )
    withheld = models.BooleanField(default=False)
    first_time_caller = models.BooleanField(default=False)
    after_hours = models.BooleanField(
        null=True,
        help_text="Whether the business was closed when it began, by the hours of then. Null: not known.",
    )
    has_voicemail = models.BooleanField(default=False)
    recording_state = models.CharField(
        max_length=8,
        default="",
        db_default="",
        blank=True,
        editable=False,
        help_text="Of what stands for its recordings in a row. PostgreSQL keeps it (`recordings/states_sql.py`).",
    )
    # What answers it, kept from its beginning: a flow that is edited meanwhile changes no call that runs.
    flow = tenant_key("telephony.FlowVersion", null=True)
    records = models.BooleanField(default=False, help_text="Whether the flow records at all.")
    notice = models.CharField(
        max_length=300, blank=True, help_text="What the caller was told of being recorded."
    )
    notice_language = models.CharField(max_length=5, blank=True)
    notice_at = models.DateTimeField(null=True, help_text="When the provider was asked to say it.")
    is_blocked = models.BooleanField(default=False)
    # What the provider said counts before when we heard of it; both are kept, so that order does not matter.
    said_at = models.DateTimeField(null=True)
    said_ended_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ring_seconds = models.PositiveIntegerField(null=True)
    talk_seconds = models.PositiveIntegerField(null=True)
    duration_seconds = models.PositiveIntegerField(null=True)
    disposition = models.CharField(max_length=40, null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    note = SealedText(max_length=5_000, pad=256, null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business", "provider", "provider_id"], name="telephony_call_once"
            )
        ]
        indexes = [
            models.Index(fields=["business", "-started_at", "-id"], name="telephony_call_newest"),
            models.Index(fields=["business", "lead", "-started_at"], name="telephony_call_lead"),
            models.Index(fields=["business", "outcome", "-started_at", "-id"], name="telephony_call_outcome"),
            models.Index(fields=["business", "source", "-started_at", "-id"], name="telephony_call_source"),
            models.Index(fields=["business", "number", "-started_at", "-id"], name="telephony_call_number"),
            models.Index(fields=["business", "agent", "-started_at", "-id"], name="telephony_call_agent"),
            models.Index(
                fields=["business", "after_hours", "-started_at", "-id"], name="telephony_call_after_hours"
            ),
            models.Index(
                fields=["business", "first_time_caller", "-started_at", "-id"],
                name="telephony_call_first_time",
            ),
            models.Index(
                fields=["business", "disposition", "-started_at", "-id"],
                condition=Q(disposition__isnull=False),
                name="telephony_call_disposition",
            ),
            models.Index(
                fields=["business", "recording_state", "-started_at", "-id"], name="telephony_call_recording"
            ),
            *(_newest(f"telephony_call_{name}", condition) for name, condition in FEW.items()),
            models.Index(
                fields=["business", "logged_by"],
                condition=Q(logged_by__isnull=False),
                name="telephony_call_logged",
            ),
            models.Index(
                fields=["business", "started_at"], condition=Q(state__in=LIVE), name="telephony_call_live"
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.pk}"

    @property
    def way(self) -> str:
        """Return its direction as pages say it."""
        return WAYS[self.direction]

    def sealing_key(self) -> bytes:
        """A note goes with the person; the note on a withheld caller hangs on a key of the call itself."""
        if self.lead is not None:
            return bytes(self.lead.sealing_key())
        return envelope.derive(keys.data_key_of(self.business_id, self.sealing_version), f"call {self.pk}")

    @property
    def shown_note(self) -> str | None:
        """Return the note as everybody may read it."""
        return redacted(self.lead, self.note)

    @property
    def note_is_cut(self) -> bool:
        return is_cut(self.shown_note, self.note)

    @property
    def answered(self) -> bool:
        return self.answered_at is not None

    @property
    def was_contact(self) -> bool:
        """Say whether he called, or was talked to: a call of ours that did not reach him is none."""
        return self.direction == Direction.INBOUND or self.answered

    @property
    def is_manual(self) -> bool:
        """Say whether a member has logged it by hand (`telephony.manual.entries`)."""
        return self.provider == "manual"

    @property
    def how_logged(self) -> str:
        """Return how a call came here that no provider told of; who logged it, where its agent does not say so."""
        if not self.is_manual:
            return ""
        known = self.logged_by is not None and self.logged_by_id != self.agent_id
        return f"logged by hand by {self.logged_by.name}" if known else "logged by hand"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def stage(self) -> str:
        """Return how far it is, for people: what became of it, else talking once a leg was answered, else who rings.

        The state of the caller's own leg does not say it: to the carrier it is in progress while we ring others.
        """
        if self.outcome == Outcome.MISSED and self.direction == Direction.OUTBOUND:
            return "stopped" if self.placement and self.placement.was_stopped else "unreached"
        if self.outcome or not self.is_live:
            return str(self.outcome or self.state)
        if self.answered:
            return CallState.IN_PROGRESS.value
        return "calling" if self.direction == Direction.OUTBOUND else CallState.RINGING.value

    @property
    def placement(self) -> Any:
        """Return what was asked of a provider so that it comes about, if a member asked for it here."""
        return next(iter(self.placements.all()), None)

    @property
    def is_stoppable(self) -> bool:
        """Say whether who asked for it can still stop it: until the other side is put through."""
        return self.is_live and not self.answered and self.placement is not None

    @property
    def telephone(self) -> str:
        """Return the telephone of ours that took a call, for where no agent is known; an outgoing call has none."""
        bridged = [leg for leg in self.legs.all() if leg.bridged] if self.direction == "inbound" else []
        return bridged[0].shown_to if bridged else ""

    @property
    def is_being_recorded(self) -> bool:
        """Say whether anything that is said right now is recorded."""
        return self.is_live and any(recording.is_hearing for recording in self.recordings.all())

    @property
    def main_recording(self) -> Any:
        """Return what stands for its recordings in a row: the last that is here, else the last there is word of."""
        told = [recording for recording in self.recordings.all() if recording.state != "absent"]
        found = [recording for recording in told if recording.is_here] or told
        return found[-1] if found else None

    @property
    def was_not_recorded(self) -> bool:
        """Say whether two talked and nothing of it was recorded, as it was decided then or as the provider says."""
        if not self.answered or self.is_live or self.flow_id is None or self.main_recording:
            return False
        decided = self.records and self.notice
        return not decided or any(told.state == "absent" for told in self.recordings.all())

    @property
    def debt(self) -> Callback | None:
        """Return what was owed for it, from what `for_list` has brought."""
        found = next((miss.callback for miss in self.owed.all()), None)
        if found is not None and self._state.fields_cache.get("lead") is not None:
            found.lead = self.lead  # of the same person, and here already: his key opens the words
        return found

    @property
    def waited(self) -> timedelta | None:
        """Return how long after this call what was owed for it was closed."""
        debt = self.debt
        return debt.closed_at - self.started_at if debt and debt.closed_at else None

    @property
    def is_of_leads_source(self) -> bool:
        """Say whether its source is what brought the person called, and the number called from is another's."""
        if self.direction != Direction.OUTBOUND or self.lead is None or self.source_id is None:
            return False
        own = self.number.source_id if self.number else None
        return bool(self.lead.source_id == self.source_id != own)

    @property
    def role(self) -> str:
        """Return what the person at the other end is in it."""
        return "person called" if self.direction == Direction.OUTBOUND else "caller"

    @property
    def shown_caller(self) -> str:
        """Return what stands for the person, or a word for why there is none."""
        if self.lead is not None:
            return str(self.lead.shown_name)
        return "Own number" if self.own_from else "Withheld number" if self.withheld else "Unknown caller"


class CallLeg(TenantModel):
    """One attempt to reach somebody for the caller."""

    call = tenant_key("telephony.Call", related_name="legs")
    provider_id = models.CharField(max_length=64)
    to = models.CharField(max_length=64, blank=True)
    member = tenant_key("accounts.Member", null=True, help_text="Whose telephone it rang, as it was then.")
    state = models.CharField(max_length=11, choices=choices(CallState), default=CallState.QUEUED)
    rank = models.PositiveSmallIntegerField(default=0)
    bridged = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True)
    said_answered_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    duration_seconds = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["business", "call", "provider_id"], name="telephony_leg_once")
        ]

    def __str__(self) -> str:
        return f"leg {self.pk}"

    @property
    def shown_to(self) -> str:
        """Return whom it rang: our own telephones are shown, any other number may be a person's."""
        if self.call.number and self.to in self.call.number.forward_to:
            return self.to
        if masking.is_mask(self.to):
            return self.to
        return masking.mask_phone(self.to) if phones.is_e164(self.to) else masking.redact(self.to)

    @property
    def rang_seconds(self) -> int | None:
        """Return how long it rang; None where nobody knows: it was picked up and not put through, or told of late."""
        until = self.answered_at if self.bridged else self.ended_at
        if self.started_at is None or until is None or until <= self.started_at or self.was_picked_up:
            return None
        return round((until - self.started_at).total_seconds())

    @property
    def was_picked_up(self) -> bool:
        """Say whether somebody, or a mailbox, picked up and was not put through."""
        return not self.bridged and self.state in (CallState.IN_PROGRESS, CallState.COMPLETED)
