"""How many of those who were missed were reached, and how soon. A span is an index range (`telephony/figures.py`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q
from django.utils.timezone import now

from callcrm.lib import times
from telephony.callbacks.ledger import OWED
from telephony.figures import Median
from telephony.models import CallbackQuerySet, CallQuerySet, Reason
from telephony.providers.base import Direction

MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Recovery:
    """Of the debts that opened in a span: how many evidence has closed, and in what time half of them.

    Without those that were closed as spam: to mark somebody shall not look like leaving a customer alone.
    `due`: those that are closed, or whose promise has passed; whom we have time to call back is no loss yet.
    """

    opened: int
    due: int
    proven: int
    median: timedelta | None
    withheld: int

    @property
    def rate(self) -> str:
        return f"{round(100 * self.proven / self.due)}%" if self.due else "–"

    @property
    def time(self) -> str:
        return "–" if self.median is None else times.span(self.median)


def recovery(callbacks: CallbackQuerySet, calls: CallQuerySet, since: datetime) -> Recovery:
    """Return the figures since a moment, of what a member may see."""
    opened = callbacks.filter(opened_at__gte=since).exclude(reason=Reason.SPAM).order_by()
    due = Q(closed_at__isnull=False) | Q(due_at__lt=now())
    counts: Any = opened.aggregate(
        opened=Count("pk"),
        due=Count("pk", filter=due),
        proven=Count("pk", filter=_PROVEN),
        median=_MEDIAN,
    )
    hidden = calls.filter(started_at__gte=since, outcome__in=OWED, withheld=True, direction=Direction.INBOUND)
    return Recovery(**counts, withheld=hidden.order_by().count())


def waiting(callbacks: CallbackQuerySet) -> str:
    """Return how many are owed, as a menu has room for it; nothing for none."""
    found = callbacks.open().order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if found > MOST_COUNTED else str(found or "")


def oldest(callbacks: CallbackQuerySet) -> datetime | None:
    """Return since when somebody waits whose promise ended first, which an index knows."""
    return callbacks.open().order_by("due_at", "id").values_list("opened_at", flat=True).first()


class _MedianTime(Median):
    output_field = DurationField()


_PROVEN = Q(proof__isnull=False)
_WAITED = ExpressionWrapper(F("closed_at") - F("opened_at"), output_field=DurationField())
_MEDIAN = _MedianTime(_WAITED, filter=_PROVEN)
