"""Ending what a user is logged in with.

Raising `token_version` ends every API token within one request; the browser sessions of Django end when the password
changes, and the doors ask for the membership at each request anyway. The live feed is told, so that open streams close;
of a log-out and of a user who is switched off or deleted it hears by signal, whoever did it.
"""

import json
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.events import PasswordChanged, SessionEnded
from accounts.models import ApiSession, User
from audit.recording import Actor, record

# NOTIFY channel that closes live streams: {"user": id}, {"session": id}, {"browser": browser_id} or {"visit": id}
REVOKED = "callcrm_revoked"


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
    """Ask every process to close the live streams of a user (`user=`), of one API session (`session=`), of one
    browser session (`browser=`) or of a platform visit (`visit=`), at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [REVOKED, json.dumps(whose)])


def browser_id(session_key: str) -> str:
    """Return what may be told of a browser session: who has the key itself is logged in."""
    return sha256(session_key.encode()).hexdigest()


def on_log_out(request: Any, **_signal: Any) -> None:
    """Close the streams of the browser session that ends."""
    if request is not None and request.session.session_key:
        tell_streams(browser=browser_id(request.session.session_key))


def on_user_saved(instance: User, **_signal: Any) -> None:
    """Close the streams of a user who was switched off or has a new password, wherever that was done."""
    if not instance.is_active or getattr(instance, "_password", None) is not None:
        tell_streams(user=str(instance.pk))


def on_user_deleted(instance: User, **_signal: Any) -> None:
    """Close the streams of a user who is gone."""
    tell_streams(user=str(instance.pk))
