"""Letting somebody in who has no account: the owner hands over a link with which he sets his password, once.

A link is made only for an account that this call made, or that has no password and belongs to this business alone:
else the owner of one business could take an account that belongs to another.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import limits, people, team
from accounts.models import Business, Member, User
from callcrm.errors import Conflict
from callcrm.lib import context


@dataclass(frozen=True, slots=True, repr=False)
class Invited:
    """The new member, and the link for him; no link where he has an account already."""

    member: Member
    link: str


@transaction.atomic
def invite(business: Business, email: str, role: str, *, by: Member) -> Invited:
    """Make somebody a member. Raises Conflict for who is one, TooMany for too many new accounts of one address."""
    is_new = not User.objects.filter(email=User.objects.normalize_email(email)).exists()
    if is_new:
        limits.hit(limits.REGISTER, limits.network_of(context.client_ip.get()) or "unknown")
    member = team.add(business, people.find_or_make(email), role, by=by)
    return Invited(member, _link(member.user) if is_new else "")


def link_for(member: Member) -> str:
    """Return a fresh link. Raises Conflict for who can log in already, or belongs elsewhere too."""
    if not can_be_linked(member):
        raise Conflict("This person has an account already and sets the password there.")
    return _link(member.user)


def can_be_linked(member: Member) -> bool:
    """Say whether a link may be handed out for this member."""
    elsewhere = member.user.memberships.exclude(business_id=member.business_id)
    return not member.user.has_usable_password() and not member.user.is_superuser and not elsewhere.exists()


def _link(user: User) -> str:
    """The token changes with the password, so it is good once; for how long is PASSWORD_RESET_TIMEOUT."""
    uid = urlsafe_base64_encode(force_bytes(str(user.pk)))
    path = reverse("invitation", args=[uid, default_token_generator.make_token(user)])
    return f"{settings.PUBLIC_BASE_URL.rstrip('/')}{path}"
