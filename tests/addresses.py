"""Every address of callcrm, as the URLconf has it, with what its door asks for and the row that its id names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.permissions import Permission

PAGE_METHODS = ("GET", "POST")
# Which of `tests.everything` the id in an address is.
ROWS = {
    "account-forget": "account",
    "api-call": "call",
    "api-call-stops": "call",
    "api-call-problems": "call",
    "api-problem": "problem",
    "api-problem-resolutions": "problem",
    "api-problem-reopenings": "problem",
    "api-callback": "callback",
    "api-callback-closings": "callback",
    "api-callback-reopenings": "callback",
    "api-entry": "entry",
    "api-flow": "number",
    "api-flow-publications": "number",
    "api-flow-what-if": "number",
    "api-lead": "lead",
    "api-merges": "lead",
    "api-message": "message",
    "api-number": "number",
    "api-receipt": "receipt",
    "api-recording": "recording",
    "api-recording-audio": "recording",
    "api-recording-deletions": "recording",
    "api-recording-hold-liftings": "recording",
    "api-recording-holds": "recording",
    "api-reveals": "lead",
    "api-source": "source",
    "api-user": "member",
    "call": "call",
    "call-edits": "call",
    "call-stops": "call",
    "call-deliveries": "call",
    "call-problems": "call",
    "problem-reopenings": "problem",
    "problem-resolutions": "problem",
    "call-view-edits": "view",
    "call-view-removals": "view",
    "call-panel": "call",
    "call-change-reversals": "bulk",
    "call-panel-assignments": "call",
    "call-panel-closings": "call",
    "call-panel-edits": "call",
    "call-panel-reopenings": "call",
    "call-panel-spam-marks": "call",
    "call-panel-spam-releases": "call",
    "call-note-reveal": "call",
    "callback-assignments": "callback",
    "callback-closings": "callback",
    "callback-reopenings": "callback",
    "call-spam-marks": "call",
    "call-spam-releases": "call",
    "export-downloads": "export",
    "export-retries": "export",
    "flow": "number",
    "flow-discards": "number",
    "flow-publications": "number",
    "flow-removals": "number",
    "flow-reversals": "number",
    "flow-restorations": "flow",
    "flow-version": "number",
    "flow-versions": "number",
    "flow-what-if": "number",
    "lead": "lead",
    "lead-deletions": "lead",
    "lead-edits": "lead",
    "lead-merge-searches": "lead",
    "lead-merges": "lead",
    "lead-moves": "lead",
    "lead-note-drafts": "lead",
    "lead-notes": "lead",
    "lead-spam-marks": "lead",
    "lead-spam-releases": "lead",
    "member-invitation": "member",
    "member-removal": "member",
    "member-role": "member",
    "message-reveal": "message",
    "note-reveal": "note",
    "number": "number",
    "own-session-end": "session",
    "recording-deletions": "recording",
    "recording-hold-liftings": "recording",
    "recording-holds": "recording",
    "recording-pauses": "call",
    "recording-resumptions": "call",
    "recording-retries": "recording",
    "playback": "playback",
    "playback-audio": "playback",
    "recording-downloads": "recording",
    "recording-file": "recording",
    "recording-taken": "recording",
    "recording-note-edits": "moment",
    "recording-note-removals": "moment",
    "recording-note-restorations": "moment",
    "recording-notes": "recording",
    "recording-playbacks": "recording",
    "reveal": "lead",
    "session-end": "session",
    "transcript-reveal": "recording",
    "visit-end": "visit",
}


@dataclass(frozen=True)
class Address:
    """One pattern of the URLconf. `needs` names the right for each method; of an open door it is empty."""

    name: str
    route: str
    view: Any

    def __str__(self) -> str:
        return self.name or self.route

    @property
    def door(self) -> Any:
        return getattr(self.view, "cls", None) or getattr(self.view, "view_class", None) or self.view

    @property
    def needs(self) -> Mapping[str, Permission]:
        found = getattr(self.view, "needs", None) or getattr(self.door, "needs", None)
        return dict.fromkeys(PAGE_METHODS, found) if isinstance(found, Permission) else found or {}

    @property
    def reason(self) -> str:
        return str(getattr(self.view, "open_door", "") or getattr(self.door, "open_door", ""))

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    @property
    def is_business(self) -> bool:
        return self.route.startswith("b/<slug:slug>/")

    @property
    def has_id(self) -> bool:
        return "<uuid:pk>" in self.route

    def path(self, ids: Mapping[str, str], slug: str = "acme") -> str:
        words: dict[str, Any] = {"slug": slug} if self.is_business else {}
        words |= {"version": 1} if "<int:version>" in self.route else {}
        return reverse(self.name, kwargs=words | ({"pk": ids[ROWS[self.name]]} if self.has_id else {}))


@cache
def every_address() -> tuple[Address, ...]:
    return tuple(_walked(get_resolver().url_patterns))


def behind_doors() -> list[Address]:
    """Those that need a right, of a member."""
    return [address for address in every_address() if address.needs]


def _walked(patterns: list[Any], route: str = "", space: str = "") -> Iterator[Address]:
    for one in patterns:
        here = route + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from _walked(one.url_patterns, here, inner)
        elif isinstance(one, URLPattern):
            yield Address(f"{space}{one.name or ''}", here, one.callback)
