"""Users, businesses and who is a member of which.

These rows lie outside the tenant wall, because they are read to learn which business a request may see. What lies
behind it derives from `TenantModel`. Verbs that change them: `businesses.py`, `team.py`, `visits.py`, `sessions.py`.
"""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.permissions import GRANTS, VISITOR_GRANTS, Permission, Role
from callcrm.lib.ids import uuid7

VISIT_LENGTH = timedelta(minutes=60)


class UserManager(BaseUserManager["User"]):
    """Users are found by e-mail, in whatever case it is typed."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; without a password nobody can log in as him until he sets one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a platform superuser: he sees the Django admin and no tenant's data."""
        return self.create_user(email, password, is_superuser=True, **fields)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the one form in which an e-mail is kept."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))


class User(AbstractBaseUser):
    """A person who logs in. What he may do is said by his memberships."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    is_superuser = models.BooleanField(default=False)
    # Every token carries the number that it was made with; raising it ends them all (`sessions.end_all`).
    token_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password ends every token, whoever sets it and how; browser sessions end with it by themselves."""
        if getattr(self, "_password", None) is not None and not self._state.adding:
            self.token_version += 1
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "token_version"}
        super().save(*args, **kwargs)

    @property
    def audit_actor(self) -> str:
        return f"user:{self.pk}"

    @property
    def is_staff(self) -> bool:
        """Django's admin asks this; it is for platform superusers alone."""
        return self.is_superuser

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_superuser

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]


ZONES = frozenset(available_timezones())  # read once: to look for them takes longer than to write a business


def _valid_timezone(name: str) -> None:
    if name not in ZONES:
        raise ValidationError("This is not a time zone, such as America/New_York.")


class Business(models.Model):
    """A customer of the installation: what is his is seen by his members alone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50, unique=True)
    timezone = models.CharField(max_length=64, default="America/New_York", validators=[_valid_timezone])
    region = models.CharField(max_length=2, default="US", help_text="Country of numbers typed without one.")
    delete_at_provider = models.BooleanField(
        default=False, help_text="Delete a recording at the provider once it is kept here and was read back."
    )
    asks_why_played = models.BooleanField(
        default=False, help_text="Who listens to a recording gives a reason first."
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name_plural = "businesses"

    def __str__(self) -> str:
        return self.name

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class MemberQuerySet(models.QuerySet["Member"]):
    """Who belongs where."""

    def active(self) -> "MemberQuerySet":
        """Return members who may come in: not removed, and their user not switched off."""
        return self.filter(removed_at=None, user__is_active=True)


class Member(models.Model):
    """One user in one business. A removed member stays as a row, so that the history can still name him."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=5, choices=Role.choices, default=Role.USER)
    created_at = models.DateTimeField(default=now, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = MemberQuerySet.as_manager()
    read_only: ClassVar[bool] = False

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "user"], name="accounts_member_once"),
            # What composite keys of tenant rows point at (`callcrm.lib.rls.tie`).
            models.UniqueConstraint(fields=["business", "id"], name="accounts_member_business_key"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.user.get_short_name()

    @property
    def audit_actor(self) -> str:
        return f"member:{self.pk}"

    def can(self, permission: Permission) -> bool:
        """Say whether his role holds the right."""
        return permission in GRANTS[self.role]


class BusinessKey(models.Model):
    """A key of one business, wrapped by the master key; worthless without it (`accounts.keys`)."""

    class Purpose(models.TextChoices):
        DATA = "data", "wraps lead keys and seals receipts"
        INDEX = "index", "root of the blind indexes"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="keys")
    purpose = models.CharField(max_length=5, choices=Purpose.choices)
    version = models.PositiveSmallIntegerField(default=1)
    master_version = models.CharField(max_length=8)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "purpose", "version"], name="accounts_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key {self.version}"


class PlatformVisitQuerySet(models.QuerySet["PlatformVisit"]):
    """Superusers inside businesses."""

    def open(self) -> "PlatformVisitQuerySet":
        """Return visits that are going on."""
        return self.filter(ended_at=None, ends_at__gt=now())


def _in_an_hour() -> Any:
    return now() + VISIT_LENGTH


class PlatformVisit(models.Model):
    """A superuser inside one business for an hour, with a reason, to look at what is masked; it is in its history."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="visits")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="visits")
    reason = models.CharField(max_length=200)
    started_at = models.DateTimeField(default=now, editable=False)
    ends_at = models.DateTimeField(default=_in_an_hour, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects = PlatformVisitQuerySet.as_manager()
    role: ClassVar[str] = "visitor"
    read_only: ClassVar[bool] = True

    class Meta:
        indexes = [
            models.Index(fields=["user", "business"], condition=Q(ended_at=None), name="accounts_visit_open")
        ]

    def __str__(self) -> str:
        return f"visit until {self.ends_at:%H:%M}"

    @property
    def name(self) -> str:
        return "Platform support"

    @property
    def audit_actor(self) -> str:
        return f"visit:{self.pk}"

    def get_role_display(self) -> str:
        return "Platform visit"

    def can(self, permission: Permission) -> bool:
        """A visitor looks, and looks at masks."""
        return permission in VISITOR_GRANTS


class ApiSession(models.Model):
    """One log-in of an API client: the family of all refresh tokens that follow from it.

    It holds the hash of the one refresh token that is good now. An older one coming back is a stolen copy, and ends
    the session (`accounts.tokens`). Access tokens name their session, so ending it ends them within one request.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="api_sessions")
    refresh_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=now, editable=False)
    used_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [models.Index(fields=["member", "-used_at"], name="accounts_session_member")]

    def __str__(self) -> str:
        return f"session of {self.created_at:%Y-%m-%d}"


class TenantModel(models.Model):
    """A row of one business, behind the wall. Its migration must `protect` the table and `tie` its keys."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Every index of a tenant table begins with the business, so the key needs none of its own.
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    business_id: UUID

    class Meta:
        abstract = True


def tenant_key(to: str, **options: Any) -> Any:
    """A foreign key to another tenant row: PostgreSQL holds it, together with the business, by `rls.tie`."""
    options.setdefault("related_name", "+")
    options.setdefault(
        "db_index", False
    )  # queries and `tie` ask by business first; each model declares that index
    return models.ForeignKey(to, on_delete=models.DO_NOTHING, db_constraint=False, **options)


class IdempotencyKey(TenantModel):
    """A key by which a member's wish is known when it comes again, and what was made of it (`accounts.idempotency`)."""

    member = tenant_key("accounts.Member")
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    made = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "member", "key"], name="accounts_idempotency_once")
        ]
        indexes = [models.Index(fields=["business", "created_at"], name="accounts_idempotency_age")]

    def __str__(self) -> str:
        return f"key of {self.created_at:%Y-%m-%d}"
