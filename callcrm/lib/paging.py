"""Pages of a list by key, not by number: the thousandth page costs what the first does, and new rows shift nothing.

A cursor is the key of the row at the edge and a direction, opaque to its bearer. No list is ever counted.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import models

from callcrm.errors import Invalid

M = TypeVar("M", bound=models.Model)
NEWER, OLDER = "n", "o"


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows, newest first, and the cursors of the pages beside them; an empty cursor: there is none."""

    rows: list[M]
    newer: str
    older: str


def page(
    queryset: models.QuerySet[M], *, cursor: str, size: int, at: str = "", order: Sequence[str] = ()
) -> Page[M]:
    """Return one page, newest first by `at` and id, or by id alone. Raises Invalid for a cursor that is none.

    `order` names what stands for the two in the query, where another table has them in its index.
    """
    keys = (at, "id") if at else ("id",)
    direction, edge = _read(cursor, bool(at)) if cursor else (OLDER, ())
    rows = list(_after(queryset, order or keys, direction, edge)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if direction == NEWER:
        rows.reverse()
    has_newer = more if direction == NEWER else bool(cursor)
    has_older = more if direction == OLDER else True
    return Page(
        rows,
        newer=_write(NEWER, rows[0], keys) if rows and has_newer else "",
        older=_write(OLDER, rows[-1], keys) if rows and has_older else "",
    )


def _after(
    queryset: models.QuerySet[M], keys: Sequence[str], direction: str, edge: Sequence[Any]
) -> models.QuerySet[M]:
    sign, test = ("-", "lt") if direction == OLDER else ("", "gt")
    queryset = queryset.order_by(*(sign + key for key in keys))
    if not edge:
        return queryset
    if len(keys) == 1:
        return queryset.filter(**{f"{keys[0]}__{test}": edge[0]})
    at, row_id = edge
    # The first bound is what the index is entered by; the second takes away the ties that were shown already.
    beyond = models.Q(**{f"{keys[0]}__{test}": at}) | models.Q(**{keys[0]: at, f"{keys[1]}__{test}": row_id})
    return queryset.filter(beyond, **{f"{keys[0]}__{test}e": at})


def _write(direction: str, row: models.Model, keys: Sequence[str]) -> str:
    values = [getattr(row, key) for key in keys]
    texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps([direction, *texts]).encode()).decode().rstrip("=")


def _read(cursor: str, timed: bool) -> tuple[str, tuple[Any, ...]]:
    try:
        padded = cursor[:300] + "=" * (-len(cursor[:300]) % 4)
        direction, *texts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        at = [datetime.fromisoformat(texts[0])] if timed else []
        if (
            direction not in (NEWER, OLDER)
            or len(texts) != len(at) + 1
            or not all(value.tzinfo for value in at)
        ):
            raise ValueError
        return direction, (*at, UUID(texts[-1]))
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError, IndexError):
        raise Invalid(
            fields={"cursor": ["This page address is not valid. Start from the first page."]}
        ) from None
