"""Names and sizes that several parts of the bench share. Everybody in it is invented."""

from dataclasses import dataclass

SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105  # signs nothing but the bench's own requests
PASSWORD = "Known-Password-1"  # noqa: S105  # of the bench's own users, for as long as a run takes
TELEPHONES = ["+15035550190", "+15035550191"]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is made and how often it is measured."""

    small: int
    large: int
    rounds: int
    per_round: int  # webhooks of each kind
    pages: int  # views of each list per round
    terms: int  # searches of each kind per round
    minutes: int  # of the recording that is sealed


FULL = Size(small=1_000, large=100_000, rounds=9, per_round=200, pages=8, terms=40, minutes=60)
QUICK = Size(small=1_000, large=5_000, rounds=3, per_round=48, pages=4, terms=10, minutes=5)


@dataclass(frozen=True, slots=True)
class Shop:
    """One business of the bench: its slug, its account at the provider and its number."""

    slug: str
    account_id: str
    number: str


SMALL = Shop("small", "AC" + "1" * 32, "+15035550101")
LARGE = Shop("large", "AC" + "2" * 32, "+15035550102")
