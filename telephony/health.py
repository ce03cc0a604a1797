"""What is known of a business's telephone providers: when one was last heard, and what does not work.

A quiet shop is no alarm: that nothing came for hours is said and not judged. What is judged is what callcrm has seen
go wrong itself: a delivery with a wrong signature after the last good one of the same account, for a day, because
anybody may send one; and what lies above says by `troubles` (`recordings/apps.py`). It is one statement over indexes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.utils.timezone import now

from callcrm.webhooks.models import Receipt
from telephony.models import ProviderAccount

RECENTLY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an app above knows of: a subquery that gives a code, and the words of a code."""

    codes: Callable[[UUID], Any]
    words: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Health:
    """What the Desk says of the providers. `tone` is a colour; `words` say all of it."""

    tone: str
    words: str
    at: datetime | None = None  # what the words are about


troubles: list[Trouble] = []


def of(business_id: UUID) -> Health:
    """Return the worst that is known, else when a provider was last heard."""
    found = _found(business_id)
    if found is None:
        return Health("warn", "No telephone provider is connected")
    heard = found["heard"]
    if found["wrong_at"]:
        return Health("warn", "Provider: a wrong signature came", found["wrong_at"])
    told = [trouble.words(found[f"t{n}"]) for n, trouble in enumerate(troubles) if found[f"t{n}"]]
    if told:
        return Health("warn", told[0])
    if heard is None:
        return Health("", "Provider not heard yet")
    return Health("ok" if now() - heard < RECENTLY else "", "Provider last heard", heard)


def with_refusals(
    accounts: "QuerySet[ProviderAccount, ProviderAccount]",
) -> "QuerySet[ProviderAccount, ProviderAccount]":
    """Let each account say when something was refused in its name (`wrong_at`), if nothing good has come since."""
    good = Receipt.objects.filter(
        business_id=OuterRef("business_id"),
        provider=OuterRef("provider"),
        account_id=OuterRef("account_id"),
        received_at__gt=OuterRef("refused_at"),
    )
    lately = Q(refused_at__gt=now() - RECENTLY)
    return accounts.annotate(wrong_at=Case(When(lately & ~Exists(good), then="refused_at")))


def last_heard(business_id: UUID) -> QuerySet[Receipt, Any]:
    """Return when anything of a provider was last received: one entry of an index."""
    newest = Receipt.objects.filter(business_id=business_id).order_by("-received_at", "-id")
    return newest.values("received_at")[:1]


def _found(business_id: UUID) -> dict[str, Any] | None:
    asked = {f"t{n}": trouble.codes(business_id) for n, trouble in enumerate(troubles)}
    accounts = ProviderAccount.objects.filter(business_id=business_id)
    rows = with_refusals(accounts).annotate(heard=last_heard(business_id), **asked)
    newest: dict[str, Any] | None = (
        rows.order_by(F("wrong_at").desc(nulls_last=True)).values("heard", "wrong_at", *asked).first()
    )
    return newest
