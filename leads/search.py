"""Finding people by what cannot be read: last digits, a whole number, an e-mail, words of a name or their beginnings.

What is typed becomes blind tokens; the index proposes leads, and each counts only once its decrypted values agree,
because short tokens collide on purpose. Nothing typed is kept, logged or put into a URL.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from accounts import keys
from accounts.doors import Admitted
from accounts.models import Business
from callcrm.lib.crypto.blind import Query, Token, words_of
from leads.models import Lead, LeadPhone, LeadQuerySet, LeadToken

# Short tokens have chance neighbours: read somewhat more than a page, and at most this many batches for one answer.
BATCH = 60
MOST_BATCHES = 20
SHORTEST_START, SHORTEST_END = 3, 4  # of a name, of a number
_KINDS = {"phone": {"phone", "phone_end"}, "email": {"email"}, "name": {"word", "word_start"}}
MEANT = _KINDS | {"q": set[str]().union(*_KINDS.values())}
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of hits, newest first. `next` is the id to go on after, or None at the end."""

    leads: list[Lead]
    next: UUID | None


def search(
    member: Admitted,
    business: Business,
    text: str,
    *,
    kind: str = "q",
    after: UUID | None = None,
    size: int = 50,
    within: LeadQuerySet | None = None,
) -> Found:
    """Return leads that match what was typed; nothing searchable finds nothing.

    `kind` says what is meant: `q` whatever it looks like, else `phone`, `email` or `name` and nothing else. `within`
    narrows what the member may see.
    """
    query = keys.blind_index(business.pk).query_tokens(text[:200], business.region)
    if not query or not all(term.test in MEANT[kind] for term in query.terms):
        return Found([], None)
    leads = Lead.objects.visible_to(member)
    if within is not None:
        leads = leads.filter(pk__in=within.order_by().values("pk"))
    if query.terms[0].test == "phone_end":
        page = _with_number_ending(leads, business.pk, query, after, size + 1, narrowed=within is not None)
    else:
        hits = verified(_candidates(leads, business.pk, query), partial(_agrees, query), after)
        page = list(islice(hits, size + 1))
    return Found(page[:size], page[size - 1].pk if len(page) > size else None)


def advice(text: str) -> str:
    """Return what to type instead, for what finds little or nothing by the way it is written; else an empty text."""
    words = words_of(text)
    if "@" not in text and any(map(str.isdecimal, words)) and not all(map(str.isdecimal, words)):
        return "Search for a name or for a number, not for both at once."
    if words and all(map(str.isdecimal, words)) and len("".join(words)) < SHORTEST_END:
        return "Type at least the last 4 digits of a number. The 2 that pages show are too few."
    if all(len(word) < SHORTEST_START for word in words if word.isalpha()) and any(map(str.isalpha, words)):
        return "So few letters find only a name that is just them. Type at least 3."
    return ""


def _with_number_ending(
    leads: LeadQuerySet, business_id: UUID, query: Query, after: UUID | None, most: int, *, narrowed: bool
) -> list[Lead]:
    """About half of the proposed are chance neighbours: look at numbers alone, then load the leads that agree."""
    phones = LeadPhone.objects.filter(
        business_id=business_id, lead_id__in=_holders(business_id, query.groups[0])
    )
    phones = phones.filter(lead_id__lt=after) if after else phones
    phones = phones.filter(lead_id__in=leads.values("pk")) if narrowed else phones
    narrow = phones.select_related("lead").only(
        "business_id", "number", "lead__business_id", "lead__key", "lead__key_version"
    )
    candidates = narrow.order_by("-lead_id")[: BATCH * MOST_BATCHES]
    agree = (phone.lead_id for phone in candidates if query.matches([phone.number.reveal()], None, None))
    ids = list(islice(dict.fromkeys(agree), most))
    return list(leads.filter(pk__in=ids).for_list().order_by("-pk"))


def verified(
    candidates: QuerySet[Row], agrees: Callable[[Row], bool], after: UUID | None = None
) -> Iterator[Row]:
    """Yield the candidates that agree, in their order (newest first), reading batch after batch."""
    for _ in range(MOST_BATCHES):
        batch = list(candidates.filter(pk__lt=after)[:BATCH] if after else candidates[:BATCH])
        yield from (row for row in batch if agrees(row))
        if len(batch) < BATCH:
            return
        after = batch[-1].pk


def _candidates(leads: LeadQuerySet, business_id: UUID, query: Query) -> LeadQuerySet:
    for group in query.groups:
        leads = leads.filter(pk__in=_holders(business_id, group))
    return leads.for_list().order_by("-pk")


def _holders(business_id: UUID, group: Iterable[Token]) -> QuerySet[LeadToken, UUID]:
    """Return who has any of the tokens.

    Kinds and tokens are asked for apart: that is answered from the index alone, an OR of pairs from the table. A token
    that is found under another's kind is one more chance neighbour.
    """
    kinds, tokens = zip(*group, strict=True)
    held = LeadToken.objects.filter(business_id=business_id, kind__in=kinds, token__in=tokens)
    return held.values_list("lead_id", flat=True)


def _agrees(query: Query, lead: Lead) -> bool:
    """Only what was asked for is opened."""
    asked = {term.test for term in query.terms}
    numbers = [phone.number.reveal() for phone in lead.phones.all()] if asked & _KINDS["phone"] else []
    email = lead.email.reveal() if lead.email is not None and asked & _KINDS["email"] else None
    name = lead.name.reveal() if lead.name is not None and asked & _KINDS["name"] else None
    return query.matches(numbers, email, name)
