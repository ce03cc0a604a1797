"""Texts, sealed under the key of the person who wrote them or gets them."""

from django.db import models
from django.db.models import Q

from accounts import keys
from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from accounts.permissions import Permission
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.fields import SealedModel, SealedText
from leads.models import is_cut
from telephony.models.shown import choices, redacted
from telephony.providers.base import Direction, MessageState


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
    direction = models.CharField(max_length=8, choices=choices(Direction))
    state = models.CharField(max_length=11, choices=choices(MessageState), default=MessageState.QUEUED)
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
        return redacted(self.lead, self.body)

    @property
    def body_is_cut(self) -> bool:
        return is_cut(self.shown_body, self.body)

    def sealing_key(self) -> bytes:
        if self.lead is not None:
            return bytes(self.lead.sealing_key())
        return envelope.derive(keys.data_key_of(self.business_id, self.sealing_version), f"message {self.pk}")
