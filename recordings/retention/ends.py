"""By which rule a recording was deleted, in the words that list, panel, page, history and retention page share."""

from typing import Final

_BY: Final = {
    "retention": "Deleted by the retention rule",
    "card_data": "Deleted: it held card data",
    "person": "Deleted with the person's data",
    "request": "Deleted on request",
    "untold": "Deleted: recorded without notice",
}


def words(rule: str, days: int | None = None) -> str:
    """Return them without a full stop. `days`: of the rule as it was then, where that is known."""
    said = _BY.get(rule, "Deleted")
    return f"{said} ({days} day{'s' * (days != 1)})" if days and rule == "retention" else said
