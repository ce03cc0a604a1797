"""API tokens: signed by a keyring, tied to a session that can be ended.

An access token names its session and the token version of its user, and both are read with every request: whatever
ends them ends it at once. Of the refresh tokens of a session one is good, and only its hash is kept. An older one that
comes back is a copy in other hands: it ends the session for both. simplejwt knows the format; what holds is said here.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts import sessions
from accounts.events import TokenReused
from accounts.models import ApiSession, Member
from audit.recording import record
from callcrm.errors import NotAuthenticated
from callcrm.lib import context

ALGORITHM = "HS256"
INVALID = "This token is not valid, or not any more. Please log in again."


class Keyring(TokenBackend):
    """The first of `JWT_KEYS` signs, every one verifies; the header's `kid` says which. No other algorithm is read."""

    def __init__(self) -> None:
        super().__init__(ALGORITHM, audience=api_settings.AUDIENCE, issuer=api_settings.ISSUER)

    def encode(self, payload: dict[str, Any]) -> str:
        kid, secret = next(iter(settings.JWT_KEYS.items()))
        claims = {**payload, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, secret, algorithm=ALGORITHM, headers={"kid": kid})

    def get_verifying_key(self, token: Any) -> str:
        try:
            return str(settings.JWT_KEYS[jwt.get_unverified_header(token)["kid"]])
        except (KeyError, TypeError, jwt.PyJWTError) as error:
            raise TokenBackendError("Token is invalid") from error


class Access(AccessToken):
    _token_backend = Keyring()


class Refresh(RefreshToken):
    _token_backend = Access._token_backend


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """What a client gets: a token to ask with, and one to get the next pair with."""

    access: str
    refresh: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Which session a token belongs to, and the token version it was made under."""

    session: UUID
    member: UUID
    user: UUID
    version: int


def start(member: Member) -> Pair:
    """Open a session for a member who has just proved who he is."""
    expires = timezone.now() + timedelta(days=settings.JWT_SESSION_DAYS)
    session = ApiSession(member=member, expires_at=expires, ip=context.client_ip.get() or None)
    pair = _mint(session)
    session.save(force_insert=True)
    return pair


def session_of(access: str | bytes) -> ApiSession:
    """Return the live session of an access token, with its member, user and business. Raises NotAuthenticated."""
    session = _live(_claims(Access, access)).first()
    if session is None:
        raise NotAuthenticated(INVALID)
    return session


def rotate(refresh: str) -> Pair:
    """Trade a refresh token for the next pair. Raises NotAuthenticated; one that was traded before ends its session."""
    pair = _rotate(_claims(Refresh, refresh), _hash(refresh))
    if pair is None:  # raised out here, because the end of a session must be committed
        raise NotAuthenticated(INVALID)
    return pair


def revoke(refresh: str) -> None:
    """End the session of a refresh token. Raises NotAuthenticated for one that belongs to none."""
    claims = _claims(Refresh, refresh)
    session = (
        ApiSession.objects.select_related("member").filter(pk=claims.session, member=claims.member).first()
    )
    if session is None:
        raise NotAuthenticated(INVALID)
    sessions.end(session, by=session.member)


@transaction.atomic
def _rotate(claims: Claims, presented: str) -> Pair | None:
    """The lock makes of many who present one token the first and the late ones."""
    session = _live(claims).select_for_update(of=("self",)).first()
    if session is None:
        return None
    if session.refresh_hash != presented:
        _end_reused(session)
        return None
    pair = _mint(session)
    session.used_at = timezone.now()
    session.save(update_fields=["refresh_hash", "used_at"])
    return pair


def _end_reused(session: ApiSession) -> None:
    session.ended_at = timezone.now()
    session.save(update_fields=["ended_at"])
    record(TokenReused(session_id=session.pk), by=session.member, business_id=session.member.business_id)
    sessions.tell_streams(session=str(session.pk))


def _live(claims: Claims) -> QuerySet[ApiSession]:
    """One question for everything that ends a token."""
    return ApiSession.objects.select_related("member__user", "member__business").filter(
        pk=claims.session,
        ended_at=None,
        expires_at__gt=timezone.now(),
        member_id=claims.member,
        member__removed_at=None,
        member__user_id=claims.user,
        member__user__is_active=True,
        member__user__token_version=claims.version,
    )


def _claims(kind: type[Token], raw: str | bytes) -> Claims:
    try:
        token = kind(raw)  # type: ignore[arg-type]  # typed as a token, documented and used as its text
        session, member, user = (UUID(token[name]) for name in ("sid", "member", "user"))
        return Claims(session, member, user, int(token["tv"]))
    except TokenError:
        raise NotAuthenticated(INVALID) from None
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        # signed by a key of ours and yet not made here, or odd beyond what the library expects
        raise NotAuthenticated(INVALID) from None


def _mint(session: ApiSession) -> Pair:
    access, refresh = Access(), Refresh()
    for token in (access, refresh):
        token.payload |= _payload(session)
        token.payload["exp"] = min(token.payload["exp"], int(session.expires_at.timestamp()))
    pair = Pair(str(access), str(refresh))
    session.refresh_hash = _hash(pair.refresh)
    return pair


def _payload(session: ApiSession) -> dict[str, Any]:
    member = session.member
    return {
        "sid": str(session.pk),
        "member": str(member.pk),
        "business": str(member.business_id),
        "user": str(member.user_id),
        "tv": member.user.token_version,
        "auth_time": int(session.created_at.timestamp()),
    }


def _hash(refresh: str) -> str:
    return hashlib.sha256(refresh.encode()).hexdigest()
