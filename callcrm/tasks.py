"""Jobs that look after the queue itself. Those of an app stand in its own `tasks.py`, which the queue finds by name."""

from django.core.management import call_command
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from callcrm.lib import logs

LOST_AFTER = 30  # seconds without a sign of life from its worker, which gives one every ten
KEPT_HOURS = 72
_log = logs.get("callcrm.jobs")


@app.periodic(cron="* * * * *")
@app.task(queue="default", queueing_lock="rescue_jobs", pass_context=True)
async def rescue_jobs(context: JobContext, timestamp: int) -> None:
    """Take up what a killed worker has left. A task without a retry is not safe to do twice, and counts as failed."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=LOST_AFTER):
        task = context.app.tasks.get(job.task_name)
        again = task is not None and task.retry_strategy is not None
        _log.warning("a job was lost with its worker", task=job.task_name, job_id=job.id, again=again)
        if again:
            await jobs.retry_job(job)
        else:
            await jobs.finish_job(job, Status.FAILED, delete_job=False)


@app.periodic(cron="17 3 * * *")
@app.task(queue="default", queueing_lock="forget_jobs", pass_context=True)
async def forget_jobs(context: JobContext, timestamp: int) -> None:
    """Jobs that are done say nothing after a few days; failed ones stay until somebody has looked."""
    await context.app.job_manager.delete_old_jobs(nb_hours=KEPT_HOURS)


@app.periodic(cron="37 3 * * *")
@app.task(queue="default", queueing_lock="forget_sessions")
def forget_sessions(timestamp: int) -> None:
    """Browser sessions that have expired open nothing, and need not be kept."""
    call_command("clearsessions")
