"""What can happen to users, members and doors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from accounts.permissions import IN_WORDS
from audit.events import Change, Event


@dataclass(frozen=True, kw_only=True)
class BusinessCreated(Event):
    name = "business.created"
    sentence = "created the business"
    subject = "business_id"
    business_id: UUID


@dataclass(frozen=True, kw_only=True)
class BusinessChanged(Event):
    name = "business.changed"
    sentence = "changed the settings: {fields}"
    words: ClassVar[Mapping[str, str]] = {  # as Settings calls them
        "timezone": "time zone",
        "region": "country",
        "asks_why_played": "the question before a recording is played",
        "delete_at_provider": "the deletion of the provider's copies",
    }
    fields: list[str]
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class MemberAdded(Event):
    name = "member.added"
    sentence = "added a member as {role}"
    subject = "member_id"
    security = True
    member_id: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Event):
    name = "member.role_changed"
    sentence = "changed a member's role from {before} to {after}"
    subject = "member_id"
    security = True
    member_id: UUID
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(Event):
    name = "member.removed"
    sentence = "removed a member"
    subject = "member_id"
    security = True
    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class AccessDenied(Event):
    name = "access.denied"
    sentence = "was refused: may not {permission}"
    security = True
    words: ClassVar[Mapping[str, str]] = {
        "another right": "do that",
        **{str(permission): said for permission, said in IN_WORDS.items()},
    }
    permission: str
    view: str


@dataclass(frozen=True, kw_only=True)
class VisitStarted(Event):
    name = "platform.visit_started"
    sentence = "came in for an hour, read-only and masked: {reason}"
    subject = "visit_id"
    security = True
    visit_id: UUID
    user_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class VisitEnded(Event):
    name = "platform.visit_ended"
    sentence = "left"
    subject = "visit_id"
    security = True
    visit_id: UUID


@dataclass(frozen=True, kw_only=True)
class LoggedIn(Event):
    name = "auth.logged_in"
    sentence = "logged in"
    subject = "user_id"
    security = True
    user_id: UUID
    method: str


@dataclass(frozen=True, kw_only=True)
class LoggedOut(Event):
    name = "auth.logged_out"
    sentence = "logged out"
    subject = "user_id"
    security = True
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class LogInFailed(Event):
    name = "auth.log_in_failed"
    sentence = "failed to log in"
    security = True
    method: str


@dataclass(frozen=True, kw_only=True)
class LockedOut(Event):
    name = "auth.locked_out"
    sentence = "was locked out after too many failures"
    security = True
    method: str


@dataclass(frozen=True, kw_only=True)
class TokenReused(Event):
    name = "auth.token_reused"
    sentence = "presented a refresh token twice; the session was ended"
    subject = "session_id"
    security = True
    session_id: UUID


@dataclass(frozen=True, kw_only=True)
class SessionEnded(Event):
    name = "auth.session_ended"
    sentence = "ended an API session"
    subject = "session_id"
    security = True
    session_id: UUID


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    name = "auth.password_changed"
    sentence = "set a new password; every session was ended"
    subject = "user_id"
    security = True
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class UserChanged(Event):
    name = "user.changed"
    sentence = "changed an account: {fields}"
    subject = "user_id"
    security = True
    user_id: UUID
    fields: list[str]
