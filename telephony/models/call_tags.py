"""The tags of calls, as lists by tag read them."""

from typing import ClassVar

from django.db import models

from accounts.models import TenantModel, tenant_key


class CallTag(TenantModel):
    """A tag of a call, where a list by tag finds it in the order of the list. PostgreSQL keeps it (`tags_sql.py`).

    Under the wall no index of an array is ever used: the operators that ask it are not leakproof.
    """

    call = tenant_key("telephony.Call", related_name="tagged")
    tag = models.CharField(max_length=40)
    started_at = models.DateTimeField(help_text="Of the call.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "call", "tag"], name="telephony_call_tag_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["business", "tag", "-started_at", "-call"], name="telephony_call_tag_newest"
            ),
            models.Index(fields=["business", "-started_at"], name="telephony_call_tag_lately"),
        ]

    def __str__(self) -> str:
        return f"tag of call {self.call_id}"
