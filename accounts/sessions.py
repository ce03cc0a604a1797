"""Ending what a user is logged in with.

Raising `token_version` ends every API token within one request; the browser sessions of Django end when the password
changes, and the doors ask for the membership at each request anyway. The live feed is told, so that open streams close.
"""

import json

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.events import PasswordChanged, SessionEnded
from accounts.models import ApiSession, User
from audit.recording import Actor, record

REVOKED = "callcrm_revoked"  # NOTIFY channel that closes live streams: {"user": id} or {"session": id}


@transaction.atomic
def end_all(user: User) -> None:
    """End every API session and live stream of the user."""
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    ApiSession.objects.filter(member__user=user, ended_at=None).update(ended_at=timezone.now())
    tell_streams(user=str(user.pk))


@transaction.atomic
def end(session: ApiSession, *, by: Actor | str | None) -> None:
    """End one API session: its refresh token, and its access tokens within one request."""
    ended = ApiSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=timezone.now())
    if ended:
        record(SessionEnded(session_id=session.pk), by=by, business_id=session.member.business_id)
        tell_streams(session=str(session.pk))


@transaction.atomic
def set_password(user: User, password: str, *, by: Actor | None) -> None:
    """Set a new password; everything that was logged in with the old one ends."""
    user.set_password(password)
    user.save(update_fields=["password"])
    end_all(user)
    record(PasswordChanged(user_id=user.pk), by=by, business_id=None)


def tell_streams(**whose: str) -> None:
    """Ask every process to close the live streams of a user (`user=`) or of one session (`session=`), at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [REVOKED, json.dumps(whose)])
