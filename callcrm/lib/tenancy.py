"""Which business may this database transaction see?

PostgreSQL answers with row level security (`callcrm.lib.rls`); this module only tells it the business. The setting is
local to the transaction, so a pooled connection cannot carry it further. Outside a scope a query sees nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, transaction

BYPASSES = "SELECT current_user FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"

_scope: ContextVar[tuple[UUID, ...]] = ContextVar("business_scope", default=())


def current_scope() -> tuple[UUID, ...]:
    """Return the businesses that this code may see at the moment; empty outside every scope."""
    return _scope.get()


def set_scope(ids: Iterable[UUID]) -> None:
    """Tell the open transaction its businesses. Raises RuntimeError outside one, where it would silently do nothing."""
    if not connection.in_atomic_block:
        raise RuntimeError("a business scope needs an open transaction")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.business_ids', %s, true)", [",".join(str(UUID(str(i))) for i in ids)]
        )


def bypassing_role(alias: str) -> str | None:
    """Return the database role in use if row level security does not bind it, else None."""
    with connections[alias].cursor() as cursor:
        cursor.execute(BYPASSES)
        row = cursor.fetchone()
    return row[0] if row else None


@cache
def refuse_to_bypass() -> None:
    """Raise ImproperlyConfigured when the wall does not bind this process. Asked by the web at its start, by others at
    their first scope, and once: a role does not change under way. Who migrates is the owner, and serves nobody."""
    role = None if settings.AS_OWNER else bypassing_role("default")
    if role:
        raise ImproperlyConfigured(
            f"The database role {role} bypasses row level security. Let DATABASE_URL log in as an ordinary role."
        )


@contextmanager
def business_scope(*ids: UUID) -> Iterator[None]:
    """See these businesses and no other, in a transaction of its own or in a savepoint of the one that is open.

    A scope inside a scope puts the outer one back; an exception rolls back what the scope wrote.
    """
    refuse_to_bypass()
    token = _scope.set(ids)
    try:
        with transaction.atomic():
            set_scope(ids)
            yield
    finally:
        _scope.reset(token)
        _put_back()


@contextmanager
def system_scope(why: str, ids: Iterable[UUID]) -> Iterator[None]:
    """See several businesses at once. `why` is for the reader of the code: there is no ambient way in."""
    if not why:
        raise ValueError("a system scope says why")
    with business_scope(*ids):
        yield


def release_connection() -> None:
    """Give the connection back while work is outside: whoever is slow there must not hold one."""
    if not connection.in_atomic_block:
        connection.close()


def _put_back() -> None:
    """A released savepoint keeps the setting, and a rolled back one restores it by itself; say it again either way."""
    if connection.in_atomic_block and not connection.needs_rollback:
        set_scope(_scope.get())
