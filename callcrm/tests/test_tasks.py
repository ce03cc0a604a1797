"""Jobs survive the worker that ran them; those that must not run twice are marked instead."""

import pytest
from django.db import connection
from procrastinate.contrib.django import procrastinate_app
from procrastinate.contrib.django.models import ProcrastinateJob

from callcrm.tasks import rescue_jobs

pytestmark = pytest.mark.django_db(transaction=True)
SAFE, UNSAFE = "callcrm.tests.safe", "telephony.tasks.play_practice"


@pytest.fixture
def run_jobs():
    app = procrastinate_app.current_app
    if SAFE not in app.tasks:
        app.task(name=SAFE, retry=3)(lambda: None)

    def run():
        with app.replace_connector(app.connector.get_worker_connector()) as working:
            working.run_worker(
                wait=False, install_signal_handlers=False, listen_notify=False, queues=["default"]
            )

    return run


def lose(name, seconds):
    """A job whose worker gave its last sign of life so many seconds ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))"
            " RETURNING id",
            [seconds],
        )
        cursor.execute(
            "INSERT INTO procrastinate_jobs (task_name, queue_name, status, worker_id)"
            " VALUES (%s, 'elsewhere', 'doing', %s) RETURNING id",
            [name, cursor.fetchone()[0]],
        )
        return cursor.fetchone()[0]


def status(pk):
    return ProcrastinateJob.objects.get(pk=pk).status


def test_a_job_of_a_killed_worker_is_done_again(run_jobs):
    job = lose(SAFE, 40)
    rescue_jobs.defer(timestamp=0)
    run_jobs()
    assert status(job) == "todo"


def test_a_job_that_is_not_safe_twice_is_marked_as_failed(run_jobs):
    job = lose(UNSAFE, 40)
    rescue_jobs.defer(timestamp=0)
    run_jobs()
    assert status(job) == "failed"


def test_a_job_of_a_living_worker_is_left_alone(run_jobs):
    job = lose(SAFE, 15)
    rescue_jobs.defer(timestamp=0)
    run_jobs()
    assert status(job) == "doing"
