"""The telephones of members: each says which one is his, and nobody says it for him.

It is rung first when he calls somebody, so a tracking number cannot be one, for the call would come back to us, and one
cannot be added as a tracking number (`numbers.py`); nor can a lead's number, for he would be taken for one of us. A leg
that is put through to it tells who took the call. Where several members share one, nobody knows which of them it was.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now

from accounts.models import Member
from audit.recording import record
from callcrm.errors import Invalid
from callcrm.lib import phones
from leads import intake
from telephony.events import TelephoneChanged, TelephoneForgotten
from telephony.models import NumberRoute, Telephone

OF_A_LEAD = (
    "A lead has this number. If it is yours, take it off that lead first: a call from it would be nobody's."
)


def of(member: Member) -> Telephone | None:
    return Telephone.objects.filter(business_id=member.business_id, member=member).first()


@transaction.atomic
def choose(member: Member, typed: str) -> Telephone:
    """Make it the member's telephone, in place of the one before. Raises Invalid for what cannot be one."""
    try:
        e164 = phones.typed(typed, member.business.region)
    except ValueError as error:
        raise Invalid(fields={"telephone": [str(error)]}) from None
    if phones.is_costly(e164):
        raise Invalid(fields={"telephone": ["Calls to this number cost extra, so it is rung for nobody."]})
    if intake.find(member.business_id, e164):
        raise Invalid(fields={"telephone": [OF_A_LEAD]})
    if NumberRoute.objects.filter(e164=e164).exists():
        raise Invalid(fields={"telephone": ["This is a tracking number: the call would come back to us."]})
    mine = {"business_id": member.business_id, "member": member}
    telephone, new = Telephone.objects.select_for_update().get_or_create(**mine, defaults={"e164": e164})
    if new or telephone.e164 != e164:
        telephone.e164, telephone.changed_at = e164, now()
        telephone.save(update_fields=["e164", "changed_at"])
        record(TelephoneChanged(member_id=member.pk), by=member, business_id=member.business_id)
    return telephone


@transaction.atomic
def forget(member: Member) -> None:
    """Let the member have no telephone."""
    gone, _ = Telephone.objects.filter(business_id=member.business_id, member=member).delete()
    if gone:
        record(TelephoneForgotten(member_id=member.pk), by=member, business_id=member.business_id)


def is_one(business_id: UUID, e164: str) -> bool:
    return _at(business_id, e164).exists()


def holder(business_id: UUID, e164: str) -> UUID | None:
    """Return the member whose telephone it is; None for nobody's, and for one that is shared."""
    members = list(_at(business_id, e164).values_list("member_id", flat=True)[:2])
    return members[0] if len(members) == 1 else None


def holders(business_id: UUID, e164: str) -> list[str]:
    """Return the names of the members whose telephone it is."""
    found = _at(business_id, e164).select_related("member__user")
    return sorted(telephone.member.name for telephone in found)


def _at(business_id: UUID, e164: str) -> QuerySet[Telephone]:
    return Telephone.objects.filter(
        business_id=business_id, e164=e164, member__removed_at=None, member__user__is_active=True
    )
