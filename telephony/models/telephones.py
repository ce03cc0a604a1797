"""Which telephone is whose: where a member is rung for an outgoing call, and who it was that took one."""

from django.db import models
from django.utils.timezone import now

from accounts.models import TenantModel, tenant_key


class Telephone(TenantModel):
    """The telephone of a member, one at most. A front desk may share one."""

    member = tenant_key("accounts.Member")
    e164 = models.CharField(max_length=16)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "member"], name="telephony_telephone_once")
        ]
        indexes = [models.Index(fields=["business", "e164"], name="telephony_telephone_number")]

    def __str__(self) -> str:
        return f"telephone {self.pk}"
