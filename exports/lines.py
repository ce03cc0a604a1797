"""What stands in a file of calls: the columns, a line for a call, cells that no program takes for a formula.

People are masked, as they are on pages; whoever exports sees no more of them than whoever looks. Pure: rows that were
loaded come in, bytes go out. UTF-8 with a mark in front, without which Excel reads names as something else.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from callcrm.lib import phones
from callcrm.lib.marks import MARKS
from telephony.models import Call, Outcome

MARK = b"\xef\xbb\xbf"
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), some after blanks or quotes,
# East Asian programs in wide letters as well. Where a cell ends is the reader's own to say: often at a semicolon.
_FORMULA = r"""[\s"]*[=+\-@＝＋－＠]"""
_BEGINNINGS = re.compile(rf"\A(?= *[\t\r\n]|{_FORMULA})|[,;\t\r\n](?={_FORMULA})")

COLUMNS: dict[str, Callable[[Call, ZoneInfo], str]] = {
    "Time": lambda call, zone: call.started_at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
    "Direction": lambda call, zone: call.way,
    "Status": lambda call, zone: MARKS[call.stage].word,
    "Person": lambda call, zone: call.shown_caller,
    "Number": lambda call, zone: _number(call),
    "Source": lambda call, zone: call.source.name if call.source else "",
    "Our number": lambda call, zone: _ours(call),
    "Agent": lambda call, zone: call.agent.name if call.agent else "",
    "Rang, seconds": lambda call, zone: _rang(call),
    "Talked, seconds": lambda call, zone: _seconds(call.talk_seconds),
    "Outcome": lambda call, zone: call.disposition or "",
    "Tags": lambda call, zone: "; ".join(call.tags),
    "Call back": lambda call, zone: _owed(call),
}


def head() -> bytes:
    """Return the mark and the names of the columns."""
    return MARK + _written([list(COLUMNS)])


def of(calls: Iterable[Call], zone: ZoneInfo) -> bytes:
    """Return a line for each call, with times of that zone."""
    return _written([column(call, zone) for column in COLUMNS.values()] for call in calls)


def guarded(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not calculate, nor any piece of it, wherever it parts cells."""
    return _BEGINNINGS.sub(r"\g<0>'", cell)


def _written(rows: Iterable[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _number(call: Call) -> str:
    if call.phone:
        return str(call.phone.number.masked)
    return phones.pretty(call.own_from) if call.own_from else ""


def _ours(call: Call) -> str:
    if call.number is None:
        return ""
    label = f" ({call.number.label})" if call.number.label else ""
    return phones.pretty(call.number.e164) + label


def _rang(call: Call) -> str:
    """Of a voicemail it is not told apart from the message."""
    return "" if call.outcome == Outcome.VOICEMAIL else _seconds(call.ring_seconds)


def _seconds(value: int | None) -> str:
    return "" if value is None else str(value)


def _owed(call: Call) -> str:
    debt = call.debt
    if debt is None:
        return ""
    if debt.is_open:
        return "owed"
    words = f": {debt.shown_words}" if debt.words else ""
    return "reached" if debt.is_proven else f"closed: {debt.get_reason_display().lower()}{words}"
