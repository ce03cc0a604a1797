"""Who may know how a debt was proven paid: whoever may know of the call or text that proves it.

Others are told that a colleague reached the person, and neither how nor when. A debt that nobody has asked about here
says no more than that, so a page that forgets to ask shows too little rather than too much.
"""

from collections.abc import Iterable

from accounts.doors import Admitted
from accounts.permissions import Permission
from telephony.models import Call, Callback, Message


def show(debts: Iterable[Callback | None], member: Admitted) -> None:
    """Note on each debt whether the member may know of its proof; in two queries at most, however many they are."""
    proven = [debt for debt in debts if debt is not None and debt.is_proven]
    if not proven:
        return
    seen = None if member.can(Permission.VIEW_ALL_COMMUNICATIONS) else _seen(proven, member)
    for debt in proven:
        debt.proof_is_shown = seen is None or debt.proof in seen


def _seen(proven: list[Callback], member: Admitted) -> set[object]:
    pks = [debt.proof for debt in proven if debt.proof]
    calls = Call.objects.visible_to(member).filter(pk__in=pks).values_list("pk", flat=True)
    texts = Message.objects.visible_to(member).filter(pk__in=pks).values_list("pk", flat=True)
    return {*calls, *texts}
