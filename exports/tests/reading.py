"""What became of an export: its row, its file, its job."""

import csv
import io

from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from exports import taking
from exports.models import Export


def again(world, export):
    with world.inside():
        return Export.objects.select_related("business").get(pk=export.pk)


def taken(world, export, by=None):
    with world.inside():
        return b"".join(taking.take(export, by=by or world.admin).blocks())


def rows(world, export):
    """The lines without the head, each by the names of the columns."""
    return list(csv.DictReader(io.StringIO(taken(world, export).decode("utf-8-sig"))))


def files(kept):
    return [path for path in kept.rglob("*") if path.is_file()]


def waiting():
    return jobs().count()


def jobs():
    return ProcrastinateJob.objects.filter(task_name="exports.tasks.write_export", status="todo")


def lose_jobs():
    """A worker has taken them, and was killed. Django may not change them: the queue is its own."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
