"""Has this database been prepared for these sources already?

Asking Django costs two seconds at every start. What decides is cheap to see: the migration files, and the rows
in which Django notes those that it has applied. Only for the embedded database; others are migrated every time.
"""

import hashlib
from pathlib import Path

import psycopg

from callcrm.lib.embedded_pg import PROJECT, EmbeddedPg

APPLIED = "SELECT string_agg(app || '.' || name, ' ' ORDER BY id) FROM django_migrations"
SOURCES = ("*/migrations/*.py", "*/*/migrations/*.py", "*/management/commands/demo.py", "requirements.txt")


def note(server: EmbeddedPg) -> None:
    _marker(server).write_text(_fingerprint(server))


def is_noted(server: EmbeddedPg) -> bool:
    marker = _marker(server)
    return marker.exists() and marker.read_text() == _fingerprint(server)


def _marker(server: EmbeddedPg) -> Path:
    return server.home / "prepared"


def _fingerprint(server: EmbeddedPg) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in PROJECT.glob(pattern)):
        digest.update(path.read_bytes())
    digest.update(_applied(server).encode())
    return digest.hexdigest()


def _applied(server: EmbeddedPg) -> str:
    try:
        with psycopg.connect(server.url()) as connection:
            row = connection.execute(APPLIED).fetchone()
    except psycopg.errors.UndefinedTable:
        return ""
    return str(row[0]) if row else ""
