"""An index for every filter that may let few calls through, and the tags of past calls.

Made while calls come in: neither holds the table, which a transaction of all of it would do for as long as it takes.
"""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models, transaction


def keep_past_tags(apps: Any, editor: Any) -> None:
    """Business by business, because the wall holds the owner of the tables as well. Safe twice."""
    businesses = apps.get_model("accounts", "Business").objects.values_list("pk", flat=True)
    for business_id in list(businesses):
        with transaction.atomic(using=editor.connection.alias):
            editor.execute("SELECT set_config('app.business_ids', %s, true)", [str(business_id)])
            editor.execute(
                """
                INSERT INTO telephony_calltag (id, business_id, call_id, tag, started_at)
                SELECT DISTINCT ON (c.id, tag) gen_random_uuid(), c.business_id, c.id, tag, c.started_at
                FROM telephony_call c, unnest(c.tags) tag WHERE c.business_id = %s AND c.tags <> '{}'
                ON CONFLICT DO NOTHING
                """,
                [business_id],
            )


class Migration(migrations.Migration):
    atomic = False  # what PostgreSQL does concurrently it does in no transaction

    dependencies = [("telephony", "0011_bulk_changes")]

    operations = [
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                fields=["business", "after_hours", "-started_at", "-id"], name="telephony_call_after_hours"
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                fields=["business", "first_time_caller", "-started_at", "-id"],
                name="telephony_call_first_time",
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("disposition__isnull", False)),
                fields=["business", "disposition", "-started_at", "-id"],
                name="telephony_call_disposition",
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("direction", "outbound")),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_outbound",
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("state__in", ("canceled", "failed", "no-answer", "busy"))),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_failed",
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("disposition__isnull", False)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_noted",
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("disposition__isnull", True)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_unnoted",
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("talk_seconds__gte", 0), ("talk_seconds__lt", 30)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_talk_0",
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("talk_seconds__gte", 30), ("talk_seconds__lt", 120)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_talk_1",
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("talk_seconds__gte", 120), ("talk_seconds__lt", 600)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_talk_2",
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("talk_seconds__gte", 600)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_talk_3",
            ),
        ),
        migrations.RunPython(keep_past_tags, migrations.RunPython.noop),
    ]
