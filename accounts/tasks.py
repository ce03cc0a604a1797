"""The jobs of accounts."""

from procrastinate.contrib.django import app

from accounts import idempotency
from accounts.models import Business
from callcrm.lib.tenancy import business_scope


@app.periodic(cron="47 3 * * *")
@app.task(queue="default", queueing_lock="forget_idempotency_keys")
def forget_idempotency_keys(timestamp: int) -> None:
    """Nobody sends a request of last week again."""
    for business_id in Business.objects.values_list("pk", flat=True):
        with business_scope(business_id):
            idempotency.forget(business_id)
