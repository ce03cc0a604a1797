"""Opening hours as people type them: "9-12, 13:00-17", "9am – 5:30pm", "9 am to noon", "closed", "all day".

Pure. What could be meant in two ways is asked back, never guessed: "9-5" is told to write 5 pm. What was understood is
shown by the clock that all pages go by: "9 am to 5 pm".
"""

import re
from collections.abc import Iterable

from telephony.hours.week import MIDNIGHT, Unreadable, Window, in_order

HINT = 'Write hours like "9 am to noon, 1 pm to 5:30 pm" or "9-12, 13-17:30", or "closed".'
CLOSED = frozenset({"closed", "none", "off"})
ALL_DAY = frozenset({"all day", "always", "24h", "24 hours", "0-24", "open all day"})
LONGEST, NOON = 200, 720
_TO_MIDNIGHT = "For the end of the day write midnight or 12 am."
_TIME = r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s*(?:([ap])\.?m?\.?)?"
_PIECE = re.compile(rf"{_TIME}\s*(?:-|to|until)\s*{_TIME}")
_NAMED = {"noon": "12pm", "midnight": "12am"}
_NAMES = re.compile(r"\b(noon|midnight)\b")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


def typed(text: str, place: str = "hours") -> tuple[Window, ...]:
    """Read the openings of one day. Raises Unreadable with what to write instead."""
    words = " ".join(text.translate(_DASHES).lower().split())
    if words in CLOSED:
        return ()
    if words in ALL_DAY:
        return ((0, MIDNIGHT),)
    clocked = _NAMES.sub(lambda found: _NAMED[found[0]], words)
    pieces = [piece.strip() for piece in re.split(r"[,;&+]| and ", clocked)]
    return in_order([_window(piece, place) for piece in pieces], place, span)


def shown(windows: Iterable[Window]) -> str:
    """Return what a person could have typed: "9 am to noon, 1 pm to 5:30 pm", "all day" or "closed"."""
    found = tuple(windows)
    return "all day" if found == ((0, MIDNIGHT),) else ", ".join(map(span, found)) or "closed"


def span(window: Window) -> str:
    return " to ".join(map(moment, window))


def moment(minute: int) -> str:
    """Return "9 am", "5:30 pm", "noon" or "midnight"."""
    hours, minutes = divmod(minute, 60)
    if not minutes and not hours % 12:
        return "noon" if hours == 12 else "midnight"
    return f"{hours % 12 or 12}{f':{minutes:02}' * bool(minutes)} {'am' if hours < 12 else 'pm'}"


def _window(piece: str, place: str) -> Window:
    found = _PIECE.fullmatch(piece)
    if found is None:
        raise Unreadable(place, HINT)
    first, second = found.groups()[:3], found.groups()[3:]
    start, end = _minute(first, place), _minute(second, place) or MIDNIGHT  # 00:00 as an end is the day's
    if first[2] is None and second[2] is not None and int(first[0]) <= 12:
        start = _with(first, second[2], end, place)  # "1-5pm" begins in the afternoon, "9-5pm" in the morning
    elif second[2] is None and end < start < end + 720:
        raise Unreadable(place, _ambiguous(start, end))
    if end == NOON < start and second[2] == "p":
        raise Unreadable(
            place, f"{moment(start)} to 12 pm ends before it begins: 12 pm is noon. {_TO_MIDNIGHT}"
        )
    return start, end


def _with(parts: tuple[str, ...], half: str, end: int, place: str) -> int:
    same, morning = (_minute((*parts[:2], one), place) for one in (half, "a"))
    return same if same < end else morning


def _ambiguous(start: int, end: int) -> str:
    over = f"for over midnight write {span((start, MIDNIGHT))}, and {span((0, end))} on the next day"
    return f"{span((start, end))} ends before it begins: write {moment(end + 720)} for the afternoon; {over}."


def _minute(parts: tuple[str | None, ...], place: str) -> int:
    hours, minutes, half = int(parts[0] or 0), int(parts[1] or 0), parts[2]
    wrong = _no_time(hours, minutes, half)
    if wrong:
        text = f"{parts[0]}{f':{parts[1]}' if parts[1] else ''}{f' {half}m' if half else ''}"
        raise Unreadable(place, f"There is no such time as {text}: {wrong}.")
    if half:
        hours = hours % 12 + (12 if half == "p" else 0)
    return hours * 60 + minutes


def _no_time(hours: int, minutes: int, half: str | None) -> str:
    """Say why no clock shows this; nothing when one does."""
    if minutes > 59:
        return "minutes go from 00 to 59"
    if half and not 1 <= hours <= 12:
        return "with am or pm, hours go from 1 to 12; 12 am is midnight, 12 pm is noon"
    if hours > 24 or (hours == 24 and minutes):
        return "hours go from 0 to 24, and a day ends at 24:00"
    return ""
