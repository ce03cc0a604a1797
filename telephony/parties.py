"""Who is at the other end of a call that a member tells of or asks for: somebody known, or a lead that is made now."""

from collections.abc import Mapping
from typing import Any

from accounts.models import Business, Member
from callcrm.errors import Invalid
from callcrm.lib import phones
from leads import editing, intake
from leads.models import Lead, LeadPhone
from telephony import numbers


def person(
    business: Business, values: Mapping[str, Any], source: Any, *, typed_in: str, by: Member
) -> tuple[Lead, LeadPhone | None]:
    """Return the person and which of his numbers it is. `values`: lead, or a number as typed, and name.

    Raises Invalid at the field `typed_in` of the number, NotFound for a lead that was merged or deleted meanwhile.
    """
    if values.get("lead") is not None:
        lead = editing.held(values["lead"])
        return lead, lead.phone
    e164, name = number(business, values, typed_in=typed_in), (values.get("name") or "").strip()
    known = intake.find(business.pk, e164) if e164 else None
    if known:
        return editing.held(known.lead), known.phone
    given = {"phones": [e164] if e164 else [], "name": name, "source": source}
    lead = editing.create(business, given, by=by)
    return lead, lead.phone


def known(business: Business, values: Mapping[str, Any], *, typed_in: str) -> Lead | None:
    """Return who has the number that was typed, if anybody has. Raises Invalid as `person` does."""
    e164 = number(business, values, typed_in=typed_in)
    found = intake.find(business.pk, e164) if e164 else None
    return found.lead if found else None


def number(business: Business, values: Mapping[str, Any], *, typed_in: str) -> str | None:
    """Return the number that was typed; None where a name alone says who it is. Raises Invalid as `person` does."""
    typed = (values.get(typed_in) or "").strip()
    if not typed and not (values.get("name") or "").strip():
        raise Invalid(fields={typed_in: ["Say who it is: a number or a name."]})
    return _number(business, typed, typed_in) if typed else None


def _number(business: Business, typed: str, typed_in: str) -> str:
    if phones.is_emergency(typed, business.region):
        raise Invalid(
            fields={typed_in: ["Dial emergency numbers on your own telephone: no call is made from here."]}
        )
    try:
        e164 = phones.typed(typed, business.region)
    except ValueError as error:
        raise Invalid(fields={typed_in: [str(error)]}) from None
    if numbers.is_own(business.pk, e164):
        raise Invalid(fields={typed_in: ["This is a number of your own business."]})
    return e164
