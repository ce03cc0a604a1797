"""Who is marked as spam is owed nothing any more, and who is no spam after all is owed what he was.

Whichever way members move people to that status and away from it: a button, a form, many at once, a merge of two
cards, a program. Who marks somebody closes what he is owed, with that reason and in his own name, if he may know of it;
what a colleague has taken stays with him. Who takes the mark off opens it again, whoever has closed it: nobody is
forgotten by mistake. That closing one as spam marks the person, and opening it takes the mark off, is `settling.py`'s.
Locks: the lead, then his debt.
"""

from collections.abc import Collection
from uuid import UUID

from django.template.defaultfilters import pluralize

from accounts.models import Member
from leads.editing import Moves
from leads.models import Lead
from telephony.callbacks import settling
from telephony.models import Callback, Reason

SPAM = Lead.Status.SPAM


def follow(moves: Moves, by: Member) -> str:
    """People, who are locked, were moved from one status to another: do what follows, and say it."""
    closed = _close([pk for pk, (_, after) in moves.items() if after == SPAM], by)
    opened = _open([pk for pk, (before, _) in moves.items() if before == SPAM], by)
    return " ".join(filter(None, [_said(closed, "closed with it"), _said(opened, "open again")]))


def _close(people: Collection[UUID], by: Member) -> int:
    owed = Callback.objects.visible_to(by).open().filter(lead__in=people) if people else ()
    rows = list(owed)
    if rows:
        settling.close_all(rows, Reason.SPAM, by=by)
    return len(rows)


def _open(people: Collection[UUID], by: Member) -> int:
    """Open the last debt of each, and return how many are; what came after an older one has settled that."""
    if not people:
        return 0
    theirs = Callback.objects.filter(business_id=by.business_id, lead__in=people)
    last = theirs.order_by("lead_id", "-opened_at", "-id").distinct("lead_id")
    rows = [row for row in last if row.reason == Reason.SPAM]
    if not rows:
        return 0
    settling.open_again(rows, by=by)
    return theirs.open().count()  # who was reached meanwhile is not owed again


def _said(count: int, what: str) -> str:
    if not count:
        return ""
    return f"The callback is {what}." if count == 1 else f"{count} callback{pluralize(count)} are {what}."
