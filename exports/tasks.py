"""The jobs of exports: thin shells, safe to run twice and at once. An export waits for every other job that is due."""

from uuid import UUID

from procrastinate.contrib.django import app

from accounts.models import Business
from exports import taking, writing

LAST = -20


@app.task(queue="default", retry=3, priority=LAST)
def write_export(*, business_id: str, export_id: str) -> None:
    """Write it, if nobody does."""
    writing.carry_out(UUID(business_id), UUID(export_id))


@app.periodic(cron="* * * * *")
@app.task(queue="default", queueing_lock="sweep_exports")
def sweep_exports(timestamp: int) -> None:
    """Ask again for what was lost with its worker."""
    writing.sweep()


@app.periodic(cron="23 * * * *")
@app.task(queue="default", queueing_lock="end_exports")
def end_exports(timestamp: int) -> None:
    """Remove the files whose day is over."""
    for business_id in Business.objects.values_list("pk", flat=True):
        taking.end_all(business_id)
