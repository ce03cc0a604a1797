"""Rows of several tables in one round trip and one commit, planned once per connection.

A round trip costs as much as the insert it carries, and planning more than either; so the one path on which a caller
waits reads in one prepared pipeline and writes in one prepared statement: any constraint that refuses one row refuses
all.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import cache
from itertools import count, groupby
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction

from callcrm.lib.tenancy import business_scope

M = TypeVar("M", bound=models.Model)
Statement = tuple[str, Sequence[Any]]
_PLAIN = (models.UUIDField, models.DateTimeField, models.BooleanField, models.IntegerField, models.ForeignKey)
SCOPE = "SELECT set_config('app.business_ids', %s, true)"


def insert(business_id: UUID, rows: Iterable[models.Model]) -> None:
    """Insert rows that are new and complete, in this order; the database fills in nothing.

    Raises IntegrityError: none is in.
    """
    groups = [(model, list(group)) for model, group in groupby(rows, key=type)]
    shape = tuple((model, len(group)) for model, group in groups)
    values = [value for _, group in groups for row in group for value in _values(row)]
    statement = _insert(shape), [str(business_id), *values]
    if not connection.in_atomic_block:
        _send([statement])
        return
    with business_scope(business_id), transaction.atomic():
        _send([statement])


def insert_unless_there(row: models.Model) -> bool:
    """Insert one row in the open transaction and say whether it is in: False where a constraint had its like."""
    is_in = bool(_send([(_single(type(row)), _values(row))]))
    row._state.adding, row._state.db = not is_in, DEFAULT_DB_ALIAS
    return is_in


def read(sql: str, values: Sequence[Any], *, inside: UUID | None = None) -> list[tuple[Any, ...]]:
    """Return the rows of a query, asked inside a business or, of tables outside the wall, as it is."""
    if inside is None:
        return _send([(sql, values)])
    if not connection.in_atomic_block:
        return _send([(SCOPE, [str(inside)]), (sql, values)])
    with business_scope(inside):
        return _send([(sql, values)])


def row(model: type[M], names: Sequence[str], values: Iterator[Any]) -> M:
    """Take as many values as there are names, and return the row of which only these columns were asked for."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    found = [_from_column(field, next(values)) for field in fields]
    return model.from_db("default", [field.attname for field in fields], found)


def _from_column(field: Any, value: Any) -> Any:
    convert = getattr(field, "from_db_value", None)
    return convert(value, None, None) if convert and value is not None else value


def _send(statements: Sequence[Statement]) -> list[tuple[Any, ...]]:
    """Run them in one round trip and return the rows of the last one, if it has any."""
    connection.ensure_connection()
    driver = connection.connection
    with connection.wrap_database_errors, driver.pipeline() if len(statements) > 1 else nullcontext():
        for sql, values in statements:
            cursor: Any = psycopg.RawCursor(driver) if "$1" in sql else psycopg.Cursor(driver)
            cursor.execute(sql, values, prepare=True)
    return cursor.fetchall() if cursor.description else []


@cache
def _insert(shape: tuple[tuple[type[models.Model], int], ...]) -> str:
    """One statement for so many rows of each model. Every part asks `scope` first: the wall looks at rows after it.

    And each asks for the part before it, because parts that do not are written from the last to the first
    (https://www.postgresql.org/docs/18/queries-with.html#QUERIES-WITH-MODIFYING promises no order at all), and whoever
    else writes the same rows in the order that was meant would wait for this one while this one waits for him.

    With PostgreSQL's own `$1`: of so many `%s` the driver would make them anew for each request.
    """
    numbers = count(1)
    parts = [f"scope AS MATERIALIZED ({SCOPE.replace('%s', f'${next(numbers)}')})"]
    parts += [f"part{n} AS ({_part(model, rows, n, numbers)})" for n, (model, rows) in enumerate(shape)]
    return f"WITH {', '.join(parts)} SELECT"


@cache
def _single(model: type[models.Model]) -> str:
    fields = _fields(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(["%s"] * len(fields))
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING 1'  # noqa: S608  # names of ours


def _part(model: type[models.Model], rows: int, place: int, numbers: Iterator[int]) -> str:
    fields = _fields(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    of_rows = [", ".join(f"${next(numbers)}::{_type(field)}" for field in fields) for _ in range(rows)]
    values = ", ".join(f"({row})" for row in of_rows)
    first = f"scope, (SELECT count(*) FROM part{place - 1})" if place else "scope"  # noqa: S608  # a number of ours
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT v.* FROM {first}, (VALUES {values}) v RETURNING 1'  # noqa: S608  # names of ours


def _type(field: "models.Field[Any, Any]") -> str:
    """Without its length: a cast to varchar(40) would cut a longer text, and the column refuses it."""
    named = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return re.sub(r"\([^)]*\)", "", named or "")


@cache
def _fields(model: type[models.Model]) -> "tuple[models.Field[Any, Any], ...]":
    """The columns that a row brings; a number that the database counts up is left to it."""
    return tuple(field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField))


def _values(row: models.Model) -> list[Any]:
    here = connections[DEFAULT_DB_ALIAS]  # the one behind `connection`, found once and not for every value
    return [
        getattr(row, field.attname) if is_plain else field.get_db_prep_save(field.pre_save(row, True), here)
        for field, is_plain in _columns(type(row))
    ]


@cache
def _columns(model: type[models.Model]) -> "tuple[tuple[models.Field[Any, Any], bool], ...]":
    """Each field, and whether the driver takes its value as it is; asking Django to prepare it costs more."""
    return tuple((field, isinstance(field, _PLAIN)) for field in _fields(model))
