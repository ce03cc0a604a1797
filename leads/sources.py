"""Naming where people come from. A source is archived, never deleted: numbers, leads and calls name it."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import Business, Member
from audit.recording import record
from callcrm.errors import Conflict
from leads.events import SourceChanged
from leads.models import Source

TAKEN = "There is a source of this name."


@transaction.atomic
def create(business: Business, values: Mapping[str, Any], *, by: Member) -> Source:
    """Add a source: `name`, `kind`. Raises Conflict for a name that is taken."""
    source = Source(business=business, **values)
    _save(source, force_insert=True)
    record(SourceChanged(source_id=source.pk, act="added"), by=by, business_id=business.pk)
    return source


@transaction.atomic
def change(source: Source, values: Mapping[str, Any], *, by: Member) -> Source:
    """Change name, kind or whether it is archived. Raises Conflict for a name that is taken."""
    changed = [field for field, value in values.items() if getattr(source, field) != value]
    for field in changed:
        setattr(source, field, values[field])
    if changed:
        _save(source, update_fields=changed)
        record(SourceChanged(source_id=source.pk, act="changed"), by=by, business_id=source.business_id)
    return source


def _save(source: Source, **options: Any) -> None:
    try:
        with transaction.atomic():
            source.save(**options)
    except IntegrityError:
        raise Conflict(TAKEN, fields={"name": [TAKEN]}) from None
