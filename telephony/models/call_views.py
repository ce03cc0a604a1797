"""How members look at the call list: filters that one has saved under a name, and the columns that he has put away.

Changed by `telephony/listing/saved_views.py` and `telephony/listing/columns.py` alone.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import Member, TenantModel, tenant_key
from accounts.permissions import Permission


class CallViewQuerySet(models.QuerySet["CallView"]):
    """Reading saved views."""

    def visible_to(self, member: Admitted) -> "CallViewQuerySet":
        """Return a member's own and those that are shared; what each of them finds is asked when it is opened."""
        if not member.can(Permission.VIEW_CUSTOMERS):
            return self.none()
        return self.filter(Q(is_shared=True) | Q(member_id=member.pk), business_id=member.business_id)

    def for_list(self) -> "CallViewQuerySet":
        return self.select_related("member__user").order_by("is_shared", Lower("name"), "id")


class CallView(TenantModel):
    """A name for filters, his own or shared with the business. What a filter finds is never kept."""

    member = tenant_key("accounts.Member")
    name = models.CharField(max_length=40)
    filters = models.JSONField(default=dict, help_text="Names and values as they stand in the page's URL.")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now, editable=False)

    objects = CallViewQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(F("business"), F("member"), Lower("name"), name="telephony_view_once")
        ]

    def __str__(self) -> str:
        return f"view {self.pk}"

    def may_be_changed_by(self, member: Admitted) -> bool:
        """Its maker may, and of a shared one whoever runs the business."""
        mine = isinstance(member, Member) and self.member_id == member.pk
        return mine or (self.is_shared and member.can(Permission.ADMIN_PANEL))


class CallColumns(TenantModel):
    """How a member's columns of the call list differ from how they come, and the order of all. No row: they do not."""

    member = tenant_key("accounts.Member")
    hidden = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    added = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    order = ArrayField(models.CharField(max_length=12), default=list, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "member"], name="telephony_columns_once")
        ]

    def __str__(self) -> str:
        return f"columns {self.pk}"
