"""Which accounts and numbers a business has, and which business a number leads to."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.timezone import now

from accounts import keys
from accounts.models import Business, TenantModel, tenant_key
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.fields import SealedModel, SealedText
from callcrm.lib.ids import uuid7
from telephony.providers.base import Access


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
    refused_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When something in its name came with a wrong signature, to a minute.",
    )

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
    def access(self) -> Access:
        """Return what calls to the provider are made with."""
        base_url = getattr(settings, f"{self.provider.upper()}_API_BASE_URL", "")
        return Access(self.account_id, self.secret.reveal(), base_url)

    @property
    def secrets(self) -> list[str]:
        """Return what its deliveries may be signed with: the secret of now and, while it is kept, the one before."""
        return [sealed.reveal() for sealed in (self.secret, self.previous_secret) if sealed]


class TrackingNumber(TenantModel):
    """A number of the business: which advertisement carries it, and the call flow that answers it."""

    e164 = models.CharField(max_length=16)
    account = tenant_key("telephony.ProviderAccount")
    source = tenant_key("leads.Source")
    label = models.CharField(max_length=80, blank=True)
    published = tenant_key("telephony.FlowVersion", null=True, editable=False)
    # Every telephone that the published flow may ring: numbers of our own, which are nobody's lead.
    forward_to = ArrayField(models.CharField(max_length=16), default=list, blank=True, editable=False)
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
