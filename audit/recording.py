"""Writing history: one call, in the transaction of the act, so that neither exists without the other.

A refused attempt is recorded after its rollback, in a transaction of its own (`accounts.doors`).
"""

import logging
from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from django.db import transaction

from audit.events import Event
from audit.models import Entry
from callcrm.lib import context

security_log = logging.getLogger("callcrm.security")


class Actor(Protocol):
    """Whoever can act: a member, a user, a platform visitor."""

    @property
    def audit_actor(self) -> str: ...


def record(event: Event, *, by: Actor | str | None, business_id: UUID | None) -> Entry:
    """Write what happened. `by=None` is callcrm itself; a string is `provider:<name>` or `anonymous`."""
    entry = entry_for(event, by=by, business_id=business_id)
    entry.save(force_insert=True)
    if event.security:
        transaction.on_commit(lambda: _tell_security_log(entry))
    return entry


def record_all(events: Iterable[Event], *, by: Actor | str | None, business_id: UUID | None) -> None:
    """Write what happened to many things at once, in one statement. None of it is the security log's."""
    entries = [entry_for(event, by=by, business_id=business_id) for event in events]
    if any(entry.is_security for entry in entries):
        raise TypeError("what the security log has too is recorded one by one")
    Entry.objects.bulk_create(entries)


def entry_for(event: Event, *, by: Actor | str | None, business_id: UUID | None) -> Entry:
    """Return the unsaved row, for the one path that writes it together with others (`telephony.ingest`)."""
    data = event.data()
    return Entry(
        business_id=business_id,
        name=event.name,
        actor=actor_name(by),
        subject_id=data.get(event.subject) if event.subject else None,
        data=data,
        request_id=context.request_id.get(),
        ip=context.client_ip.get() or None,
    )


def actor_name(by: Actor | str | None) -> str:
    """Return the form in which the history keeps an actor: `member:<id>`, `user:<id>`, `provider:twilio`, `system`."""
    if by is None:
        return "system"
    return by if isinstance(by, str) else by.audit_actor


def _tell_security_log(entry: Entry) -> None:
    fields = {
        "event": entry.name,
        "actor": entry.actor,
        "business": str(entry.business_id or ""),
        **entry.data,
    }
    security_log.info(entry.name, extra={"fields": fields})
