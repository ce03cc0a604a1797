"""What hangs on a lead here, and follows it when two cards of one person become one (`leads.merging`).

A model with a key to a lead is one line in `PARTS`; `tests/merging/test_moves.py` fails for one that was forgotten,
because the database would delete its rows with the card that goes, or leave them without a person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.doors import Admitted
from leads.merging import Part, seal_all_anew
from leads.models import Lead
from telephony import feed, ledger
from telephony.models import Call, Callback, CallProblem, Message

Settle = Callable[[Lead, Lead], None]


def _nothing(kept: Lead, gone: Lead) -> None:
    """Most rows may be there any number of times."""


@dataclass(frozen=True)
class Rows:
    """The rows of one model: what they are called, and the field of theirs that is sealed under the lead's key.

    `settle` is asked before they move, with the lead that stays and the one that goes: where there may be only one of
    a kind for a person, it says which. What nobody changes without holding its lead is `held` by that alone: a lock of
    its own before the lead's would cross those who lock in the other order.
    """

    model: Any
    words: str
    sealed: str = ""
    settle: Settle = _nothing
    held: bool = False

    def count(self, lead: Lead, member: Admitted) -> int:
        found: int = self.model.objects.visible_to(member).filter(lead=lead).count()
        return found

    def lock(self, gone: Lead) -> None:
        if not self.held:
            list(self._of(gone).select_for_update().order_by("pk").values_list("pk", flat=True))

    def move(self, kept: Lead, gone: Lead) -> None:
        self.settle(kept, gone)
        if self.sealed:
            seal_all_anew(self._of(gone).filter(**{f"{self.sealed}__isnull": False}), self.sealed, kept, gone)
        self._of(gone).update(lead=kept)

    def _of(self, lead: Lead) -> Any:
        return self.model.objects.filter(business_id=lead.business_id, lead=lead)


PARTS: list[Part] = [
    Rows(Call, "calls", sealed="note"),
    Rows(Message, "texts", sealed="body"),
    Rows(CallProblem, "reported problems", sealed="words"),
    Rows(
        Callback, "calls back owed", settle=ledger.join, held=True
    ),  # by the calls, so after these have moved
]


def tell(kept: Lead) -> None:
    """Let open pages of the lead that stays fetch what it has now."""
    feed.tell(kept.business_id, "lead.changed", kept.pk, kept.status)
