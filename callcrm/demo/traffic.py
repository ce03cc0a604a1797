"""When a roofer's telephone rings: weekdays more than weekends, mornings and afternoons more than the night."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from random import Random

DAYS = 90
OF_A_DAY = {5: 5.5, 6: 2.5}  # Saturday and Sunday; other days:
WEEKDAY = 13.2
OF_AN_HOUR = [
    0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 1, 4, 9, 12, 13, 11, 7, 9, 11, 10, 8, 5, 3, 2, 1.5, 1, 0.5, 0.3,
]  # fmt: skip
OPEN = range(8, 18)
JUST_NOW = timedelta(minutes=4)  # the last call is over


def moments(rng: Random, zone: tzinfo, now: datetime) -> Iterator[datetime]:
    """Yield the beginnings of calls of the last 90 days, the oldest first; business has grown a little since."""
    today = now.astimezone(zone).date()
    for ago in range(DAYS, -1, -1):
        day = today - timedelta(days=ago)
        trend = 0.88 + 0.24 * (DAYS - ago) / DAYS
        usual = OF_A_DAY.get(day.weekday(), WEEKDAY) * trend
        often = max(0, round(rng.gauss(usual, usual**0.5 * 0.8)))
        yield from sorted(at for at in _of_day(rng, day, zone, often) if at < now - JUST_NOW)


def _of_day(rng: Random, day: date, zone: tzinfo, often: int) -> Iterator[datetime]:
    for hour in rng.choices(range(24), OF_AN_HOUR, k=often):
        local = datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), zone)
        yield local.astimezone(UTC)


def is_open(at: datetime, zone: tzinfo) -> bool:
    """Say whether somebody sits in the office."""
    local = at.astimezone(zone)
    return local.weekday() < 5 and local.hour in OPEN
