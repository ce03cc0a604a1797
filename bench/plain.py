"""The search that needs no key: what `callcrm.lib.crypto.blind` and `leads.search` do, over values in clear.

It reads what is typed the same way and asks the same B-tree behind the same wall, so that the difference between the
two is what being unreadable costs: hashing, chance neighbours of short hashes, decryption.
"""

from collections.abc import Iterable
from functools import partial
from itertools import islice
from typing import cast
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Business
from bench.models import PlainLead, PlainToken
from callcrm.lib.crypto.blind import BlindIndex, Kind, Query, Token
from leads.search import verified


class PlainIndex(BlindIndex):
    """The tokens are the values themselves."""

    def _token(self, kind: Kind, normalised: str) -> Token:
        return Token(kind, cast(bytes, normalised))

    def tokens(self, phone: str, email: str, name: str) -> set[tuple[Kind, str]]:
        """Return everything by which a person is found."""
        found = {
            *self.phone(phone),
            self.email_exact(email),
            *self.name_words(name),
            *self.name_prefixes(name),
        }
        return cast(set[tuple[Kind, str]], found)


PLAIN = PlainIndex(b"")


def search(business: Business, text: str, *, size: int) -> list[PlainLead]:
    """Return one page of hits, newest first."""
    query = PLAIN.query_tokens(text, business.region)
    # A beginning of eight letters may belong to longer words, so here as well each candidate is compared.
    hits = verified(_candidates(business, query), partial(_agrees, query))
    return list(islice(hits, size + 1))[:size]


def _candidates(business: Business, query: Query) -> QuerySet[PlainLead]:
    leads = PlainLead.objects.filter(business=business)
    for group in query.groups:
        leads = leads.filter(pk__in=_holders(business, group))
    shown = leads.select_related("source", "assigned_to__user").prefetch_related("phones")
    return shown.order_by("-pk")


def _holders(business: Business, group: Iterable[Token]) -> QuerySet[PlainToken, UUID]:
    kinds, tokens = zip(*group, strict=True)
    held = PlainToken.objects.filter(business_id=business.pk, kind__in=kinds, token__in=tokens)
    return held.values_list("lead_id", flat=True)


def _agrees(query: Query, lead: PlainLead) -> bool:
    return query.matches([phone.number for phone in lead.phones.all()], lead.email, lead.name)
