"""Whether a call began while the business was closed: written down when it is taken in, by the hours of then.

Hours that are changed later change no call of before. What nobody knows stays null, and no filter finds it.
"""

from django.db import transaction

from accounts.models import Business
from callcrm.lib.tenancy import business_scope
from telephony.hours import opening
from telephony.models import Call

BATCH = 2_000


def note(call: Call) -> None:
    """Write it down on a call whose beginning is new. What was known stays where the hours have changed since."""
    row = opening.row_of(call.business)
    found = opening.was_closed(row, opening.hours_of(call.business, row), call.started_at)
    call.after_hours = call.after_hours if found is None else found


def take_up(business: Business) -> int:
    """Write it down on calls of before, as far back as the present hours hold; returns how many. Safe twice."""
    done = 0
    while found := _take_up_some(business):
        done += found
    return done


@transaction.atomic
def _take_up_some(business: Business) -> int:
    with business_scope(business.pk):
        row = opening.row_of(business)
        hours = opening.hours_of(business, row)
        unknown = Call.objects.filter(business=business, after_hours=None)
        if row:
            unknown = unknown.filter(started_at__gte=row.updated_at)
        some = dict(unknown.values_list("pk", "started_at")[:BATCH])
        closed = [pk for pk, at in some.items() if not hours.is_open(at)]
        Call.objects.filter(business=business, pk__in=closed).update(after_hours=True)
        Call.objects.filter(business=business, pk__in=some.keys() - closed).update(after_hours=False)
    return len(some)
