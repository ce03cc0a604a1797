"""People whose data is looked for in every place where it must not be, and how it is looked for."""

import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.contrib.sessions.models import Session
from django.db import connection

from callcrm.lib.logs import SECURITY, DailyFile, Line
from tests.catalogue import as_owner, rows, tables

FIRST, LAST = "Quillon", "Zephyrdale"
NAME, USER, DOMAIN = f"{FIRST} {LAST}", "vellichora", "letters.example"
EMAIL, PHONE, OTHER_PHONE = f"{USER}@{DOMAIN}", "+16785550187", "+12135550194"
WORD = "wisterialane"  # stands in notes and texts, which pages show without numbers and addresses
TEXT = f"This is {NAME}, {WORD} 12, call 678-555-0187 or write to {EMAIL}."

# A mask keeps a first name, the beginning and the domain of an e-mail and two digits; free text keeps its words.
NOT_ON_PAGES = (LAST, USER, "6785550187", "2135550194", "678-555-0187", "(678) 555", "555-0187", "5550187")
NOWHERE = (*NOT_ON_PAGES, FIRST, WORD)


COPY = "COPY (SELECT * FROM {}) TO STDOUT"


def found(content: str | bytes, canaries: tuple[str, ...] = NOWHERE) -> list[str]:
    """Return the canaries that stand in something, plainly or in another spelling."""
    low = (content if isinstance(content, str) else content.decode("utf-8", "replace")).lower()
    return [canary for canary in canaries if any(spelling in low for spelling in _spellings(canary))]


def _spellings(canary: str) -> Iterator[str]:
    raw = canary.encode()
    yield canary.lower()
    if len(canary) >= 10:  # shorter ones come up by chance in what is sealed
        yield raw.hex()
        yield raw.decode().replace("-", "%2d").lower()
        for shift in range(3):  # base64 spells a word in three ways, by where it begins
            spelled = base64.b64encode(b"\0" * shift + raw).decode()
            yield spelled[4 if shift else 0 : -4].lower()


def database() -> str:
    """Everything that stands in every table, as its owner reads it; sessions opened."""
    parts = []
    with as_owner(), connection.cursor() as cursor:
        for table in sorted(tables()):
            with cursor.copy(COPY.format(table)) as copied:
                parts += [f"--- {table}\n", *(bytes(block).decode() for block in copied)]
    parts += [repr(session.get_decoded()) for session in Session.objects.all()]
    return "".join(parts)


def server_log() -> str | None:
    """What PostgreSQL has written, or None where its log is not ours to read."""
    with as_owner():
        [(data,)] = rows("SHOW data_directory")
    log = Path(data).parent / "postgres.log"
    return log.read_text(errors="replace") if log.exists() else None


@contextmanager
def logs(folder: Path) -> Iterator[None]:
    """Keep what callcrm says in files, as it does outside of tests."""
    loggers = [logging.getLogger(name) for name in (None, SECURITY, "django.security")]
    handler = DailyFile(folder, "app", 14)
    handler.setFormatter(Line())
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()


def said(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.glob("*.log"))
