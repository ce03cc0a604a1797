"""The history: rows that are written once.

It holds no foreign keys, because it outlives the users, leads and businesses that it names. The database refuses
update, delete and truncate (`callcrm.lib.rls.append_only`); `Entry` refuses them in Python first, with a clearer word.
"""

from typing import Any, NoReturn

from django.db import models
from django.db.models.functions import Now

from audit.events import REGISTRY, Change, changes_of, sentence_of
from callcrm.lib.ids import uuid7


class EntryQuerySet(models.QuerySet["Entry"]):
    """Reading the history."""

    def of(self, business_id: Any) -> "EntryQuerySet":
        """Return what happened in one business, newest first."""
        return self.filter(business_id=business_id).order_by("-at", "-id")

    def about(self, business_id: Any, *subject_ids: Any) -> "EntryQuerySet":
        """Return what happened to one call, lead or other thing, newest first; one may have been several before."""
        about = self.filter(business_id=business_id, subject_id__in=subject_ids)
        return about.order_by("-at", "-id")

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("history is never changed")

    def delete(self) -> NoReturn:
        raise TypeError("history is never deleted")


class Entry(models.Model):
    """One thing that happened: who, what, to what, when, from where."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business_id = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now())
    name = models.CharField(max_length=64)
    actor = models.CharField(max_length=64)
    subject_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    ip = models.GenericIPAddressField(null=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["business_id", "-at", "-id"], name="audit_entry_business"),
            models.Index(fields=["business_id", "subject_id", "-at"], name="audit_entry_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.name} by {self.actor}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("history is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("history is never deleted")

    @property
    def sentence(self) -> str:
        """Return the words after the actor's name."""
        return sentence_of(self.name, self.data)

    @property
    def changes(self) -> list[Change]:
        """Return what was changed and how, for a page to show below the sentence."""
        return changes_of(self.name, self.data)

    @property
    def is_security(self) -> bool:
        """Say whether the security log has it too."""
        return self.name in REGISTRY and REGISTRY[self.name].security
