"""Every page has a door.

A door finds the member, asks for the right, opens the one transaction of the request and tells it its business
(`callcrm.lib.tenancy`). A refusal leaves by exception, so that it rolls back what was begun; the attempt is recorded
after that. `tests/test_permissions.py` walks the URLconf: a view without a door must be in `OPEN`, with its reason.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, cast

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.events import AccessDenied
from accounts.models import Business, Member, PlatformVisit, User
from accounts.permissions import IN_WORDS, ROLE_NEEDED, WHO_MAY, Permission
from audit.recording import record
from callcrm.errors import Denied, NotAuthenticated, NotFound, Refused
from callcrm.lib.tenancy import business_scope

View = Callable[..., HttpResponseBase]
ANOTHER = "another right"  # one that no role has: of who made a view, or asked for a call
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Admitted = Member | PlatformVisit


class MemberRequest(HttpRequest):
    """A request that has come through a door."""

    member: Member
    business: Business
    user: User


def needs(permission: Permission) -> Callable[[View], View]:
    """The door of a page under /b/<slug>/. The view gets the request and what else is in the URL, without the slug."""

    def wrap(view: View) -> View:
        @wraps(view)
        def door(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                raise NotAuthenticated
            with admitted(request, find_member(request.user, slug), permission):
                return _rendered(view(request, *args, **kwargs))

        door.needs = permission  # type: ignore[attr-defined]  # what the tests and the API schema read
        return door

    return wrap


def open_door(reason: str) -> Callable[[View], View]:
    """Mark a view that anybody may call, and say why."""

    def wrap(view: View) -> View:
        view.open_door = reason  # type: ignore[attr-defined]  # read by the test that walks the URLconf
        return view

    return wrap


def find_member(user: Any, slug: str) -> Admitted:
    """Return the user's membership of a business, or his open platform visit. NotFound says no more."""
    member = (
        Member.objects.active()
        .select_related("business", "user")
        .filter(user=user, business__slug=slug)
        .first()
    )
    if member or not user.is_superuser:
        return _found(member)
    visits = PlatformVisit.objects.open().select_related("business", "user")
    return _found(visits.filter(user=user, business__slug=slug).order_by("-started_at").first())


def _found(member: Admitted | None) -> Admitted:
    if member is None:
        raise NotFound
    return member


@contextmanager
def admitted(request: HttpRequest, member: Admitted, permission: Permission) -> Iterator[None]:
    """Let a member through: the scope is open inside. Raises Denied for a missing right or a visitor who writes."""
    inner = cast(MemberRequest, request)
    inner.member, inner.business = cast(Member, member), member.business
    check(member, permission, writes=request.method not in SAFE)
    with business_scope(member.business_id):
        yield


def check(member: Admitted, permission: Permission, *, writes: bool = False) -> None:
    """Raise Denied unless the member holds the right, with words that say who does."""
    if member.read_only and (writes or not member.can(permission)):
        raise Denied("A platform visit is read-only and masked: nothing is changed or revealed in it.")
    if not member.can(permission):
        raise denied(permission)


def denied(permission: Permission) -> Denied:
    """Return the refusal for a missing right; it says in plain words what one may not do, and whom to ask."""
    refusal = Denied(f"You may not {IN_WORDS[permission]}. {WHO_MAY[ROLE_NEEDED[permission]]}")
    refusal.permission = permission  # type: ignore[attr-defined]  # for `record_denial`, which runs after the rollback
    return refusal


def record_denial(request: HttpRequest, refusal: Refused) -> None:
    """Write the refused attempt down, in a transaction of its own: the refusal has rolled back every other one."""
    member = getattr(request, "member", None)
    match = request.resolver_match
    event = AccessDenied(
        permission=str(getattr(refusal, "permission", ANOTHER)),
        view=match.view_name if match else "?",
    )
    actor = member or (request.user if request.user.is_authenticated else "anonymous")
    with transaction.atomic():
        record(event, by=cast(Any, actor), business_id=member.business_id if member else None)


def _rendered(response: HttpResponseBase) -> HttpResponseBase:
    """A lazy response reads its rows while it renders, so it renders inside the scope."""
    if hasattr(response, "render") and callable(response.render):
        response.render()
    return response
