"""Times and lengths in the words people read: "10:42 am", "6 min ago", "5:12".

Pure: the caller gives the zone and the present. A business's pages are in the business's time zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from datetime import date as day
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone


def zone_of(business: object | None) -> tzinfo:
    """Return the zone that a business's people live by; without a business, the installation's."""
    name = getattr(business, "timezone", "")
    return ZoneInfo(name) if name else timezone.get_current_timezone()


def zone_name(business: Any) -> str:
    """Return the name of a business's time zone for people: "America/New York"."""
    return str(business.timezone).replace("_", " ")


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def clock(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def clock_with_seconds(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local:%M:%S} {'am' if local.hour < 12 else 'pm'}"


def date(local: datetime, now: datetime) -> str:
    """Return "Nov 12", with the year when it is not this one."""
    return f"{local:%b} {local.day}" if local.year == now.year else f"{local:%b} {local.day}, {local.year}"


def days(first: day | None, last: day | None) -> str:
    """Return "Nov 3 to Nov 9, 2026", both inclusive; either may be missing, and then it is open on that side."""
    if first and last and first != last:
        year = "" if first.year == last.year else f", {first.year}"
        return f"{first:%b} {first.day}{year} to {days(last, last)}"
    one = first or last
    if not one:
        return ""
    return f"{'' if first and last else 'From ' if first else 'Up to '}{one:%b} {one.day}, {one.year}"


def distance(local: datetime, now: datetime) -> str:
    """Say how long ago it was; from yesterday on, which day."""
    past, days = now - local, (now.date() - local.date()).days
    if past < timedelta(0):
        return {0: "today", -1: "tomorrow"}.get(days) or date(local, now)
    if past < timedelta(minutes=1):
        return "just now"
    if past < timedelta(hours=1):
        return f"{past.seconds // 60} min ago"
    return {0: f"{past.seconds // 3600} h ago", 1: "yesterday"}.get(days) or date(local, now)


def midnight(zone: tzinfo, days_ago: int = 0) -> datetime:
    """Return when today began there, or a day before it."""
    today = timezone.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days_ago)


def left_of_day(zone: tzinfo) -> int:
    """Return in how many seconds another day has begun there."""
    return int((midnight(zone, -1) - timezone.now()).total_seconds()) + 1


def heading(at: datetime, zone: tzinfo, now: datetime) -> str:
    """Return "Today", "Yesterday" or "Tuesday, Nov 3"."""
    local, here = at.astimezone(zone), now.astimezone(zone)
    named = {0: "Today", 1: "Yesterday"}.get((here.date() - local.date()).days)
    return named or f"{local:%A}, {date(local, here)}"


def exact(at: datetime, zone: tzinfo) -> str:
    """Return "Fri, Nov 20, 2026, 9:15:07 am PST"."""
    local = at.astimezone(zone)
    return f"{local:%a}, {local:%b} {local.day}, {local.year}, {clock_with_seconds(local)} {local:%Z}"


def lines(at: datetime, zone: tzinfo, now: datetime, form: str = "") -> tuple[str, str]:
    """Return the upper and the lower line of a time; `form` picks one of clock, seconds, ago, date and full.

    In a list that is parted by days, `form` "list", the lower line is said of today alone.
    """
    local, here = at.astimezone(zone), now.astimezone(zone)
    if form == "list":
        return clock(local), distance(local, here) if local.date() == here.date() else ""
    single = {
        "clock": clock(local),
        "seconds": clock_with_seconds(local),
        "ago": distance(local, here),
        "date": date(local, here),
        "full": f"{date(local, here)}, {clock(local)}",
    }
    return (single[form], "") if form else (clock(local), distance(local, here))


def duration(seconds: int | None) -> str:
    """312 is "5:12", as on a clock; None is nothing."""
    if seconds is None:
        return ""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def in_words(seconds: int | None) -> str:
    """8 is "8 s" and 125 is "2 min 5 s"; None is nothing."""
    if seconds is None:
        return ""
    minutes, left = divmod(int(seconds), 60)
    parts = [f"{minutes} min"] * bool(minutes) + [f"{left} s"] * bool(left or not minutes)
    return " ".join(parts)


def span(length: timedelta) -> str:
    """Say a length roughly, by its two largest parts: "40 s", "12 min", "2 h 10 min", "3 d 4 h"."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    (days, hours), minutes = divmod(seconds // 3600, 24), seconds % 3600 // 60
    parts = [f"{days} d"] * bool(days) + [f"{hours} h"] * bool(hours)
    return " ".join([*parts, f"{minutes} min"][:2] if minutes and not days else parts)


def due(at: datetime, zone: tzinfo, now: datetime) -> str:
    """Say until when something was promised: "overdue by 2 h 10 min", "due by 9:40 am", "due by 9:40 am tomorrow"."""
    if at <= now:
        return f"overdue by {span(now - at)}"
    local, here = at.astimezone(zone), now.astimezone(zone)
    days = (local.date() - here.date()).days
    day = {0: "", 1: " tomorrow"}.get(days) or (f" on {local:%A}" if days < 7 else f" on {date(local, here)}")
    return f"due by {clock(local)}{day if days else ''}"
