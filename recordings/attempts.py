"""Trying, one at a time and again: the claim on a recording, and when the next attempt is.

A claim is a short lease, renewed while the work goes on, so that a killed worker is noticed within a minute and no
connection is held meanwhile. Its number is the recording's count of attempts: whoever finds another number has been
overtaken, and what he brings does not count.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

from django.utils.timezone import now

from callcrm.lib.tenancy import business_scope
from recordings import failures
from recordings.models import Recording, RecordingQuerySet
from telephony.models import Call, ProviderAccount
from telephony.providers import PROVIDERS
from telephony.providers.base import Access, Client, Wanted

LEASE = timedelta(seconds=45)
RENEWED_AFTER = 10.0  # seconds
EAGER = timedelta(days=1)  # so long the next attempt is at most a minute away
LONGEST_WAIT, RARE_WAIT = 55.0, 3600.0  # a worker looks every five seconds for what is due


class Overtaken(Exception):
    """Somebody else has taken it up, or it is gone. What was done does not count."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a recording, and all that is needed for it outside a transaction."""

    business_id: UUID
    recording_id: UUID
    number: int

    def renew(self) -> None:
        """Keep others away for another while."""
        with business_scope(self.business_id):
            mine = Recording.objects.filter(pk=self.recording_id, attempts=self.number)
            if not mine.update(claimed_until=now() + LEASE):
                raise Overtaken

    def renewed_over(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The same blocks, with the claim kept alive while they come."""
        last = monotonic()
        for block in blocks:
            if monotonic() - last > RENEWED_AFTER:
                self.renew()
                last = monotonic()
            yield block

    def row(self) -> Recording:
        """Return the row, locked after its call, in the order in which deliveries lock them. Raises Overtaken."""
        calls = Call.objects.filter(pk__in=self._mine().values("call_id"))
        call = calls.select_for_update().first()
        recording = self._mine().select_for_update().first()
        if call is None or recording is None:
            raise Overtaken
        recording.call = call
        return recording

    def _mine(self) -> RecordingQuerySet:
        return Recording.objects.filter(pk=self.recording_id, attempts=self.number)


def lock_call(recording_id: UUID) -> None:
    """Lock the call of a recording, which whoever changes the state of one does first: deliveries come that way."""
    of_it = Recording.objects.filter(pk=recording_id).values("call_id")
    Call.objects.filter(pk__in=of_it).select_for_update().first()


def take(recording: Recording) -> Claim:
    """Claim a locked recording."""
    recording.attempts += 1
    recording.claimed_until = now() + LEASE
    recording.save(update_fields=["attempts", "claimed_until"])
    return Claim(recording.business_id, recording.pk, recording.attempts)


def account_of(recording: Recording) -> Access:
    """Return what the provider is asked with: the account that the recording was told from."""
    mine = ProviderAccount.objects.filter(business_id=recording.business_id, provider=recording.call.provider)
    if recording.provider_account:  # rows of before it was kept have none
        mine = mine.filter(account_id=recording.provider_account)
    account = mine.order_by("created_at").first()
    if account is None:
        raise failures.NoAccount
    return account.access


def client_of(recording: Recording) -> Client:
    return PROVIDERS[recording.call.provider].client


def wanted(recording: Recording) -> Wanted:
    silent = tuple(_paused(recording))
    return Wanted(recording.provider_id, recording.channels, recording.duration_seconds, silent)


def _paused(recording: Recording) -> Iterator[tuple[float, float]]:
    """Yield from when till when it was paused, after its beginning; what nobody resumed is paused to its end."""
    for pause in recording.pauses.all():
        if pause.paused_at:
            until = max(pause.paused_at, pause.resumed_at or recording.pauses_end_by)
            begin, end = (at - recording.created_at for at in (pause.paused_at, until))
            yield begin.total_seconds(), end.total_seconds()


def may_yet_come(recording: Recording) -> bool:
    """What was never fetched from the provider may not be there because he is late with it."""
    return recording.size is None and now() - recording.created_at < EAGER


class Tried(Protocol):
    """What is tried again: since when, and how often it was."""

    asked_since: Any
    attempts: Any


def wait(tried: Tried, failure: Exception) -> timedelta:
    """Return how long to wait: longer each time, at most a minute for a day, then about an hour; never all at once.

    Who asks for patience (Retry-After) gets it within that minute, however long he asks for: what the product promises
    of its recordings does not depend on him.
    """
    if tried.asked_since and now() - tried.asked_since > EAGER:
        return timedelta(seconds=RARE_WAIT * random.uniform(0.75, 1))  # noqa: S311  spreads, hides nothing
    seconds = min(LONGEST_WAIT, 2.0 ** min(tried.attempts, 6))
    asked = getattr(failure, "retry_after", None) or 0
    spread = seconds * random.uniform(0.5, 1)  # noqa: S311  likewise
    return timedelta(seconds=min(LONGEST_WAIT, max(spread, asked)))
