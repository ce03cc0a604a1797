"""Which calls the list shows at an address: by its filters, and of whom a search has found.

The page, the bar that counts what is new and whatever else speaks of the list ask here: all mean the same calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

from accounts.doors import MemberRequest
from leads import search, search_box
from leads.search_box import Box
from telephony.listing import filters
from telephony.models import Call, CallQuerySet

MOST_PEOPLE = 100  # whose calls a search shows; the newest of all who agree
KEPT = filters.NAMES | {"search"}  # of an address, by what leads back to the list


@dataclass(frozen=True, slots=True)
class Searched:
    """What was typed, and whom it has found; `people` is None where nothing was searched for."""

    box: Box
    people: list[UUID] | None = None
    are_more: bool = False


def searched(request: MemberRequest, search_id: str | None = None) -> Searched:
    """Return the search of an address, or under an id. One that is over finds nobody, else it would be another list."""
    box = search_box.of(request) if search_id is None else search_box.under(request, search_id)
    if not box.is_used:
        return Searched(box)
    if box.is_over:
        return Searched(box, [])
    found = search.search(request.member, request.business, box.text, size=MOST_PEOPLE)
    return Searched(box, [lead.pk for lead in found.leads], are_more=found.next is not None)


def matching(request: MemberRequest, params: Mapping[str, str], searched: Searched) -> CallQuerySet:
    """Return the calls of a list, in no order yet. Raises Invalid naming the filters that are wrong."""
    visible = Call.objects.visible_to(request.member)
    found = filters.of_page(visible, params, member=request.member, business=request.business)
    return found if searched.people is None else found.filter(lead_id__in=searched.people)


def address(request: MemberRequest, **changes: str) -> str:
    """Return the address of the list as it is narrowed now, from its first page."""
    now = {name: str(value) for name, value in request.GET.items() if name in KEPT}
    params = {name: value for name, value in (now | changes).items() if value}
    return reverse("calls", args=[request.business.slug]) + (f"?{urlencode(params)}" if params else "")
