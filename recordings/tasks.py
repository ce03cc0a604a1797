"""The jobs of recordings: thin shells, all of them safe to run twice and at once.

A slow provider must not take all threads of a worker from the other jobs: of its fetches a process does a few at a
time, and the others come again in a moment.
"""

import random
from threading import BoundedSemaphore
from uuid import UUID

from procrastinate.contrib.django import app

from recordings import copies, fetching

AT_ONCE = 2  # of the four threads of a worker
_free = BoundedSemaphore(AT_ONCE)


@app.task(queue=fetching.QUEUE, retry=3)
def fetch_recording(*, business_id: str, recording_id: str) -> None:
    """Fetch it, if it is due."""
    if not _free.acquire(blocking=False):
        again = fetch_recording.configure(schedule_in={"seconds": random.randint(5, 25)})  # noqa: S311  spreads them
        again.defer(business_id=business_id, recording_id=recording_id)
        return
    try:
        fetching.fetch(UUID(business_id), UUID(recording_id))
    finally:
        _free.release()


@app.task(queue=fetching.QUEUE, retry=3)
def delete_provider_copy(*, business_id: str, recording_id: str) -> None:
    """Delete what the provider still has, if that is due."""
    copies.delete(UUID(business_id), UUID(recording_id))


@app.periodic(cron="* * * * *")
@app.task(queue="default", queueing_lock="sweep_recordings")
def sweep_recordings(timestamp: int) -> None:
    """Ask again for what is due and was lost."""
    fetching.sweep()
