"""Who belongs to a business: adding, changing a role, removing. There is always at least one owner."""

from django.db import transaction
from django.utils import timezone

from accounts.events import MemberAdded, MemberRemoved, RoleChanged
from accounts.models import Business, Member, User
from accounts.permissions import Role
from accounts.sessions import end_all
from audit.recording import Actor, record
from callcrm.errors import Conflict


@transaction.atomic
def add(business: Business, user: User, role: str, *, by: Actor | str | None) -> Member:
    """Make the user a member, or bring a removed one back. Raises Conflict if he is one already."""
    member, new = Member.objects.select_for_update(of=("self",)).get_or_create(
        business=business, user=user, defaults={"role": Role(role)}
    )
    if not new and member.removed_at is None:
        raise Conflict("This person is a member already.", fields={"email": ["Already a member."]})
    member.role, member.removed_at = Role(role), None
    member.save(update_fields=["role", "removed_at"])
    record(MemberAdded(member_id=member.pk, role=member.role), by=by, business_id=business.pk)
    return member


@transaction.atomic
def change_role(member: Member, role: str, *, by: Actor | None) -> Member:
    """Give a member another role; every token he has made ends. Raises Conflict for the last owner."""
    member = _locked(member)
    before, member.role = member.role, Role(role)
    if before == member.role:
        return member
    member.save(update_fields=["role"])
    _keep_an_owner(member.business)
    end_all(member.user)
    record(
        RoleChanged(member_id=member.pk, before=before, after=member.role),
        by=by,
        business_id=member.business_id,
    )
    return member


@transaction.atomic
def remove(member: Member, *, by: Actor | None) -> None:
    """Take a member out at once: his next request finds no door. Raises Conflict for the last owner."""
    member = _locked(member)
    if member.removed_at:
        return
    member.removed_at = timezone.now()
    member.save(update_fields=["removed_at"])
    _keep_an_owner(member.business)
    end_all(member.user)
    record(MemberRemoved(member_id=member.pk), by=by, business_id=member.business_id)


def _locked(member: Member) -> Member:
    """Lock the business first, so that two owners who demote each other at once do not both succeed."""
    Business.objects.select_for_update().get(pk=member.business_id)
    return Member.objects.select_related("business", "user").get(pk=member.pk)


def _keep_an_owner(business: Business) -> None:
    if not Member.objects.active().filter(business=business, role=Role.OWNER).exists():
        raise Conflict("A business needs an owner. Make somebody else an owner first.")
