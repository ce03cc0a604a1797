"""Part b: the lists of calls and leads, on pages and in the API, at few rows and at a hundred times as many.

Both businesses lie in the same tables, so the small one also shows what a large neighbour costs it. Views of the two
alternate; each round compares medians. Every answer must be 200 and hold a full page of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from accounts.models import Member
from bench import load
from bench.ground import Ground
from bench.report import Line, Report, ratio, say
from bench.seed import Filled
from bench.server import serving
from bench.setting import PASSWORD, Size
from callcrm.lib import paging
from callcrm.lib.tenancy import business_scope
from callcrm.testing import login
from leads.models import Lead
from telephony.models import Call, TrackingNumber

DEEP = 0.5  # of the way to the oldest row
ROW = b'<tr role="row" id="'
PAGE, API = 50, 25  # rows on a page, by default


@dataclass
class View:
    """One address in both businesses, and the medians of its rounds."""

    name: str
    path: str
    params: Mapping[str, str]
    rows: int
    base: str = ""  # the first page of the same list, for a deep one
    p50: dict[str, list[float]] = field(default_factory=lambda: {"small": [], "large": []})


def measure(report: Report, ground: Ground, size: Size, small: Filled, large: Filled) -> None:
    say("b: lists")
    with serving(ground, ground.port), load.Client(ground.port, lanes=1) as client:
        requests = {filled.shop.slug: _requests(client, ground, filled) for filled in (small, large)}
        views = {view.name: view for view in _views({}, "")}
        for _ in range(2):
            _round(report, client, views, requests, times=2)
        for view in views.values():
            view.p50 = {"small": [], "large": []}
        for n in range(size.rounds):
            _round(report, client, views, requests, times=size.pages)
            say(f"  round {n + 1}: {', '.join(_said(view) for view in views.values())}")
    for line in _lines(views):
        report.add(line)


FILTERS: dict[str, dict[str, str]] = {
    "since": {"days": "366"},
    "direction": {"direction": "outbound"},
    "state": {"state": "completed"},
    "number": {"number": "{number}"},
    "source": {"source": "{source}"},
    "agent": {"agent": "{agent}"},
    "no agent": {"agent": "none"},
    "mine": {"mine": "true"},
    "first time": {"first_time": "true"},
    "called before": {"first_time": "false"},
    "after hours": {"after_hours": "true"},
    "in opening hours": {"after_hours": "false"},
    "talked under 30 s": {"talked": "under_30s"},
    "talked over 10 min": {"talked": "over_10min"},
    "a tag": {"tag": "leak"},
    "disposition": {"disposition": "Booked"},
    "no disposition": {"disposition": "none"},
    "recorded": {"recording": "any"},
    "not recorded": {"recording": "none"},
    "a recording that failed": {"recording": "failed"},
    "not called back, few": {"owed": "true"},
    "nothing owed": {"owed": "false"},
    "a rare tag": {"tag": "rare"},
    "a rare tag, first time": {"tag": "rare", "first_time": "true"},
    "six at once": {
        "tag": "leak", "first_time": "true", "outcome": "answered", "after_hours": "false", "direction": "inbound",
        "number": "{number}",
    },
}  # fmt: skip


def _views(cursors: Mapping[str, str], slug: str) -> Iterator[View]:
    pages = f"/b/{slug}/"
    for kind, filters in (("calls", {"outcome": "missed"}), ("leads", {"status": "won"})):
        deep = {"cursor": cursors.get(kind, "")}
        for where, path, rows in (("page", f"{pages}{kind}/", PAGE), ("API", f"/api/v1/{kind}/", API)):
            first = f"{kind}, {where}"
            yield View(first, path, {}, rows)
            yield View(f"{first}, deep", path, deep, rows, base=first)
            yield View(f"{first}, filtered", path, filters, rows)
    yield View("counts of the tabs", f"{pages}calls/counts/", {}, 0)
    for name, params in FILTERS.items():
        yield View(f"calls by {name}", f"{pages}calls/", params, PAGE)


def _requests(client: load.Client, ground: Ground, filled: Filled) -> dict[str, bytes]:
    """Return the request of each view, as the owner of the business."""
    cookie = login(Client(), filled.owner).cookies[settings.SESSION_COOKIE_NAME].value
    host = {"Host": f"127.0.0.1:{ground.port}"}
    as_page = {**host, "Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
    as_api = {**host, "Authorization": f"Bearer {_token(client, host, filled)}"}
    named = _named(filled)
    return {
        view.name: load.get(
            f"{view.path}?{urlencode({name: value.format(**named) for name, value in view.params.items()})}",
            as_api if view.path.startswith("/api/") else as_page,
        )
        for view in _views(_cursors(filled), filled.shop.slug)
    }


def _named(filled: Filled) -> dict[str, object]:
    """Return the ids that filters name."""
    with business_scope(filled.business.pk):
        number = TrackingNumber.objects.get(business=filled.business)
        member = Member.objects.filter(business=filled.business).exclude(pk=filled.owner.pk)[0]
        return {"number": number.pk, "source": number.source_id, "agent": member.pk}


def _token(client: load.Client, host: Mapping[str, str], filled: Filled) -> str:
    body = json.dumps({"email": filled.owner.user.email, "password": PASSWORD}).encode()
    headers = {**host, "Content-Type": "application/json"}
    [answer] = client.run([load.post("/api/v1/auth/token/", headers, body)]).answers
    return str(json.loads(answer.body)["access"])


def _cursors(filled: Filled) -> dict[str, str]:
    """Return what the page before the middle of each list names as its next one."""
    with business_scope(filled.business.pk):
        calls = Call.objects.visible_to(filled.owner)
        leads = Lead.objects.visible_to(filled.owner)
        nth = int(filled.rows * DEEP)
        middle = calls.order_by("-started_at", "-id")[nth]
        lead = leads.order_by("-id")[nth]
        return {
            "calls": paging.page(
                calls.filter(started_at__lte=middle.started_at), cursor="", size=1, at="started_at"
            ).older,
            "leads": paging.page(leads.filter(pk__lte=lead.pk), cursor="", size=1).older,
        }


def _round(
    report: Report,
    client: load.Client,
    views: Mapping[str, View],
    requests: Mapping[str, Mapping[str, bytes]],
    *,
    times: int,
) -> None:
    """Each view a few times, small and large in turn; every second turn begins with the other."""
    for view in views.values():
        turns = [slug for n in range(times) for slug in (("small", "large") if n % 2 else ("large", "small"))]
        answers = client.run([requests[slug][view.name] for slug in turns]).answers
        for answer in answers:
            _check(report, view, answer)
        for slug, seen in view.p50.items():
            seen.append(
                median(answer.seconds for turn, answer in zip(turns, answers, strict=True) if turn == slug)
            )


def _check(report: Report, view: View, answer: load.Answer) -> None:
    if answer.status != 200:
        report.fault(f"{view.name}: answered with {answer.status}")
        return
    is_api = view.path.startswith("/api/")
    rows = len(json.loads(answer.body)["results"]) if is_api else answer.body.count(ROW)
    if rows != view.rows:
        report.fault(f"{view.name}: {rows} rows instead of {view.rows}")


def _said(view: View) -> str:
    small, large = (view.p50[slug][-1] * 1000 for slug in ("small", "large"))
    return f"{view.name} {small:.1f}/{large:.1f} ms"


def _lines(views: Mapping[str, View]) -> Iterator[Line]:
    for view in views.values():
        figure = ratio(view.p50["large"], view.p50["small"])
        yield Line("b", f"{view.name}: large against small", figure, bar=1.2, note="")
    for view in views.values():
        if view.base:
            figure = ratio(view.p50["large"], views[view.base].p50["large"])
            yield Line("b", f"  {view.name}, against the first page", figure)
