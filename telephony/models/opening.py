"""The opening hours of a business, as it has set them; what they mean is said by `telephony/hours/week.py`."""

from django.db import models
from django.utils.timezone import now

from accounts.models import TenantModel
from telephony.hours.week import Hours, read


class OpeningHours(TenantModel):
    """One row for a business, changed by `telephony.hours.opening.change` alone; without it the default holds."""

    week = models.JSONField()
    holidays = models.JSONField(default=dict)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business"], name="telephony_hours_once")]

    def __str__(self) -> str:
        return f"opening hours of {self.updated_at:%Y-%m-%d}"

    @property
    def document(self) -> dict[str, object]:
        return {"week": self.week, "holidays": self.holidays}

    @property
    def hours(self) -> Hours:
        """Return what they mean in the business's own zone."""
        return read(self.document, self.business.tz)
