"""What the clock on a wall shows where a zone changes it: a time of day may come twice, or never.

Pure. `moments` says which moments a time without a zone means; `left_out` says what the clock skips instead of
showing it, `never_in_words` tells a person so. Years at the very edge of the calendar are the caller's to refuse.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from callcrm.lib import times


def moments(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return when the clock of a zone shows this, in order: once, twice where it is set back, or never."""
    both = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    real = {at.astimezone(UTC): at for at in both}
    return [
        at for moment, at in sorted(real.items()) if moment.astimezone(zone).replace(tzinfo=None) == local
    ]


def left_out(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return from where to where the clock jumps over a time that it never shows."""
    before, after = (local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    since, until = (local - after).replace(tzinfo=UTC), (local - before).replace(tzinfo=UTC)
    while until - since > timedelta(seconds=1):
        middle = since + timedelta(seconds=int((until - since).total_seconds()) // 2)
        since, until = (middle, until) if middle.astimezone(zone).utcoffset() == before else (since, middle)
    return (until + before).replace(tzinfo=None), (until + after).replace(tzinfo=None)


def never_in_words(local: datetime, zone: ZoneInfo) -> str:
    """Say to whoever typed it why a time never comes, and which ones do."""
    begin, end = left_out(local, zone)
    day = f"{begin:%b} {begin.day}, {begin.year}"
    until = times.clock(end) if begin.date() == end.date() else f"{end:%b} {end.day}, {times.clock(end)}"
    return (
        f"On {day} the clock is set forward from {times.clock(begin)} to {until}: {times.clock(local)} never comes. "
        f"Choose a time before {times.clock(begin)}, or from {until} on."
    )
