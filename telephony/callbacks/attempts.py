"""How often we called back in vain: the outgoing calls since a debt opened that rang its person and reached nobody.

Whoever may know of a debt is told how often and when last, though not by whom: he would call again who knows less, also
where the call was a colleague's that he may not open.
"""

from collections.abc import Iterable

from telephony.models import Call, Callback


def show(debts: Iterable[Callback | None]) -> None:
    """Note on each open debt how often we tried and when last; in one query, however many they are."""
    owed = {debt.lead_id: debt for debt in debts if debt is not None and debt.is_open}
    if not owed:
        return
    since = min(debt.opened_at for debt in owed.values())
    one = next(iter(owed.values()))
    rang = Call.objects.in_vain().filter(business_id=one.business_id, lead__in=list(owed))
    tried = rang.filter(started_at__gt=since).order_by("started_at")
    for lead_id, at in tried.values_list("lead_id", "started_at"):
        debt = owed[lead_id]
        if at > debt.opened_at:
            debt.tried_back, debt.tried_back_at = debt.tried_back + 1, at
