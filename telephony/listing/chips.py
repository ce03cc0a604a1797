"""How the call list's filters look: tabs, chips and what is set, made of the page's URL.

A chip names a value that it would not offer, such as an archived source, as long as it is set. What every value
means is said by `filters.py`, which has checked them before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.http import urlencode

from accounts.doors import MemberRequest
from accounts.models import Member
from callcrm.lib.ui_lists import Filter, Range
from leads.models import Source
from telephony.listing import dates, saved_views
from telephony.listing.filters import ANY, NAMES, NONE
from telephony.models import CallView, Outcome, TrackingNumber
from telephony.models.shown import WAYS
from telephony.providers.base import CallState, Direction

Options = list[tuple[str, str]]
OWED = "owed"
OWED_HINT = "Calls to return; one person may have several. Callbacks counts people."
TABS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "all": ("All calls", {}),
    OWED: ("Not called back", {"owed": "true"}),
    "missed": ("Missed", {"outcome": "missed", "direction": "inbound"}),
    "voicemail": ("Voicemail", {"outcome": "voicemail"}),
    "first": ("First-time callers", {"first_time": "true"}),
    "mine": ("Mine", {"mine": "true"}),
}
MOST_VIEWS = 40  # shown as tabs; the page of views has them all
MOST_COUNTED = 8  # of them
# What a tab is known by: the first filter that it sets. What else it sets goes with it, and is otherwise one's own.
TABBED = {next(iter(params)) for _, params in TABS.values() if params}
OUTCOMES = [
    (value, "Missed, or not reached" if value == Outcome.MISSED else label)
    for value, label in Outcome.choices
]
LENGTHS = [
    ("under_30s", "Under 30 seconds"),
    ("30s_to_2min", "30 seconds to 2 minutes"),
    ("2_to_10min", "2 to 10 minutes"),
    ("over_10min", "Over 10 minutes"),
]
# The carrier's word for the caller's leg; what it was for the business is said by its status.
STATES = [
    (CallState.QUEUED.value, "Not ringing yet"),
    (CallState.RINGING.value, "Ringing"),
    (CallState.IN_PROGRESS.value, "Connected"),
    (CallState.COMPLETED.value, "Ended after connecting"),
    (CallState.CANCELED.value, "Given up"),
    (CallState.NO_ANSWER.value, "No answer"),
    (CallState.BUSY.value, "Busy"),
    (CallState.FAILED.value, "Failed"),
]
# A chip that is set says its value alone, so each is understood without the name of the filter.
RECORDINGS = [
    (ANY, "Any recording"),
    ("stored", "Recording to play"),
    ("pending", "Recording on its way"),
    ("failed", "Recording failed"),
    ("blocked", "Not kept: no notice"),
    ("deleted", "Recording deleted"),
    ("absent", "Nothing was recorded"),
    (NONE, "No recording begun"),
]
LABELS = {
    "days": "Date",
    "from": "Date",
    "to": "Date",
    "outcome": "Status",
    "owed": "Call back",
    "after_hours": "Hours",
    "first_time": "First call",
    "talked": "Talked",
    "disposition": "Outcome",
    "tag": "Tag",
    "source": "Source",
    "number": "Number",
    "agent": "Agent",
    "mine": "Mine",
    "direction": "Direction",
    "state": "Connection",
    "recording": "Recording",
    "has_recording": "Recording",
    # What has no chip is set by a link or by hand.
    "since": "Since",
    "until": "Until",
    "lead": "Lead",
    "provider_id": "Provider's id",
    "search": "Search",  # not what was typed: that stands in the box alone
}
RARE = frozenset({"after_hours", "first_time", "number", "direction", "state", "recording"})
_NO_RANGE = dict.fromkeys(dates.RANGE, "")


@dataclass(frozen=True, slots=True)
class Tab:
    """A set of filters under a name. `params` are those that its link sets, besides a search that goes on."""

    key: str
    label: str
    params: Mapping[str, str]
    url: str
    current: bool
    is_counted: bool  # all calls together are not
    is_whole: bool = True  # a saved view of which a filter is no longer understood is not
    count: str = ""  # comes later (`counts.py`)

    @property
    def is_view(self) -> bool:
        return self.key not in TABS

    @property
    def hint(self) -> str:
        return OWED_HINT if self.key == OWED else ""

    @property
    def is_urgent(self) -> bool:
        """Say whether somebody is known to wait for a call back."""
        return self.key == OWED and self.count not in ("", "0")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A filter that is set, in words, and the list without it."""

    text: str
    without: str


def tabs(request: MemberRequest) -> list[Tab]:
    """Return the tabs, then the saved views. One is current: the view that is just what is set, else the tab that says
    what the URL says of the filters that tabs are known by. A tab keeps what it and the current one do not set."""
    views = list(_views(request))
    given = _set(request.GET)
    here = _current(given)
    own = {*TABBED, *TABS[here][1]} if here else TABBED
    others = {name: value for name, value in given.items() if name in NAMES and name not in own}
    is_view, nothing = any(view.current for view in views), dict.fromkeys(own, "")
    built_in = [
        Tab(
            key,
            label,
            params={**others, **params},
            url=_url(request.GET, {**nothing, **params}),
            current=key == here and not is_view,
            is_counted=bool(others or params or "search" in given),
        )
        for key, (label, params) in TABS.items()
    ]
    return built_in + views


def _current(given: Mapping[str, str]) -> str:
    """Return the key of the tab that the filters say, if there is one."""
    chosen = {name for name in given if name in TABBED}
    fitting = (
        key
        for key, (_, params) in TABS.items()
        if params.items() <= given.items() and chosen == TABBED.intersection(params)
    )
    return next(fitting, "")


def _views(request: MemberRequest) -> Iterator[Tab]:
    """A view is all that is set; only a search goes on in it."""
    given = _set(request.GET)
    searched = {name: value for name, value in given.items() if name == "search"}
    chosen = {name: value for name, value in given.items() if name in NAMES}
    for n, view in enumerate(CallView.objects.visible_to(request.member).for_list()[:MOST_VIEWS]):
        params = saved_views.understood(view, request.business)
        whole = params == view.filters
        yield Tab(
            str(view.pk),
            view.name,
            params=params,
            url=f"?{urlencode(params | searched)}",
            current=whole and chosen == params,
            is_counted=n < MOST_COUNTED and bool(params or searched),
            is_whole=whole,
        )


def chips(request: MemberRequest, words: Mapping[str, list[str]]) -> list[Filter]:
    """Return every chip with what may be chosen; one that has nothing to choose from is none.

    `words`: what the business says of calls (`suggestions.words`).
    """
    named = (_naming(chip, request.GET.get(chip.name, "")) for chip in _chips(request, words))
    return [chip for chip in named if chip.options]


def put_away(query: QueryDict) -> set[str]:
    """Return the names of chips that stand behind "More": those that are used little, unless they are set."""
    return {name for name in RARE if not query.get(name)}


def narrowing(query: QueryDict, offered: Iterable[Filter]) -> list[Narrowing]:
    """Return what is set, each with a way to take just that off."""
    found = {chip.name: chip for chip in offered}
    given = _set(query)
    ranged = [Narrowing(f"Date: {words}", _url(query, _NO_RANGE))] if (words := dates.words(given)) else []
    single = (name for name in given if (name in NAMES or name == "search") and name not in dates.RANGE)
    return [
        *ranged,
        *(Narrowing(_words(name, given[name], found.get(name)), _url(query, {name: ""})) for name in single),
    ]


def typed_dates(params: Mapping[str, str], *, problems: Mapping[str, str] | None = None) -> Range:
    """Return the fields for dates of one's own as they were filled in, and what is wrong with them."""
    first, last = (params.get(name, "") for name in dates.RANGE)
    return Range(first, last, words="" if problems else dates.words(params), problems=problems or {})


def _chips(request: MemberRequest, words: Mapping[str, list[str]]) -> Iterator[Filter]:
    days = [("1", "Today"), ("7", "Last 7 days"), ("30", "Last 30 days")]
    yield _chip("days", days, icon="calendar", range=typed_dates(request.GET.dict()))
    yield _chip("outcome", OUTCOMES)
    yield _chip("owed", [("true", "Not called back"), ("false", "Nothing owed")])
    yield _chip("source", _sources(request))
    yield _chip("agent", [(NONE, "No one of the team"), *_staff(request)])
    # Its tab sets it. Beside another tab's filter it must be seen all the same.
    if request.GET.get("mine"):
        yield _chip("mine", [("true", "Taken by me")])
    noted = [(word, word) for word in words["dispositions"]]
    yield _chip("disposition", [(NONE, "Nothing noted"), *noted])
    yield _chip("tag", [(word, word) for word in words["tags"]])
    yield _chip("talked", LENGTHS)
    yield _chip("number", _numbers(request))
    yield _chip("after_hours", [("true", "After hours"), ("false", "In opening hours")])
    yield _chip("first_time", [("true", "First-time callers"), ("false", "Returning callers")])
    yield _chip("direction", [(way.value, WAYS[way]) for way in Direction])
    yield _chip("state", STATES)
    yield _chip("recording", RECORDINGS)
    # What older links and views say; the chip of recordings says it as well.
    if request.GET.get("has_recording"):
        yield _chip("has_recording", [("true", "Any recording"), ("false", "No recording begun")])


def _chip(name: str, options: Options, **more: Any) -> Filter:
    return Filter(name, LABELS[name], options, **more)


def _naming(chip: Filter, value: str) -> Filter:
    """Let it name what is set, also where that is none of its choices; ids of what is gone say nothing to anybody."""
    if not value or any(value == one for one, _ in chip.options):
        return chip
    words = "Not found" if _is_id(value) else value if chip.name != "days" else f"Last {value} days"
    return replace(chip, options=[*chip.options, (value, words)])


def _words(name: str, value: str, chip: Filter | None) -> str:
    if chip is None:
        return LABELS[name]
    return f"{chip.label}: {next(words for one, words in chip.options if one == value)}"


def _sources(request: MemberRequest) -> Options:
    """Those in use, and an archived one while it is set."""
    chosen = request.GET.get("source", "")
    found = Source.objects.filter(business=request.business).order_by("name")
    return [(str(row.pk), row.name) for row in found if not row.is_archived or str(row.pk) == chosen]


def _numbers(request: MemberRequest) -> Options:
    found = TrackingNumber.objects.filter(business=request.business).order_by("label", "e164")
    return [(str(row.pk), str(row)) for row in found]


def _staff(request: MemberRequest) -> Options:
    """Those who work here, and one who has left while he is set."""
    chosen = request.GET.get("agent", "")
    members = Member.objects.filter(business=request.business).select_related("user")
    found = [(str(row.pk), row.name) for row in members if not row.removed_at or str(row.pk) == chosen]
    return sorted(found, key=lambda each: each[1].lower())


def _set(query: QueryDict) -> dict[str, str]:
    return {name: str(value) for name, value in query.items() if value}


def _url(query: QueryDict, changes: Mapping[str, str]) -> str:
    changed = query.copy()
    changed.pop("cursor", None)
    for name, value in changes.items():
        changed.pop(name, None)
        if value:
            changed[name] = value
    return f"?{changed.urlencode()}"


def _is_id(value: str) -> bool:
    try:
        return bool(UUID(value))
    except ValueError:
        return False
