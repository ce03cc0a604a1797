"""What is counted around the list, asked for once it is there and after news of it: how many calls each tab would show.

A count reads just what a click would show, through the same indexes and in the same order, and stops at a hundred. What
cannot be read in time has no count: a number is worth no waiting, neither here nor of anybody else.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import IntegerField, QuerySet, Value
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from psycopg.errors import QueryCanceled

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from telephony import figures
from telephony.listing import chips, filters, listed
from telephony.models import Call, CallQuerySet

MOST = 100
WITHIN_MS = 300


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def counts(request: MemberRequest) -> HttpResponse:
    """The tabs of a list with their counts, what took too long without; and how many came today and are owed."""
    searched, tabs = listed.searched(request), chips.tabs(request)
    lists = {tab.key: listed.matching(request, tab.params, searched) for tab in tabs if tab.is_counted}
    # Apart, so that a slow view of somebody's takes no count from the tabs that everybody has.
    found = counted({key: lists[key] for key in lists if key in chips.TABS})
    found |= counted({key: lists[key] for key in lists if key not in chips.TABS})
    shown = [replace(tab, count=_words(found[tab.key])) if tab.key in found else tab for tab in tabs]
    today = figures.of_today(Call.objects.visible_to(request.member), request.business.tz)
    return render(
        request, "telephony/_call_counts.html", {"tabs": shown, "counts_come": True, "today": today}
    )


def _words(calls: int) -> str:
    return str(calls) if calls < MOST else f"{MOST - 1}+"


def counted(lists: Mapping[str, CallQuerySet]) -> dict[str, int]:
    """Count each up to `MOST`, all in one statement; return nothing where that takes too long."""
    if not lists:
        return {}
    parts = [_first(calls, n) for n, calls in enumerate(lists.values())]
    rows = parts[0].union(*parts[1:], all=True)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(WITHIN_MS)])
            found = Counter(n for (n,) in rows)
            transaction.set_rollback(True)  # nothing was written; the time limit ends here
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return {}
    return {key: found[n] for n, key in enumerate(lists)}


def _first(calls: CallQuerySet, n: int) -> QuerySet[Any, tuple[Any, ...]]:
    newest = calls.order_by(*(f"-{key}" for key in filters.ORDER))
    return newest.annotate(part=Value(n, IntegerField())).values_list("part")[:MOST]
