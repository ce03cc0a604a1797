"""Opening hours as people type them: "9-12, 13:00-17", "9am – 5:30pm", "closed", "all day".

Pure. What could be meant in two ways is asked back, never guessed: "9-5" is told to write 17 or 5pm.
"""

import re
from collections.abc import Iterable

from telephony.hours import MIDNIGHT, Unreadable, Window, hour, in_order

HINT = 'Write hours like "9:00-12:00, 13:00-17:00" or "9am-5pm", or "closed".'
CLOSED = frozenset({"closed", "none", "off"})
ALL_DAY = frozenset({"all day", "always", "24h", "24 hours", "0-24", "open all day"})
LONGEST = 200
_TIME = r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s*(?:([ap])\.?m?\.?)?"
_PIECE = re.compile(rf"{_TIME}\s*(?:-|to|until)\s*{_TIME}")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


def typed(text: str, place: str = "hours") -> tuple[Window, ...]:
    """Read the openings of one day. Raises Unreadable with what to write instead."""
    words = " ".join(text.translate(_DASHES).lower().split())
    if words in CLOSED:
        return ()
    if words in ALL_DAY:
        return ((0, MIDNIGHT),)
    pieces = [piece.strip() for piece in re.split(r"[,;&+]| and ", words)]
    return in_order([_window(piece, place) for piece in pieces], place)


def shown(windows: Iterable[Window]) -> str:
    """Return what a person could have typed: "09:00-12:00, 13:00-17:00", or "closed"."""
    return ", ".join(f"{hour(start)}-{hour(end)}" for start, end in windows) or "closed"


def _window(piece: str, place: str) -> Window:
    found = _PIECE.fullmatch(piece)
    if found is None:
        raise Unreadable(place, HINT)
    first, second = found.groups()[:3], found.groups()[3:]
    start, end = _minute(first, place), _minute(second, place) or MIDNIGHT  # 00:00 as an end is the day's
    if first[2] is None and second[2] is not None and int(first[0]) <= 12:
        start = _with(first, second[2], end, place)  # "1-5pm" begins in the afternoon, "9-5pm" in the morning
    elif second[2] is None and end <= start < end + 720:
        raise Unreadable(place, _ambiguous(start, end))
    return start, end


def _with(parts: tuple[str, ...], half: str, end: int, place: str) -> int:
    same, morning = (_minute((*parts[:2], one), place) for one in (half, "a"))
    return same if same < end else morning


def _ambiguous(start: int, end: int) -> str:
    over = f"for over midnight write {hour(start)}-24:00, and 00:00-{hour(end)} on the next day"
    return (
        f"{hour(start)}-{hour(end)} ends before it begins: write {hour(end + 720)} for the afternoon; {over}."
    )


def _minute(parts: tuple[str | None, ...], place: str) -> int:
    hours, minutes, half = int(parts[0] or 0), int(parts[1] or 0), parts[2]
    if minutes > 59 or hours > (12 if half else 24) or (half and not hours) or (hours == 24 and minutes):
        raise Unreadable(place, "There is no such time: hours go to 24:00 or 12pm, minutes to 59.")
    if half:
        hours = hours % 12 + (12 if half == "p" else 0)
    return hours * 60 + minutes
