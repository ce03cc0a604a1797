"""Accounts at providers, numbers, calls and texts.

A call moves forward only; what providers deliver is applied by `ingest.py`, and what a caller hears is decided by
`routing.py`. The ranks of states are in `providers/base.py`. `ProviderAccount` and `NumberRoute` lie outside the
tenant wall: a delivery is verified and routed before its business is known. Everything else is behind it.
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts import keys
from accounts.doors import Admitted
from accounts.models import Business, Member, TenantModel, tenant_key
from accounts.permissions import Permission
from callcrm.lib import masking, phones
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.fields import Sealed, SealedModel, SealedText
from callcrm.lib.ids import uuid7
from leads.models import Lead, is_cut
from telephony.providers.base import CallState, Direction, MessageState

ABANDONED_UNDER = timedelta(seconds=15)
# A call of which nothing was heard for so long is over, whatever its last state says: deliveries can be lost.
STALE_AFTER = timedelta(hours=4)
LIVE = tuple(state.value for state in CallState if not state.is_over)


def _choices(states: Iterable[StrEnum]) -> list[tuple[str, str]]:
    return [(state.value, state.value.replace("-", " ").capitalize()) for state in states]


class Outcome(models.TextChoices):
    """What became of a call, computed once it has ended."""

    ANSWERED = "answered", "Answered"
    VOICEMAIL = "voicemail", "Voicemail"
    MISSED = "missed", "Missed"
    ABANDONED = "abandoned", "Hung up"
    BLOCKED = "blocked", "Blocked"


class ProviderAccount(SealedModel):
    """A business's account at a provider. Its secret is sealed, and never selected into a page or an answer."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", editable=False)
    provider = models.CharField(max_length=12)
    account_id = models.CharField(max_length=64)
    label = models.CharField(max_length=80, blank=True)
    secret = SealedText(max_length=200)
    previous_secret = SealedText(max_length=200, null=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business", "provider", "account_id"], name="telephony_account_once"
            ),
            models.UniqueConstraint(fields=["business", "id"], name="telephony_account_business_key"),
        ]
        indexes = [models.Index(fields=["provider", "account_id"], name="telephony_account_lookup")]

    def __str__(self) -> str:
        return self.label or f"{self.provider} account"

    def sealing_key(self) -> bytes:
        return envelope.derive(keys.data_key_of(self.business_id, self.sealing_version), "provider accounts")

    @property
    def secrets(self) -> list[str]:
        """Return what its deliveries may be signed with: the secret of now and, while it is kept, the one before."""
        return [sealed.reveal() for sealed in (self.secret, self.previous_secret) if sealed]


class TrackingNumber(TenantModel):
    """A number of the business: which advertisement carries it, and whom it rings."""

    e164 = models.CharField(max_length=16)
    account = tenant_key("telephony.ProviderAccount")
    source = tenant_key("leads.Source")
    label = models.CharField(max_length=80, blank=True)
    forward_to = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    ring_seconds = models.PositiveSmallIntegerField(default=20)
    records = models.BooleanField(default=True)
    notice = models.CharField(max_length=300, default="This call may be recorded.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["business", "e164"], name="telephony_number_once")]

    def __str__(self) -> str:
        return self.label or self.e164


class NumberRoute(models.Model):
    """Which business a number belongs to: a number exists once in the installation."""

    e164 = models.CharField(max_length=16, primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    number = tenant_key("telephony.TrackingNumber")

    def __str__(self) -> str:
        return self.e164


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

    def for_list(self) -> "CallQuerySet":
        """Bring what a row shows, in as many queries for fifty rows as for one.

        The phone comes with its own way to the lead, whose key opens it. What few rows share comes after: a join of
        seven tables takes PostgreSQL longer to plan than to run, and the longer the larger they are.
        """
        agents = models.Prefetch("agent", Member.objects.select_related("user"))
        return self.select_related("lead", "phone__lead").prefetch_related("number", "source", agents)


class Call(TenantModel, SealedModel):
    """One call, as the person at the other end had it; its legs are the attempts to reach somebody for him."""

    provider = models.CharField(max_length=12)
    provider_id = models.CharField(max_length=64)
    direction = models.CharField(max_length=8, choices=_choices(Direction), default=Direction.INBOUND)
    state = models.CharField(max_length=11, choices=_choices(CallState), default=CallState.QUEUED)
    rank = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=9, choices=Outcome.choices, null=True)
    number = tenant_key("telephony.TrackingNumber", null=True)
    source = tenant_key("leads.Source", null=True)
    lead = tenant_key("leads.Lead", null=True)
    phone = tenant_key("leads.LeadPhone", null=True)
    agent = tenant_key("accounts.Member", null=True)
    own_from = models.CharField(
        max_length=16, blank=True, help_text="The caller, when it is a number of our own."
    )
    withheld = models.BooleanField(default=False)
    first_time_caller = models.BooleanField(default=False)
    has_voicemail = models.BooleanField(default=False)
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
                fields=["business", "started_at"], condition=Q(state__in=LIVE), name="telephony_call_live"
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.pk}"

    def sealing_key(self) -> bytes:
        """A note goes with the person; the note on a withheld caller hangs on a key of the call itself."""
        if self.lead is not None:
            return bytes(self.lead.sealing_key())
        return envelope.derive(keys.data_key_of(self.business_id, self.sealing_version), f"call {self.pk}")

    @property
    def shown_note(self) -> str | None:
        """Return the note as everybody may read it."""
        return _redacted(self.lead, self.note)

    @property
    def note_is_cut(self) -> bool:
        return is_cut(self.shown_note, self.note)

    @property
    def answered(self) -> bool:
        return self.answered_at is not None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def stage(self) -> str:
        """Return how far it is, for people: what became of it, else talking once a leg was answered, else ringing.

        The state of the caller's own leg does not say it: to the carrier it is in progress while we ring others.
        """
        if self.outcome or not self.is_live:
            return str(self.outcome or self.state)
        return (CallState.IN_PROGRESS if self.answered else CallState.RINGING).value

    @property
    def telephone(self) -> str:
        """Return the telephone of ours that took a call, for where no agent is known; an outgoing call has none."""
        bridged = [leg for leg in self.legs.all() if leg.bridged] if self.direction == "inbound" else []
        return bridged[0].shown_to if bridged else ""

    @property
    def is_being_recorded(self) -> bool:
        """Say whether a recording goes on right now."""
        return self.is_live and any(recording.is_going_on for recording in self.recordings.all())

    @property
    def shown_caller(self) -> str:
        """Return what stands for the caller in a list: a masked name, or a word for why there is none."""
        if self.lead is not None:
            return str(self.lead.shown_name)
        return "Own number" if self.own_from else "Withheld number" if self.withheld else "Unknown caller"


class CallLeg(TenantModel):
    """One attempt to reach somebody for the caller."""

    call = tenant_key("telephony.Call", related_name="legs")
    provider_id = models.CharField(max_length=64)
    to = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=11, choices=_choices(CallState), default=CallState.QUEUED)
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
        return masking.mask_phone(self.to) if phones.is_e164(self.to) else masking.redact(self.to)


class MessageQuerySet(models.QuerySet["Message"]):
    """Reading texts."""

    def visible_to(self, member: Admitted) -> "MessageQuerySet":
        """Return the texts a member may know of, by the rule of calls: a text is his who looks after the lead."""
        mine = self.filter(business_id=member.business_id)
        if not member.can(Permission.VIEW_CUSTOMERS):
            return self.none()
        if member.can(Permission.VIEW_ALL_COMMUNICATIONS):
            return mine
        return mine.filter(Q(lead=None) | Q(lead__assigned_to=None) | Q(lead__assigned_to_id=member.pk))


class Message(TenantModel, SealedModel):
    """One text. Its body is sealed under the key of the person who wrote it or gets it."""

    provider = models.CharField(max_length=12)
    provider_id = models.CharField(max_length=64)
    direction = models.CharField(max_length=8, choices=_choices(Direction))
    state = models.CharField(max_length=11, choices=_choices(MessageState), default=MessageState.QUEUED)
    rank = models.PositiveSmallIntegerField(default=0)
    number = tenant_key("telephony.TrackingNumber", null=True)
    lead = tenant_key("leads.Lead", null=True)
    phone = tenant_key("leads.LeadPhone", null=True)
    body = SealedText(max_length=5_000, pad=256, null=True)
    media = models.JSONField(default=list)
    segments = models.PositiveSmallIntegerField(null=True)
    error_code = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business", "provider", "provider_id"], name="telephony_message_once"
            )
        ]
        indexes = [
            models.Index(fields=["business", "-created_at", "-id"], name="telephony_message_newest"),
            models.Index(fields=["business", "lead", "-created_at"], name="telephony_message_lead"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    @property
    def shown_body(self) -> str | None:
        """Return the text as everybody may read it."""
        return _redacted(self.lead, self.body)

    @property
    def body_is_cut(self) -> bool:
        return is_cut(self.shown_body, self.body)

    def sealing_key(self) -> bytes:
        if self.lead is not None:
            return bytes(self.lead.sealing_key())
        return envelope.derive(keys.data_key_of(self.business_id, self.sealing_version), f"message {self.pk}")


def _redacted(lead: Lead | None, text: Sealed | None) -> str | None:
    if text is None:
        return None
    return lead.redacted(text) if lead is not None else text.masked


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
