"""How long each kind of recording is kept, as a business says it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.models import TenantModel
from recordings.models.recordings import Recording

LONGEST_KEPT = 3650  # days


class RetentionRule(TenantModel):
    """How long one kind of recording is kept. Without a row, and without days, it is kept."""

    kind = models.CharField(max_length=9, choices=Recording.Kind.choices)
    days = models.PositiveSmallIntegerField(
        null=True, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_KEPT)]
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "kind"], name="recordings_rule_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.days or 'keep'}"
