"""How an open list of calls follows what happens while no row moves under the hand that reads it.

Scripts ask how many calls the list would show that the page does not (`news`), and how rows that it shows look by now
(`rows`). Each reads a bounded number of rows and says nothing that the list itself would not.
"""

from collections.abc import Collection
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.errors import Invalid
from telephony import pages
from telephony.callbacks import proofs
from telephony.listing import columns, filters, listed
from telephony.models import Call, CallQuerySet

MOST_NEW = 50  # that are counted; beyond it is "50+"
MOST_ASKED = 50


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def news(request: MemberRequest) -> HttpResponse:
    """How many calls are new to a first page that shows these."""
    found = listed.matching(request, request.GET.dict(), listed.searched(request))
    count = _new(found, _ids(request, "shown"))
    context = {"count": min(count, MOST_NEW), "more": count > MOST_NEW}
    return render(request, "telephony/_news.html", context)


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def rows(request: MemberRequest) -> HttpResponse:
    """The rows of these calls, and of the calls of these recordings and debts: the feed names either."""
    visible = Call.objects.visible_to(request.member)
    asked = set(_ids(request, "call"))
    asked.update(_of(visible, "recordings", _ids(request, "recording")))
    asked.update(_of(visible, "owed__callback", _ids(request, "callback")))
    found = list(pages.for_rows(visible).filter(pk__in=asked)) if asked else []
    proofs.show((call.debt for call in found), request.member)
    context = {"rows": found, "columns": columns.of(request.member)}
    return render(request, "telephony/_changed_rows.html", context)


def _new(matching: CallQuerySet, shown: Collection[UUID]) -> int:
    """Count what belongs above the last row that is shown; on a page that is not full, below it too."""
    newest = matching.order_by(*(f"-{key}" for key in filters.ORDER)).values_list("pk", flat=True)
    found = list(newest[: len(shown) + MOST_NEW + 1])
    known = set(shown)
    if len(shown) >= pages.PAGE_SIZE:
        found = found[: max((at for at, pk in enumerate(found) if pk in known), default=len(found))]
    return sum(pk not in known for pk in found)


def _of(visible: CallQuerySet, what: str, pks: Collection[UUID]) -> Collection[UUID]:
    if not pks:
        return ()
    return visible.filter(**{f"{what}__in": pks}).values_list("pk", flat=True)[:MOST_ASKED]


def _ids(request: MemberRequest, name: str) -> list[UUID]:
    """Read ids with commas between. Raises Invalid."""
    given = request.GET.get(name, "")
    try:
        found = [UUID(text) for text in given.split(",")] if given else []
    except ValueError:
        found = []
    if len(found) > MOST_ASKED or (given and not found):
        raise Invalid(fields={name: [f"Give at most {MOST_ASKED} ids, with commas between."]})
    return found
