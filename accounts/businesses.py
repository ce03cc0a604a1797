"""Making a business, and changing what it is called and where it is."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from accounts import keys, team
from accounts.events import BusinessChanged, BusinessCreated
from accounts.models import Business, Member, User
from accounts.permissions import Role
from audit.events import Change
from audit.recording import Actor, record
from callcrm.errors import NotFound
from callcrm.lib import phones

# Called in the transaction that makes a business, by apps that lie above this one.
on_created: list[Callable[[Business], None]] = []


@transaction.atomic
def create(
    name: str,
    *,
    owner: User,
    timezone: str = "America/New_York",
    slug: str = "",
    by: Actor | str | None = None,
) -> Business:
    """Make a business with its keys and its first owner. Raises ValidationError naming the field that is wrong."""
    region = phones.region_of_timezone(timezone)
    business = Business(name=name.strip(), slug=slug or free_slug(name), timezone=timezone, region=region)
    business.full_clean()
    business.save(force_insert=True)
    keys.make_keys(business)
    record(BusinessCreated(business_id=business.pk), by=by, business_id=business.pk)
    team.add(business, owner, Role.OWNER, by=by)
    for follow in on_created:
        follow(business)
    return business


def named(slug: str) -> Business:
    """Return the business with this slug. Raises NotFound."""
    business = Business.objects.filter(slug=slug).first()
    if business is None:
        raise NotFound("There is no business with this slug.")
    return business


@transaction.atomic
def change(business: Business, values: Mapping[str, Any], *, by: Member | User) -> Business:
    """Change what a business is called, or how it works. Raises ValidationError."""
    changed = [field for field, value in values.items() if getattr(business, field) != value]
    before = {field: getattr(business, field) for field in changed}
    for field in changed:
        setattr(business, field, values[field])
    if changed:
        business.full_clean()
        business.save(update_fields=changed)
        told = [_change(field, before[field], values[field]) for field in changed]
        record(BusinessChanged(fields=changed, changes=told), by=by, business_id=business.pk)
    return business


def _change(field: str, before: Any, after: Any) -> Change:
    """Tell the history in the words of Settings; a name may be a person's, and is left out."""
    return Change(field) if field == "name" else Change(field, _said(field, before), _said(field, after))


def _said(field: str, value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return (
        dict(phones.countries()).get(value, str(value)) if field == "region" else str(value).replace("_", " ")
    )


def free_slug(name: str) -> str:
    """Return a slug that no business has: the name, then the name with a number."""
    base = slugify(name)[:40] or "business"
    names = (base if n == 1 else f"{base}-{n}" for n in count(1))
    return next(slug for slug in names if not Business.objects.filter(slug=slug).exists())
