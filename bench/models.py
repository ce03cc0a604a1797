"""Tables that only the bench has: the bare view's, and twins of the lead tables that hold plain values.

A twin is `LIKE` its original (`ground.TWINS`): the same columns, indexes, constraints and row level security; only
what is sealed there is text here.
"""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TenantModel, tenant_key


class BareRow(models.Model):
    """What the bare view keeps of a request."""

    sid = models.CharField(max_length=64)
    status = models.CharField(max_length=24)
    payload = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["BareRow"]] = models.Manager()

    class Meta:
        app_label = "bench"
        db_table = "bench_row"
        managed = False

    def __str__(self) -> str:
        return f"row {self.pk}"


class PlainLead(TenantModel):
    """A lead without a key."""

    key = models.BinaryField()
    key_version = models.PositiveSmallIntegerField(default=1)
    name = models.TextField(null=True)
    email = models.TextField(null=True)
    notes = models.TextField(null=True)
    status = models.CharField(max_length=9)
    source = tenant_key("leads.Source", null=True)
    assigned_to = tenant_key("accounts.Member", null=True)
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    tags = ArrayField(models.CharField(max_length=40), default=list)
    created_at = models.DateTimeField()
    last_contact_at = models.DateTimeField(null=True)
    phones: Any

    objects: ClassVar[models.Manager["PlainLead"]] = models.Manager()

    class Meta:
        app_label = "bench"
        db_table = "bench_plain_lead"
        managed = False

    def __str__(self) -> str:
        return f"plain lead {self.pk}"


class PlainPhone(TenantModel):
    """A number in clear."""

    lead = tenant_key("bench.PlainLead", related_name="phones")
    number = models.TextField()
    kind = models.CharField(max_length=8)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        app_label = "bench"
        db_table = "bench_plain_phone"
        managed = False
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"plain phone {self.pk}"


class PlainToken(models.Model):
    """What `LeadToken` hashes, as it is."""

    pk = models.CompositePrimaryKey("business_id", "kind", "token", "lead_id")
    business_id = models.UUIDField()
    kind = models.PositiveSmallIntegerField()
    token = models.TextField()
    lead = tenant_key("bench.PlainLead", related_name="tokens")

    objects: ClassVar[models.Manager["PlainToken"]] = models.Manager()

    class Meta:
        app_label = "bench"
        db_table = "bench_plain_token"
        managed = False

    def __str__(self) -> str:
        return f"plain token of kind {self.kind}"
