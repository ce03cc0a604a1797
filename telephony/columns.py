"""The columns of the call list: each member chooses his own, and finds them on every device.

What is put away is kept, not what is shown: a column that is new is seen until somebody does not want it. The caller
always stays.
"""

from collections.abc import Collection

from django.db import transaction

from accounts.doors import Admitted
from accounts.models import Member
from audit.recording import record
from callcrm.errors import Invalid
from telephony.events import ColumnsChosen
from telephony.models import CallColumns

COLUMNS = {
    "source": "Source",
    "started": "Started",
    "agent": "Agent",
    "status": "Status",
    "talked": "Talked",
    "recording": "Recording",
    "tags": "Tags",
}


def shown_to(member: Admitted) -> list[str]:
    """Return the columns that a member sees, in their order; a visitor sees all."""
    row = CallColumns.objects.filter(business_id=member.business_id, member_id=member.pk).first()
    return [name for name in COLUMNS if row is None or name not in row.hidden]


@transaction.atomic
def choose(shown: Collection[str], *, by: Member) -> None:
    """Keep which columns he wants to see. Raises Invalid for one that is none."""
    if not set(shown) <= COLUMNS.keys():
        raise Invalid(fields={"column": [f"Choose from {', '.join(COLUMNS)}."]})
    hidden = [name for name in COLUMNS if name not in shown]
    if CallColumns.objects.filter(business_id=by.business_id, member=by, hidden=hidden).exists():
        return
    chosen = {"hidden": hidden}
    CallColumns.objects.update_or_create(business_id=by.business_id, member=by, defaults=chosen)
    record(ColumnsChosen(hidden=hidden), by=by, business_id=by.business_id)
