"""The jobs of telephony. A task is a thin shell: it names its business and calls a verb."""

from uuid import UUID

from django.conf import settings
from procrastinate.contrib.django import app

from accounts.models import Business
from callcrm.lib.tenancy import business_scope
from telephony import feed, practice
from telephony.live import streams


@app.task(queue="practice")
def play_practice(*, business_id: str, scenario: str) -> None:
    """Let a practice caller ring at the running product. A call that was cut off is not played again: it has rung."""
    base_url = settings.PUBLIC_BASE_URL if settings.PRODUCTION else f"http://127.0.0.1:{settings.PORT}"
    practice.play_now(Business.objects.get(pk=UUID(business_id)), scenario, base_url=base_url)


@app.periodic(cron="7 * * * *")
@app.task(queue="default", queueing_lock="trim_feed")
def trim_feed(timestamp: int) -> None:
    """Forget what nobody can come back for, and the streams of processes that were killed."""
    for business_id in Business.objects.values_list("pk", flat=True):
        with business_scope(business_id):
            feed.trim(business_id)
            streams.forget_stale(business_id)
