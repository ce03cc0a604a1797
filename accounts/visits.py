"""A platform superuser inside a business: for an hour, with a reason, read-only, masked, and in its history."""

from django.db import transaction
from django.utils import timezone

from accounts.events import VisitEnded, VisitStarted
from accounts.models import Business, PlatformVisit, User
from accounts.sessions import tell_streams
from audit.recording import record
from callcrm.errors import Denied, Invalid


@transaction.atomic
def start(user: User, business: Business, reason: str) -> PlatformVisit:
    """Open the door for an hour. Raises Denied for who is no superuser, Invalid without a reason."""
    if not user.is_superuser:
        raise Denied("Only platform superusers visit businesses.")
    if not reason.strip():
        raise Invalid(fields={"reason": ["Say why: the business reads it in its history."]})
    end_open(user, business)
    visit = PlatformVisit.objects.create(user=user, business=business, reason=reason.strip()[:200])
    event = VisitStarted(visit_id=visit.pk, user_id=user.pk, reason=visit.reason)
    record(event, by=visit, business_id=business.pk)
    return visit


@transaction.atomic
def end_open(user: User, business: Business) -> None:
    """End the user's visits of this business; each end is in its history."""
    for visit in PlatformVisit.objects.open().select_for_update().filter(user=user, business=business):
        visit.ended_at = timezone.now()
        visit.save(update_fields=["ended_at"])
        record(VisitEnded(visit_id=visit.pk), by=visit, business_id=business.pk)
        tell_streams(visit=str(visit.pk))
