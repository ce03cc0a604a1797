"""A cache for counters and locks, in an unlogged PostgreSQL table, exact under concurrency.

`add` and `incr` are one statement each, so that two processes never count the same hit. It runs on a
connection of its own: a request that fails must not roll back the count that limits it. Values are integers
and short strings only; nothing that was put here is ever executed (no pickle). A crash may empty it.
"""

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connections

SWEEP_EVERY = 500  # writes between two deletions of what has expired

ADD = """
    INSERT INTO callcrm_counter AS kept (key, number, word, expires) VALUES (%s, %s, %s, to_timestamp(%s))
    ON CONFLICT (key) DO UPDATE SET number = excluded.number, word = excluded.word, expires = excluded.expires
    WHERE kept.expires <= now() RETURNING 1"""
SET = ADD.replace("WHERE kept.expires <= now()", "")
GET = "SELECT number, word FROM callcrm_counter WHERE key = %s AND (expires > now()) IS NOT FALSE"
INCR = """
    UPDATE callcrm_counter SET number = number + %s
    WHERE key = %s AND (expires > now()) IS NOT FALSE RETURNING number"""
TOUCH = """
    UPDATE callcrm_counter SET expires = to_timestamp(%s)
    WHERE key = %s AND (expires > now()) IS NOT FALSE RETURNING 1"""
DELETE = "DELETE FROM callcrm_counter WHERE key = %s RETURNING 1"
SWEEP = "DELETE FROM callcrm_counter WHERE expires <= now()"
CLEAR = "DELETE FROM callcrm_counter"


class PostgresCache(BaseCache):
    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.alias = alias
        self.writes = 0

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        self._sweep_sometimes()
        return self._one(ADD, self._row(key, value, timeout, version)) is not None

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._sweep_sometimes()
        self._one(SET, self._row(key, value, timeout, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = self._one(GET, [self.make_and_validate_key(key, version=version)])
        if row is None:
            return default
        number, word = row
        return word if number is None else number

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        row = self._one(INCR, [delta, self.make_and_validate_key(key, version=version)])
        if row is None or row[0] is None:
            raise ValueError("there is no such counter")
        return int(row[0])

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        row = [self.get_backend_timeout(timeout), self.make_and_validate_key(key, version=version)]
        return self._one(TOUCH, row) is not None

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._one(DELETE, [self.make_and_validate_key(key, version=version)]) is not None

    def clear(self) -> None:
        self._do(CLEAR)

    def _row(self, key: str, value: Any, timeout: Any, version: int | None) -> list[Any]:
        if not isinstance(value, int | str):
            raise TypeError("this cache keeps integers and strings only")
        number, word = (int(value), None) if isinstance(value, int) else (None, value)
        key = self.make_and_validate_key(key, version=version)
        return [key, number, word, self.get_backend_timeout(timeout)]

    def _one(self, sql: str, params: list[Any]) -> tuple[Any, ...] | None:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(sql, params)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row

    def _do(self, sql: str) -> None:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(sql)

    def _sweep_sometimes(self) -> None:
        self.writes += 1
        if self.writes % SWEEP_EVERY == 0:
            self._do(SWEEP)
