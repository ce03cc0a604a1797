"""The jobs of telephony. A task is a thin shell: it names its business and calls a verb."""

from uuid import UUID

from procrastinate.contrib.django import app

from accounts.models import Business
from callcrm.lib.tenancy import business_scope
from leads import drafts
from telephony import feed, practice
from telephony.bulk import changes
from telephony.live import streams
from telephony.outgoing import placing, stopping

SOON = 10  # before every other job: somebody waits at his telephone


@app.task(queue="practice")
def play_practice(*, business_id: str, scenario: str) -> None:
    """Let a practice caller ring at the running product. A call that was cut off is not played again: it has rung."""
    business = Business.objects.get(pk=UUID(business_id))
    practice.play_now(business, scenario, base_url=practice.running_product())


@app.task(queue="default", retry=3, priority=SOON)
def place_call(*, business_id: str, placement_id: str) -> None:
    """Ask the provider for a call, if nobody has."""
    placing.carry_out(UUID(business_id), UUID(placement_id))


@app.task(queue="default", retry=3, priority=SOON)
def look_for_call(*, business_id: str, placement_id: str) -> None:
    """Ask what became of it, if nobody has heard."""
    placing.look(UUID(business_id), UUID(placement_id))


@app.task(queue="default", retry=3, priority=SOON)
def stop_call(*, business_id: str, placement_id: str) -> None:
    """Tell the provider to end a call that was asked for, if that is wished."""
    stopping.carry_out(UUID(business_id), UUID(placement_id))


@app.periodic(cron="* * * * *")
@app.task(queue="default", queueing_lock="sweep_placements")
def sweep_placements(timestamp: int) -> None:
    """Settle what was lost with its worker."""
    placing.sweep()
    stopping.sweep()


@app.periodic(cron="7 * * * *")
@app.task(queue="default", queueing_lock="trim_feed")
def trim_feed(timestamp: int) -> None:
    """Forget what nobody can come back for or undo, and the streams of processes that were killed."""
    for business_id in Business.objects.values_list("pk", flat=True):
        with business_scope(business_id):
            feed.trim(business_id)
            changes.trim(business_id)
            drafts.trim(business_id)
            streams.forget_stale(business_id)
