"""The page of opening hours: the week, days of their own, and public holidays of a country.

Every form on it works without scripts, and a refused one keeps what was typed while the others stay as they were.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.lib import times
from telephony.hours import opening
from telephony.hours.forms import CountryForm, HolidayForm, RemovalForm, WeekForm
from telephony.hours.typed import shown
from telephony.hours.week import MIDNIGHT, WEEKDAYS, Hours, Window


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.NUMBERS)
def hours(request: MemberRequest) -> HttpResponse:
    """Show the hours; change the week."""
    saved = opening.of(request.business)
    if "same" in request.POST:
        copied = WeekForm.same(request.POST.dict(), business=request.business, hours=saved)
        return _page(request, week=copied)
    form = WeekForm(request.POST or None, business=request.business, hours=saved)
    if form.is_valid() and form.does(lambda: form.keep(by=request.member)):
        messages.success(request, "The hours were saved.")
        return redirect("hours", request.business.slug)
    return _page(request, week=form, status=422 if request.method == "POST" else 200)


@require_POST
@needs(Permission.NUMBERS)
def add_holiday(request: MemberRequest) -> HttpResponse:
    """Give a day hours of its own."""
    form = HolidayForm(request.POST, business=request.business, auto_id="holiday_%s")
    if form.is_valid() and form.does(lambda: form.keep(by=request.member)):
        messages.success(request, "The day was saved.")
        return redirect("hours", request.business.slug)
    return _page(request, holiday=form, status=422)


@require_POST
@needs(Permission.NUMBERS)
def remove_holiday(request: MemberRequest) -> HttpResponse:
    """Let a day be like any other again."""
    form = RemovalForm(request.POST, business=request.business, auto_id="removal_%s")
    if form.is_valid() and form.does(lambda: form.keep(by=request.member)):
        messages.success(request, "The day was removed.")
        return redirect("hours", request.business.slug)
    return _page(request, removal=form, status=422)


@require_POST
@needs(Permission.NUMBERS)
def add_public_holidays(request: MemberRequest) -> HttpResponse:
    """Close on the public holidays of a country, for the next twelve months."""
    form = CountryForm(request.POST, business=request.business, auto_id="public_%s")
    days = form.new(_today(request)) if form.is_valid() else {}
    if form.is_valid() and form.does(lambda: form.keep(days, by=request.member)):
        messages.success(request, f"Public holidays: {len(days)} added.")
        return redirect("hours", request.business.slug)
    return _page(request, country=form, status=422)


def _page(request: MemberRequest, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Draw the page, with the form that was refused in the place of a fresh one."""
    business, row = request.business, opening.row_of(request.business)
    saved = opening.hours_of(business, row)
    week = forms.get("week") or WeekForm(business=business, hours=saved)
    ahead, past = _holidays(opening.document_of(row)["holidays"], saved, _today(request))
    context = {
        "week": week,
        "rows": list(_rows(week, saved)),
        "holiday": forms.get("holiday") or HolidayForm(business=business, auto_id="holiday_%s"),
        "country": forms.get("country") or CountryForm(business=business, auto_id="public_%s"),
        "unsaved": "same" in request.POST,
        "removal": forms.get("removal"),
        "version": row.updated_at.isoformat() if row else "",
        "ahead": ahead,
        "past": past,
        "zone": times.zone_name(business),
        "is_open": saved.is_open(now()),
        "words": saved.in_words(now()),
    }
    return render(request, "telephony/hours.html", context, status=status)


def _rows(form: WeekForm, saved: Hours) -> Iterator[dict[str, Any]]:
    """Yield a row for each day: its field, its bar, and what is saved where somebody else has just saved it."""
    for day, own in zip(WEEKDAYS, saved.week, strict=True):
        yield {
            "field": form[day],
            "bars": None if (windows := form.windows(day)) is None else bars(windows),
            "saved": shown(own) if form.conflict else "",
        }


def bars(windows: tuple[Window, ...]) -> list[dict[str, str]]:
    """Return where a day is open, in hundredths of it, as SVG takes them."""
    return [
        {"x": f"{start * 100 / MIDNIGHT:.2f}%", "width": f"{(end - start) * 100 / MIDNIGHT:.2f}%"}
        for start, end in windows
    ]


def _holidays(document: Any, saved: Hours, today: date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the days to come, and those that are over, newest first."""
    days = [
        {"day": day, "name": document[day.isoformat()]["name"], "words": shown(windows)}
        for day, windows in sorted(saved.holidays.items())
    ]
    return [one for one in days if one["day"] >= today], [one for one in days[::-1] if one["day"] < today]


def _today(request: MemberRequest) -> date:
    return datetime.now(request.business.tz).date()
