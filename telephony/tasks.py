"""The jobs of telephony. A task is a thin shell: it names its business and calls a verb."""

from uuid import UUID

from procrastinate.contrib.django import app

from accounts.models import Business
from callcrm.lib.tenancy import business_scope
from telephony import feed, practice
from telephony.live import streams


@app.task(queue="practice")
def play_practice(*, business_id: str, scenario: str) -> None:
    """Let a practice caller ring at the running product. A call that was cut off is not played again: it has rung."""
    business = Business.objects.get(pk=UUID(business_id))
    practice.play_now(business, scenario, base_url=practice.running_product())


@app.periodic(cron="7 * * * *")
@app.task(queue="default", queueing_lock="trim_feed")
def trim_feed(timestamp: int) -> None:
    """Forget what nobody can come back for, and the streams of processes that were killed."""
    for business_id in Business.objects.values_list("pk", flat=True):
        with business_scope(business_id):
            feed.trim(business_id)
            streams.forget_stale(business_id)
