"""What a member did to many calls at once, for as long as it can be undone. Changed by `telephony/bulk` alone."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from accounts.permissions import Permission

UNDOABLE = timedelta(minutes=10)


class BulkQuerySet(models.QuerySet["BulkChange"]):
    """Reading bulk changes."""

    def visible_to(self, member: Admitted) -> "BulkQuerySet":
        """Return the changes a member may know of: all by right, else his own. Only his own can he undo."""
        mine = self.filter(business_id=member.business_id)
        if member.can(Permission.VIEW_ALL_COMMUNICATIONS):
            return mine
        return mine.filter(made_by_id=member.pk)


class BulkChange(TenantModel):
    """One change to many calls, and what each of them said before."""

    class What(models.TextChoices):
        OUTCOME = "outcome", "Set outcome"
        TAG = "tag", "Add tag"
        UNTAG = "untag", "Remove tag"
        CLOSE = "close", "Needs no call back"
        ASSIGN = "assign", "Who calls back"
        SPAM = "spam", "Mark as spam"

    made_by = tenant_key("accounts.Member")
    made_at = models.DateTimeField(default=now)
    undone_at = models.DateTimeField(null=True)
    what = models.CharField(max_length=7, choices=What)
    # Of people who were marked as spam: how many callbacks were closed with it.
    value = models.CharField(
        max_length=40, help_text="The outcome, the tag, the reason, a member's id, or nothing."
    )
    before = models.JSONField(default=dict, help_text="By id of what was changed.")

    objects = BulkQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["business", "made_at"], name="telephony_bulk_age")]

    def __str__(self) -> str:
        return f"bulk change {self.pk}"

    @property
    def ends_at(self) -> datetime:
        """Return until when it can be undone."""
        return self.made_at + UNDOABLE

    @property
    def can_be_undone(self) -> bool:
        return self.undone_at is None and bool(self.before) and self.ends_at > now()
