"""Keeping the search tokens of a lead true to what is sealed in it. Read side: `search.py`."""

from collections.abc import Iterable

from accounts import keys
from callcrm.lib.crypto.blind import Token
from leads.models import Lead, LeadPhone, LeadToken


def write(lead: Lead, phones: Iterable[str], *, name: str | None = None, email: str | None = None) -> None:
    """Write every token of a lead. Raises IntegrityError when a phone belongs to another lead of the business."""
    LeadToken.objects.bulk_create(rows(lead, phones, name=name, email=email))


def rows(
    lead: Lead, phones: Iterable[str], *, name: str | None = None, email: str | None = None
) -> list[LeadToken]:
    """Return the unsaved tokens of a lead. Sorted, so that two writers wait for each other and never in a circle."""
    return [
        LeadToken(business_id=lead.business_id, kind=int(kind), token=token, lead_id=lead.pk)
        for kind, token in sorted(tokens(lead, phones, name=name, email=email))
    ]


def rewrite(lead: Lead) -> None:
    """Write the tokens anew from what the lead holds now."""
    LeadToken.objects.filter(business_id=lead.business_id, lead_id=lead.pk).delete()
    numbers = [phone.number.reveal() for phone in LeadPhone.objects.filter(lead=lead).select_related("lead")]
    write(
        lead,
        numbers,
        name=lead.name.reveal() if lead.name else None,
        email=lead.email.reveal() if lead.email else None,
    )


def tokens(
    lead: Lead, phones: Iterable[str], *, name: str | None = None, email: str | None = None
) -> set[Token]:
    """Return everything by which the lead shall be found."""
    index = keys.blind_index(lead.business_id)
    found = {token for number in phones for token in index.phone(number)}
    if email:
        found.add(index.email_exact(email))
    if name:
        found.update(index.name_words(name), index.name_prefixes(name))
    return found
