"""The search box above a list: what it posts, and what it holds when the list comes back.

What is typed about a person has no place in a URL. It is posted and kept (`searches.py`), and the address of the list
carries `search=<id>`, which says nothing of it: Back, reloading and the pages of what was found work.
"""

from dataclasses import dataclass

from accounts.doors import MemberRequest
from leads import search, searches


@dataclass(frozen=True, slots=True)
class Box:
    """What the box holds. A search that is over has left no text."""

    text: str = ""
    is_over: bool = False

    @property
    def is_used(self) -> bool:
        return bool(self.text) or self.is_over

    @property
    def advice(self) -> str:
        return search.advice(self.text)


def keep(request: MemberRequest) -> str:
    """Keep what was posted and return its id for the address; nothing for nothing."""
    text = request.POST.get("q", "").strip()
    return searches.keep(request.session, request.business.pk, text) if text else ""


def of(request: MemberRequest) -> Box:
    """Return what was typed for the list at this address."""
    return under(request, request.GET.get("search", ""))


def under(request: MemberRequest, search_id: str) -> Box:
    """Return what was typed and lies under this id."""
    if not search_id:
        return Box()
    text = searches.recall(request.session, request.business.pk, search_id)
    return Box(text or "", is_over=not text)
