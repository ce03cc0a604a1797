"""Invented people, the same in every run: names of made-up syllables, numbers in an area code that nobody has.

There are more of them than the hundred numbers per area code that are kept for invention, so they live in 555, which
is no area. Some names are common and most are rare, as names are; the last digits of numbers are spread evenly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

SEED = 5550100
FIRST = ["".join(parts).title() for parts in product(str.split("a be da el fi jo ka la mi no ra sa te vi"),
         str.split("bel dra lia mon na ra rin ris sha tia ven vin zo ya"))]  # fmt: skip
LAST = ["".join(parts).title() for parts in product(
    str.split("al ber cor dun el far gar hol in jar kel lor mar nor os pel"),
    str.split("a ba den der ge i ken lan ma nor o ri ster ten ver wi"),
    str.split("berg by croft don field ford gate ham land ley man mark ridge son ton wood"))]  # fmt: skip
STEP, START = 7_654_321, 1_234_567  # coprime to ten million: every number once


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    name: str
    email: str
    phone: str


def phone(n: int) -> str:
    """Return the n-th number; no two of the first ten million are alike."""
    return f"+1555{(START + n * STEP) % 10_000_000:07}"


def people(first: int, count: int) -> Iterator[Person]:
    """Yield so many people; who begins at another number yields others."""
    rng = Random(SEED + first)  # noqa: S311  # chance that is the same each time is what is wanted
    for n in range(first, first + count):
        given, family = FIRST[_rather_low(rng, len(FIRST))], LAST[_rather_low(rng, len(LAST))]
        yield Person(f"{given} {family}", f"{given}.{family}{n}@mail.example".lower(), phone(n))


def _rather_low(rng: Random, below: int) -> int:
    return int(below * rng.random() ** 2)
