"""What hangs on a lead here, and follows it when two cards of one person become one (`leads.merging`).

A model with a key to a lead is one line in `PARTS`; `tests/merging/test_moves.py` fails for one that was forgotten,
because the database would delete its rows with the card that goes, or leave them without a person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.doors import Admitted
from leads.merging import Part, seal_all_anew
from leads.models import Lead
from telephony import feed
from telephony.callbacks import ledger
from telephony.models import OPEN, Call, Callback, CallProblem, Message

ALL = Q()
FIRST = Q(first_time_caller=True)
Settle = Callable[[Lead, Lead], None]


def _nothing(kept: Lead, gone: Lead) -> None:
    """Most rows may be there any number of times."""


def _one_first_call(kept: Lead, gone: Lead) -> None:
    """What was the first call of one card is not that of the person, if he called or was called before by the other."""
    for mine, other in ((kept, gone), (gone, kept)):
        calls = Call.objects.filter(business_id=kept.business_id, lead=other)
        begun = calls.order_by("started_at").values_list("started_at", flat=True).first()
        late = Q(started_at__gt=begun) if mine is kept else Q(started_at__gte=begun)
        if begun:
            Call.objects.filter(late, FIRST, business_id=kept.business_id, lead=mine).update(
                first_time_caller=False
            )


@dataclass(frozen=True)
class Rows:
    """The rows of one model: what they are called, and the field of theirs that is sealed under the lead's key.

    `settle` is asked before they move, with the lead that stays and the one that goes: where there may be only one of
    a kind for a person, it says which. What nobody changes without holding its lead is `held` by that alone: a lock of
    its own before the lead's would cross those who lock in the other order. `also` names those of the
    lead that stays which `settle` may change, `shown` those that are counted.
    """

    model: Any
    words: str
    sealed: str = ""
    settle: Settle = _nothing
    held: bool = False
    also: Q | None = None
    shown: Q = ALL

    def count(self, lead: Lead, member: Admitted) -> int:
        found: int = self.model.objects.visible_to(member).filter(self.shown, lead=lead).count()
        return found

    def lock(self, kept: Lead, gone: Lead) -> None:
        if self.held:
            return
        theirs = Q(lead=gone) if self.also is None else Q(lead=gone) | Q(self.also, lead=kept)
        rows = self.model.objects.filter(theirs, business_id=gone.business_id)
        list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))

    def move(self, kept: Lead, gone: Lead) -> None:
        self.settle(kept, gone)
        if self.sealed:
            seal_all_anew(self._of(gone).filter(**{f"{self.sealed}__isnull": False}), self.sealed, kept, gone)
        self._of(gone).update(lead=kept)

    def _of(self, lead: Lead) -> Any:
        return self.model.objects.filter(business_id=lead.business_id, lead=lead)


PARTS: list[Part] = [
    Rows(Call, "calls", sealed="note", settle=_one_first_call, also=FIRST),
    Rows(Message, "texts", sealed="body"),
    Rows(CallProblem, "reported problems", sealed="words"),
    # by the calls, so after these have moved
    Rows(Callback, "calls back owed", sealed="words", settle=ledger.join, held=True, shown=OPEN),
]


def tell(kept: Lead) -> None:
    """Let open pages of the lead that stays fetch what it has now."""
    feed.tell(kept.business_id, "lead.changed", kept.pk, kept.status)
