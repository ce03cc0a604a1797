"""The words that a business has for its calls: what it used lately, the most used first.

Read from the last uses by an index, never from all calls, so it costs a large business what it costs a small one. They
are words of the whole business, whoever has written them on whichever call.
"""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from telephony.models import Call, CallTag

LATELY = 200  # uses that are looked at
MOST = 30  # words that are offered


def tags(business_id: UUID) -> list[str]:
    """Return tags that calls have got lately."""
    used = CallTag.objects.filter(business_id=business_id).order_by("-started_at")
    return _most_used(used.values_list("tag", flat=True)[:LATELY])


def dispositions(business_id: UUID) -> list[str]:
    """Return what has come of calls lately."""
    noted = Call.objects.filter(business_id=business_id, disposition__isnull=False).order_by("-started_at")
    return _most_used(noted.values_list("disposition", flat=True)[:LATELY])


def words(business_id: UUID) -> dict[str, list[str]]:
    """Return both, for a form in which they are typed."""
    return {"tags": tags(business_id), "dispositions": dispositions(business_id)}


def _most_used(words: Iterable[str | None]) -> list[str]:
    """Of words that are used alike, the one that was used last comes first."""
    return [word for word, _ in Counter(word for word in words if word).most_common(MOST)]
