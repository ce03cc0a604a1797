"""Which tries of a person make one debt, and what closed it. Pure: no database, no present.

A try that nobody answered is settled by the first proof that began after it: a call in either direction that was
answered, or a text of ours. Tries that are settled by the same proof are one debt; those that none has settled are the
debt that is open. So it is a function of what happened, whatever order it was told in. `ledger.py` keeps the rows.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from telephony.hours.week import Hours

PROMISE = timedelta(hours=1)  # of open time
# Words to the carrier, which stops or starts texts by itself; `cancel` may be about an appointment.
STOP_WORDS = frozenset(
    ["stop", "stopall", "unsubscribe", "optout", "revoke", "quit", "end", "start", "unstop"]
)


class Try(Protocol):
    """A call or a text that nobody answered."""

    at: Any


T = TypeVar("T", bound=Try)


@dataclass(frozen=True, slots=True)
class Proof:
    """Somebody got back to the person: `at` is when that began, `reached_at` when they spoke."""

    at: datetime
    reached_at: datetime
    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Debt(Generic[T]):
    """Tries of one person, in order, and what closed them, if anything has."""

    tries: list[T]
    proof: Proof | None


def settle(tries: Iterable[T], proofs: Sequence[Proof]) -> list[Debt[T]]:
    """Return the debts that these tries make, the oldest first; at most the last one is open."""
    known = sorted(proofs, key=lambda proof: (proof.at, proof.id))
    begun = [proof.at for proof in known]
    inorder = sorted(tries, key=lambda one: one.at)
    groups = groupby(inorder, key=lambda one: bisect_right(begun, one.at))
    return [Debt(list(group), known[n] if n < len(known) else None) for n, group in groups]


def due(opened_at: datetime, hours: Hours) -> datetime:
    """Return when the promise ends, which counts open time alone; for a business that never opens, all time."""
    return hours.after(opened_at, PROMISE) or opened_at + PROMISE


def wants_answer(body: str | None) -> bool:
    """Say whether somebody has to get back to who wrote this: a lone word to the carrier asks for nothing."""
    return (body or "").strip().strip(".!").lower() not in STOP_WORDS
