"""Finding people by what cannot be read: last digits, a whole number, an e-mail, words of a name or their beginnings.

What is typed becomes blind tokens; the index proposes leads, and each counts only once its decrypted values agree,
because short tokens collide on purpose. Nothing typed is kept, logged or put into a URL.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts import keys
from accounts.doors import Admitted
from accounts.models import Business
from callcrm.lib.crypto.blind import Query, Token
from leads.models import Lead, LeadQuerySet, LeadToken

# Short tokens have chance neighbours: read somewhat more than a page, and at most this many batches for one answer.
BATCH = 60
MOST_BATCHES = 20
_KINDS = {"phone": {"phone", "phone_end"}, "email": {"email"}, "name": {"word", "word_start"}}
MEANT = _KINDS | {"q": set[str]().union(*_KINDS.values())}


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
) -> Found:
    """Return leads that match what was typed; nothing searchable finds nothing.

    `kind` says what is meant: `q` whatever it looks like, else `phone`, `email` or `name` and nothing else.
    """
    query = keys.blind_index(business.pk).query_tokens(text[:200], business.region)
    if not query or not all(term.test in MEANT[kind] for term in query.terms):
        return Found([], None)
    hits = _hits(Lead.objects.visible_to(member), business.pk, query, after)
    page = [lead for lead, _ in zip(hits, range(size + 1), strict=False)]
    return Found(page[:size], page[size - 1].pk if len(page) > size else None)


def _hits(leads: LeadQuerySet, business_id: UUID, query: Query, after: UUID | None) -> Iterator[Lead]:
    """Yield verified leads, newest first, reading batch after batch."""
    candidates = _candidates(leads, business_id, query)
    for _ in range(MOST_BATCHES):
        batch = list(candidates.filter(pk__lt=after)[:BATCH] if after else candidates[:BATCH])
        yield from (lead for lead in batch if _agrees(lead, query))
        if len(batch) < BATCH:
            return
        after = batch[-1].pk


def _candidates(leads: LeadQuerySet, business_id: UUID, query: Query) -> LeadQuerySet:
    for group in query.groups:
        leads = leads.filter(pk__in=_holders(business_id, group))
    return leads.for_list().order_by("-pk")


def _holders(business_id: UUID, group: Iterable[Token]) -> QuerySet[LeadToken, UUID]:
    any_of = Q()
    for kind, token in group:
        any_of |= Q(kind=kind, token=token)
    return LeadToken.objects.filter(any_of, business_id=business_id).values_list("lead_id", flat=True)


def _agrees(lead: Lead, query: Query) -> bool:
    numbers = [phone.number.reveal() for phone in lead.phones.all()]
    email = lead.email.reveal() if lead.email else None
    name = lead.name.reveal() if lead.name else None
    return query.matches(numbers, email, name)
