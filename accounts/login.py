"""Who is this? One way to find out, for the page and for the API.

Failures are counted by address and by account before the password is looked at, so that thirty guesses at
once are not thirty chances; what turns out to be right is given back. Unknown, wrong and switched off are
answered alike, and asked of the database alike. What has happened is written in a transaction of its own,
because the refusal follows it.
"""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import auth
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts import limits
from accounts.events import LockedOut, LoggedIn, LoggedOut, LogInFailed
from accounts.limits import Limit
from accounts.models import Member, User
from audit.events import Event
from audit.recording import Actor, record
from callcrm.errors import NotAuthenticated, TooMany

WRONG = "This e-mail and password do not belong together."
LONGEST_PASSWORD = 1000  # hashing a novel is work that nobody needs to do
Taken = list[tuple[Limit, str]]


def authenticate(request: HttpRequest, email: str, password: str, method: str) -> User:
    """Return the user. Raises NotAuthenticated, or TooMany after too many failures. `method`: page or api."""
    http: HttpRequest = getattr(request, "_request", request)  # the API library wraps it
    email = User.objects.normalize_email(email)
    taken = _take(_keys(http, email), email, method)
    user = _matching(http, email, password)
    if getattr(http, "axes_locked_out", False):
        http.axes_locked_out = False  # type: ignore[attr-defined]  # else its middleware replaces our answer
        limit, key = taken[0]
        raise _locked_out(limits.refusal(limit, key), key, email, method)
    if user is None:
        _record(LogInFailed(method=method), email)
        raise NotAuthenticated(WRONG)
    _give_back(taken)
    return user


def logged_in(user: User, method: str, *, member: Member | None = None) -> None:
    """Write a log-in into the history of the member's business, or of every business of the user."""
    businesses = [member.business_id] if member else _businesses(user.email)
    _write(LoggedIn(user_id=user.pk, method=method), businesses, by=member or user)


def logged_out(user: User) -> None:
    """Write that a user has left."""
    _write(LoggedOut(user_id=user.pk), _businesses(user.email), by=user)


def _keys(request: HttpRequest, email: str) -> Taken:
    """By address, and more patiently by account: a name alone would let anybody lock anybody out at once."""
    account = salted_hmac("accounts.login", email, algorithm="sha256").hexdigest()
    address = limits.network_of(request.META.get("REMOTE_ADDR", ""))
    return [(limits.LOGIN, address), (limits.LOGIN_ACCOUNT, account)]


def _take(wanted: Taken, email: str, method: str) -> Taken:
    """Count one failure in advance, everywhere. A refusal keeps nothing of it."""
    for n, (limit, key) in enumerate(wanted):
        try:
            limits.hit(limit, key)
        except TooMany as refusal:
            _give_back(wanted[: n + 1])
            raise _locked_out(refusal, key, email, method) from None
    return wanted


def _give_back(taken: Taken) -> None:
    for limit, key in taken:
        limits.give_back(limit, key)


def _matching(request: HttpRequest, email: str, password: str) -> User | None:
    if "\0" in email + password or len(password) > LONGEST_PASSWORD:
        return None
    user = auth.authenticate(request, email=email, password=password)
    return user if isinstance(user, User) else None


def _locked_out(refusal: TooMany, key: str, email: str, method: str) -> TooMany:
    """Write the first refusal of each wait; the guesses that follow say nothing new."""
    mark = salted_hmac("accounts.login.locked", refusal.limit + key, algorithm="sha256").hexdigest()
    if cache.add(f"locked-out:{mark}", 1, timeout=refusal.retry_after):
        _record(LockedOut(method=method), email)
    return refusal


def _record(event: LogInFailed | LockedOut, email: str) -> None:
    """Write it into the history of the account's businesses; the questions are the same for no account."""
    _write(event, _businesses(email), by="anonymous")


def _businesses(email: str) -> list[UUID]:
    members = Member.objects.active().filter(user__email=email.replace("\0", ""))
    return list(members.values_list("business_id", flat=True))


@transaction.atomic
def _write(event: Event, businesses: Sequence[UUID], *, by: Actor | str) -> None:
    for business_id in businesses or (None,):
        record(event, by=by, business_id=business_id)
