"""The components around a list, as template tags: its tabs, its chips, the dates among them, the way to older rows, and
what a row of the history changed.

Those around it are links and forms of GET that keep what else the URL says, so they work without scripts. What the
values mean is said by whoever makes a `Filter`. Further components: `callcrm.lib.ui`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from django import template
from django.template.context import Context

register = template.Library()

RANGE = ("from", "to")
CHANGES_SHOWN = 5  # more fold away


@dataclass(frozen=True)
class Range:
    """Two dates of one's own choosing, the URL parameters `from` and `to`: what was typed, how it is called once it is
    understood, and what is wrong with either."""

    first: str = ""
    last: str = ""
    words: str = ""
    problems: Mapping[str, str] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """One chip of a filter bar: the URL parameter, its label, and the values a person may choose.

    A long list is read by `headings`: the value that a heading stands above, and its words. A `range` stands below the
    values; one is set or the other.
    """

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    icon: str = ""
    headings: Mapping[str, str] = dataclass_field(default_factory=dict)
    range: Range | None = None


def _query(context: Context) -> Any:
    request = context.get("request")
    return request.GET.copy() if request else None


def _link(context: Context, **changes: str) -> str:
    query = _query(context)
    if query is None:
        return "?"
    query.pop("cursor", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Any) -> dict[str, Any]:
    """{% pager page %}: links to newer and older rows; `page.newer` and `page.older` are cursors or empty."""
    newer, older = (str(getattr(page, side, "") or "") for side in ("newer", "older"))
    return {
        "newer": _link(context, cursor=newer) if newer else "",
        "older": _link(context, cursor=older) if older else "",
    }


@register.inclusion_tag("components/chip.html", takes_context=True)
def chip(context: Context, chooser: Filter) -> dict[str, Any]:
    """{% chip filter %}: a `Filter` as a button; its choices are links, so it works without scripts."""
    chosen = (_query(context) or {}).get(chooser.name, "")
    others = dict.fromkeys(RANGE, "") if chooser.range else {}
    options = [
        {
            "label": label,
            "url": _link(context, **others, **{chooser.name: value}),
            "on": value == chosen,
            "heading": chooser.headings.get(value, ""),
        }
        for value, label in chooser.options
    ]
    named = next((option["label"] for option in options if option["on"]), "")
    return {
        "filter": chooser,
        "options": options,
        "chosen": named or (chooser.range.words if chooser.range else ""),
        "clear": _link(context, **others, **{chooser.name: ""}),
        "dates": date_range(context, chooser.range, chooser.name) if chooser.range else None,
    }


@register.inclusion_tag("components/date_range.html", takes_context=True)
def date_range(context: Context, dates: Range, instead_of: str) -> dict[str, Any]:
    """{% date_range dates "days" %}: a form for two dates that keeps what else is set, but not what they stand for."""
    query = _query(context) or {}
    kept = [(name, value) for name, value in query.items() if name not in (instead_of, *RANGE, "cursor")]
    return {"dates": dates, "kept": kept, "place": "wrong" if dates.problems else instead_of}


@register.inclusion_tag("components/tab.html", takes_context=True)
def tab(context: Context, label: str, **params: str) -> dict[str, Any]:
    """{% tab "Missed" outcome="missed" %}: a saved view; current when the URL says the same."""
    query = _query(context) or {}
    current = all(query.get(name, "") == value for name, value in params.items())
    return {"label": label, "url": _link(context, **params), "current": current}


@register.inclusion_tag("components/changes.html")
def changes(made: Sequence[Any]) -> dict[str, Any]:
    """{% changes entry.changes %}: each with `what`, and where they are known `before` and `after`."""
    most = CHANGES_SHOWN if len(made) > CHANGES_SHOWN + 1 else len(made)
    return {"shown": made[:most], "rest": made[most:]}
