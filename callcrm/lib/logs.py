"""How callcrm writes down what happens: one record, one line, one JSON object, nothing personal.

Our own records (structlog) and everybody else's (the standard library's) end in the same formatter, so that
the redaction of `callcrm.lib.redaction` has no way round. A record never carries local values, SQL, request
bodies or raw paths; a log that cannot be written never fails a request. Imports no Django: gunicorn's
master reads it. Settings call `config`; the security log's own file is below as `DailyFile`.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import re
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from callcrm.lib import context, redaction

SECURITY = "callcrm.security"
SECURITY_DAYS = 90
APP_DAYS = 14
FRAMES = 40

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def get(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def security(event: str, *, outcome: str, **facts: Any) -> None:
    """For the security log: `actor={type, id, role}`, `business`, `target={type, id}`, `reason`."""
    get(SECURITY).info(event, outcome=outcome, **facts)


def config(directory: Path, *, app_file: bool, level: str = "INFO") -> dict[str, Any]:
    """`LOGGING`. `app_file`: keep what is printed in `directory` too, for a developer's machine."""
    use_structlog()
    handlers = {
        "stream": {"()": Stream, "formatter": "line"},
        "security": {"()": DailyFile, "directory": directory, "prefix": "security", "days": SECURITY_DAYS},
        "app": {"()": DailyFile, "directory": directory, "prefix": "app", "days": APP_DAYS},
    }
    handlers["security"]["formatter"] = handlers["app"]["formatter"] = "line"
    everywhere = ["stream", "app"] if app_file else ["stream"]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": Line}},
        "handlers": {name: one for name, one in handlers.items() if name in (*everywhere, "security")},
        "root": {"handlers": everywhere, "level": level},
        "loggers": {
            SECURITY: {"handlers": ["security", *everywhere], "level": "INFO", "propagate": False},
            # Ours is the line of every request; theirs would say the same again, with the raw path.
            "django.request": {"level": "ERROR"},
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # At DEBUG this one prints every statement with its values.
            "django.db.backends": {"level": "WARNING"},
            # Forged hosts, failed CSRF checks, cookies that were tampered with.
            "django.security": {
                "handlers": ["security", *everywhere],
                "level": "WARNING",
                "propagate": False,
            },
            "axes": {"level": "WARNING"},
            "procrastinate": {"level": "INFO"},
            "procrastinate.blueprints": {"level": "WARNING"},  # says at every start which tasks exist
            "procrastinate.periodic": {"level": "WARNING"},  # the same, in every command
            "botocore": {"level": "WARNING"},  # says at every start where it found its key
            "gunicorn.access": {"level": "CRITICAL"},
        },
    }


def use_structlog() -> None:
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def one_line(record: dict[str, Any]) -> str:
    """JSON in ASCII: newlines, escapes, DEL and the signs that turn text around are written as `\\u…`."""
    return json.dumps(record, ensure_ascii=True, default=lambda odd: f"<{type(odd).__name__}>")


class Line(structlog.stdlib.ProcessorFormatter):
    """The one formatter. It gets our events and other libraries' records and lets neither past unredacted."""

    def __init__(self) -> None:
        chain: list[Processor] = [_shape, _render]
        super().__init__(processors=chain)

    def format(self, record: logging.LogRecord) -> str:
        try:
            return super().format(record)
        except Exception as failure:  # a record that cannot be formatted still says where it came from
            shown = {"level": "error", "logger": record.name, "event": "log record could not be formatted"}
            return one_line(shown | {"reason": type(failure).__name__, "line": record.lineno})


def _shape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog", None)
    failure = _failure(event.pop("exc_info", None) or record.exc_info)
    message = event.pop("event", "")
    shown: dict[str, Any] = {
        "ts": _moment(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": redaction.text(_message(record, message)),
    }
    if request_id := context.request_id.get():
        shown["request_id"] = request_id
    facts = {**event, **_fields(record)}
    shown |= {name: redaction.value(name, one) for name, one in facts.items() if name not in shown}
    return shown | (describe(failure) if failure else {})


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return one_line(dict(event))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What a plain logger was given as `extra={"fields": …}`; every other extra is a library's own business."""
    given = getattr(record, "fields", None)
    fields = dict(given) if isinstance(given, dict) else {}
    if record.name == SECURITY:
        fields |= {"ip": context.client_ip.get() or None, "v": 1}
    return fields


def _message(record: logging.LogRecord, message: object) -> str:
    """Django puts the raw path into its messages, where anything may stand that a person typed."""
    if record.name.startswith("django.") and hasattr(record, "status_code"):
        return f"{record.name.removeprefix('django.')}: answered {record.status_code}"
    return str(message)


def _moment(created: float) -> str:
    moment = datetime.datetime.fromtimestamp(created, datetime.UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _failure(given: Any) -> BaseException | None:
    if given is True:
        given = sys.exc_info()
    if isinstance(given, tuple):
        given = given[1] if len(given) > 1 else None
    return given if isinstance(given, BaseException) else None


def describe(failure: BaseException) -> dict[str, Any]:
    """An exception and its causes: classes, places and redacted messages, no values of variables."""
    chain: list[dict[str, Any]] = []
    one: BaseException | None = failure
    while one is not None and len(chain) < 5:
        chain.append({"class": type(one).__qualname__, "message": redaction.error(one), "at": _places(one)})
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return {"exception": chain}


def _places(failure: BaseException) -> list[str]:
    frames = traceback.extract_tb(failure.__traceback__, limit=-FRAMES)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


class _Quiet(logging.Handler):
    """Python's own report of a failed handler prints the record's arguments as they are."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the name is Python's
        failure = sys.exc_info()[0]
        if sys.stderr and failure:
            sys.stderr.write(f"a log record of {record.name} was lost: {failure.__name__}\n")


class Stream(_Quiet):
    """Standard output for the servers; standard error for commands, whose output belongs to the caller."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            out = _stream()
            out.write(self.format(record) + "\n")
            out.flush()
        except Exception:  # whatever stops a log line must not stop the request
            self.handleError(record)


def _stream() -> TextIO:
    serving = Path(sys.argv[0] or "").name.startswith("gunicorn") or "worker" in sys.argv[1:3]
    return sys.stdout if serving else sys.stderr


class DailyFile(_Quiet):
    """`prefix-YYYY-MM-DD.log`, appended to by any number of processes; files past their days are removed.

    No renaming: the standard handlers rename the file of the day, and of several processes each removes what
    another has written. The name says the day, in UTC, and one write is one line.
    """

    def __init__(self, directory: Path, prefix: str, days: int) -> None:
        super().__init__()
        self.directory, self.prefix, self.days = Path(directory), prefix, days
        self._day: datetime.date | None = None
        self._file: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            day = datetime.datetime.fromtimestamp(record.created, datetime.UTC).date()
            line = (self.format(record) + "\n").encode("ascii", "backslashreplace")
            os.write(self._open(day), line)
        except Exception:  # a full disk or a missing folder must not stop the request
            self.handleError(record)

    def close(self) -> None:
        self.acquire()
        try:
            if self._file is not None:
                os.close(self._file)
            self._file = self._day = None
        finally:
            self.release()
        super().close()

    def _open(self, day: datetime.date) -> int:
        if self._file is None or day != self._day:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.directory / f"{self.prefix}-{day}.log"
            opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if self._file is not None:
                os.close(self._file)
            self._file, self._day = opened, day
            self._remove_old(day)
        return self._file

    def _remove_old(self, today: datetime.date) -> None:
        oldest = today - datetime.timedelta(days=self.days)
        for path in self.directory.glob(f"{self.prefix}-*.log"):
            named = re.fullmatch(rf"{re.escape(self.prefix)}-(\d{{4}}-\d\d-\d\d)\.log", path.name)
            if named and datetime.date.fromisoformat(named[1]) < oldest:
                path.unlink(missing_ok=True)
