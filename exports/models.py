"""Exports: what was asked for, how far it is written, and the key of the file that it became."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.http import urlencode
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import TenantModel, tenant_key
from accounts.permissions import Permission
from recordings import failures

KEPT = timedelta(hours=24)
NO_RIGHT = "no_right"
ANOTHERS = "Somebody else has asked for this export. Ask for one of your own."
_WORDS = {NO_RIGHT: "Who asked for it may no longer export."}


class ExportQuerySet(models.QuerySet["Export"]):
    """Reading exports."""

    def visible_to(self, member: Admitted) -> "ExportQuerySet":
        """Return the exports a member may know of: all by right, else his own. Only his own can he take away."""
        if not member.can(Permission.EXPORT):
            return self.none()
        mine = self.filter(business_id=member.business_id)
        return mine if member.can(Permission.VIEW_ALL_COMMUNICATIONS) else mine.filter(made_by_id=member.pk)


class Export(TenantModel):
    """A list of calls as a file. Which calls: those that `filters` let through, of a search only those of whom it had
    found (`people`); or those that were chosen.

    Once it is over nobody needs to know which: how many filters and calls there were is what the row keeps.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        WRITING = "writing", "Being written"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        OVER = "over", "Over"

    TO_WRITE: ClassVar = (State.WAITING, State.WRITING)

    made_by = tenant_key("accounts.Member")
    created_at = models.DateTimeField(default=now)
    filters = models.JSONField(default=dict, help_text="As in the address of the list, with times for days.")
    calls = models.JSONField(default=list, help_text="The ids of those that were chosen; empty: not chosen.")
    people = models.JSONField(default=list, help_text="The ids of whom a search had found; empty: no search.")
    had_filters = models.PositiveSmallIntegerField(default=0, help_text="How many, once they are emptied.")
    had_calls = models.PositiveSmallIntegerField(default=0, help_text="How many, once they are emptied.")
    had_people = models.PositiveSmallIntegerField(default=0, help_text="How many, once they are emptied.")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    failure = models.CharField(max_length=24, blank=True)
    total = models.PositiveIntegerField(null=True, help_text="Rows that there are to write.")
    written = models.PositiveIntegerField(default=0)
    is_cut = models.BooleanField(default=False, help_text="There were more rows than a file may have.")
    key = models.BinaryField(null=True)
    key_version = models.PositiveIntegerField(null=True)
    stored_as = models.CharField(max_length=32, blank=True)
    left = models.JSONField(default=list, help_text="Where attempts of before may have left a file.")
    size = models.PositiveBigIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(key__isnull=False, size__isnull=False, ends_at__isnull=False),
                name="exports_ready_is_whole",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["business", "made_by", "-id"], name="exports_newest"),
            models.Index(fields=["business", "created_at"], name="exports_age"),
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def is_on_its_way(self) -> bool:
        return self.state in self.TO_WRITE

    @property
    def can_be_taken(self) -> bool:
        return self.state == self.State.READY and self.ends_at is not None and self.ends_at > now()

    @property
    def shown_state(self) -> str:
        """Return its state for people: what has come to its end is over, also before it is removed."""
        return str(
            self.State.OVER if self.state == self.State.READY and not self.can_be_taken else self.state
        )

    @property
    def why(self) -> str:
        """Return why it was not written, in words."""
        return _WORDS.get(self.failure) or failures.words(self.failure)

    @property
    def progress(self) -> str:
        """Return how far it is, in words."""
        if self.total is None:
            return "Counting…" if self.state == self.State.WRITING else "It begins in a moment."
        return f"Written {self.written:,} of {self.total:,}"

    @property
    def length(self) -> str:
        """Return how many calls are in it, in words."""
        return f"{self.written:,} call" + ("" if self.written == 1 else "s")

    @property
    def chosen(self) -> int:
        """Return how many calls were chosen."""
        return len(self.calls) or self.had_calls

    @property
    def filtered(self) -> int:
        """Return by how many filters."""
        return len(self.filters) or self.had_filters

    @property
    def searched(self) -> int:
        """Return how many people a search had found."""
        return len(self.people) or self.had_people

    @property
    def query(self) -> str:
        """Return what leads to the list of the same calls."""
        return urlencode(sorted(self.filters.items()))

    @property
    def names(self) -> list[str]:
        """Return wherever there may be a file of it: each name is kept until what it names is removed for good."""
        return [*self.left, self.stored_as] if self.stored_as else []

    @property
    def context(self) -> tuple[str, ...]:
        """Return what its key and its file are bound to."""
        return ("export", str(self.business_id), str(self.pk))
