"""The jobs of recordings: thin shells, all of them safe to run twice and at once.

A slow provider must not take all threads of a worker from the other jobs: a process asks providers for two at a time,
a third waits a moment and then comes again, and whatever else there is to do goes first.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from procrastinate.contrib.django import app

from accounts.models import Business
from callcrm.lib.tenancy import business_scope
from recordings import copies, fetching, inquiries, pauses
from recordings.listening import playbacks
from recordings.retention import deletions, rules

AT_ONCE = 2  # of the four threads of a worker
PATIENCE = 2.0  # seconds; longer than most fetches take
LAST = -10  # behind every other job that is due
SOON = 10  # before every other job: somebody is about to say his card number
_free = BoundedSemaphore(AT_ONCE)


@app.task(queue=fetching.QUEUE, retry=3, priority=LAST)
def fetch_recording(*, business_id: str, recording_id: str) -> None:
    """Fetch it, if it is due."""
    _when_free(fetch_recording, fetching.fetch, business_id=business_id, recording_id=recording_id)


@app.task(queue=fetching.QUEUE, retry=3, priority=LAST)
def delete_provider_copy(*, business_id: str, recording_id: str) -> None:
    """Delete what the provider still has, if that is due."""
    _when_free(delete_provider_copy, copies.delete, business_id=business_id, recording_id=recording_id)


@app.task(queue=fetching.QUEUE, retry=3, priority=LAST)
def remove_deleted(*, business_id: str, recording_id: str) -> None:
    """Remove what is left of a deleted one, if that is due."""
    _when_free(remove_deleted, deletions.remove, business_id=business_id, recording_id=recording_id)


@app.task(queue=fetching.QUEUE, retry=3, priority=LAST)
def ask_provider(*, business_id: str, inquiry_id: str) -> None:
    """Ask which recordings a call has, if that is due."""
    _when_free(ask_provider, inquiries.ask, business_id=business_id, inquiry_id=inquiry_id)


@app.task(queue="default", retry=3, priority=SOON)
def tell_provider(*, business_id: str, pause_id: str) -> None:
    """Pause or resume it, if that is wished and not done."""
    pauses.carry_out(UUID(business_id), UUID(pause_id))


@app.periodic(cron="* * * * *")
@app.task(queue="default", queueing_lock="sweep_recordings")
def sweep_recordings(timestamp: int) -> None:
    """Ask again for what is due and was lost."""
    fetching.sweep()
    pauses.sweep()


@app.periodic(cron="*/5 * * * *")
@app.task(queue="default", queueing_lock="look_for_recordings")
def look_for_recordings(timestamp: int) -> None:
    """Ask for what was to be recorded and is not told of."""
    inquiries.sweep()


@app.periodic(cron="47 3 * * *")
@app.task(queue="default", queueing_lock="forget_playbacks")
def forget_playbacks(timestamp: int) -> None:
    """Forget links that open nothing, and what was asked of providers long ago."""
    for business_id in Business.objects.values_list("pk", flat=True):
        with business_scope(business_id):
            playbacks.forget()
            inquiries.forget()


@app.periodic(cron="11 * * * *")
@app.task(queue="default", queueing_lock="end_recordings")
def end_recordings(timestamp: int) -> None:
    """Once an hour, for the nights of all zones: where it is night, what is due goes."""
    at = datetime.fromtimestamp(timestamp, UTC)
    for business in rules.businesses_with_rules():
        up_to = rules.nights_work(business, at)
        expire_recordings.defer(business_id=str(business.pk), up_to=up_to.isoformat())


@app.task(queue="default", retry=3, priority=LAST)
def expire_recordings(*, business_id: str, up_to: str) -> None:
    """Delete a batch of what was due at a moment; another job takes the next."""
    gone = rules.sweep(UUID(business_id), datetime.fromisoformat(up_to))
    if gone:
        expire_recordings.defer(business_id=business_id, up_to=up_to)


def _when_free(task: Any, work: Callable[[UUID, UUID], None], **ids: str) -> None:
    if not _free.acquire(timeout=PATIENCE):
        soon = random.randint(5, 25)  # noqa: S311  spreads, hides nothing
        task.configure(schedule_in={"seconds": soon}).defer(**ids)
        return
    try:
        work(*map(UUID, ids.values()))
    finally:
        _free.release()
