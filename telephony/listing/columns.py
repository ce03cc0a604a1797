"""The columns of the call list: each member chooses his own, and finds them on every device.

What is kept is how he differs from how they come: what he has put away, and which of those that come put away he wants.
So a column that is new is seen, behind the others, until somebody does not want it; or is offered, where a list would
be too wide with it. The caller always stays, in front.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.doors import Admitted
from accounts.models import Member
from audit.recording import record
from callcrm.errors import Invalid
from telephony.events import ColumnsChosen, ColumnsReset
from telephony.models import CallColumns

COLUMNS = {
    "source": "Source",
    "number": "Our number",
    "started": "Started",
    "agent": "Agent",
    "status": "Status",
    "owed": "Call back",
    "rang": "Rang",
    "talked": "Talked",
    "recording": "Recording",
    "outcome": "Outcome",
    "tags": "Tags",
}
# These come put away: what they tell stands in short below the source, at the status and above the tags, until they
# are wanted.
AWAY = frozenset({"number", "rang", "talked", "outcome"})
BOTH = "Outcome and tags"  # what the column of tags is called while it tells the outcome as well
FIGURES = frozenset({"rang", "talked"})  # set to the right


@dataclass(frozen=True, slots=True)
class Column:
    """A column as one member has it. Its cell is `templates/telephony/columns/<name>.html`."""

    name: str
    label: str
    is_shown: bool

    @property
    def is_figure(self) -> bool:
        return self.name in FIGURES


@dataclass(frozen=True, slots=True)
class Columns:
    """Every column in the member's order; `is_own` where that is not how they come."""

    every: list[Column]
    is_own: bool = False

    @property
    def shown(self) -> list[Column]:
        return [column for column in self.every if column.is_shown]

    @property
    def names(self) -> set[str]:
        """Return the names of what is shown."""
        return {column.name for column in self.shown}


def of(member: Admitted) -> Columns:
    """Return the columns as a member has them; a visitor sees them as they come."""
    row = CallColumns.objects.filter(business_id=member.business_id, member_id=member.pk).first()
    hidden, added, order = (row.hidden, row.added, row.order) if row else ([], [], [])
    away = (AWAY - {*added}) | {*hidden}
    known = [name for name in order if name in COLUMNS]
    names = dict.fromkeys([*known, *COLUMNS])
    labels = COLUMNS | ({"tags": BOTH} if "outcome" in away else {})
    return Columns([Column(name, labels[name], name not in away) for name in names], is_own=row is not None)


def moved(order: Sequence[str], name: str, places: int) -> list[str]:
    """Return the order with one column so many places later, or earlier; at the ends and beyond it stays."""
    if name not in order:
        return list(order)
    others = [each for each in order if each != name]
    at = max(0, order.index(name) + places)
    return [*others[:at], name, *others[at:]]


@transaction.atomic
def choose(shown: Collection[str], order: Sequence[str] = (), *, by: Member) -> None:
    """Keep which columns he wants to see, and in which order. Raises Invalid for one that is none."""
    if not {*shown, *order} <= COLUMNS.keys():
        raise Invalid(fields={"column": [f"Choose from {', '.join(COLUMNS)}."]})
    chosen = {
        "hidden": [name for name in COLUMNS if name not in shown and name not in AWAY],
        "added": [name for name in COLUMNS if name in shown and name in AWAY],
        "order": list(dict.fromkeys(order)),
    }
    if CallColumns.objects.filter(business_id=by.business_id, member=by, **chosen).exists():
        return
    CallColumns.objects.update_or_create(business_id=by.business_id, member=by, defaults=chosen)
    record(ColumnsChosen(**chosen), by=by, business_id=by.business_id)


@transaction.atomic
def reset(*, by: Member) -> None:
    """Let him see the columns as they come, whatever comes later."""
    if CallColumns.objects.filter(business_id=by.business_id, member=by).delete()[0]:
        record(ColumnsReset(), by=by, business_id=by.business_id)
