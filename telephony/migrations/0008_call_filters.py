"""What the call list is filtered by: opening hours, tags, and an index for whatever may be rare.

Past calls get rows of their tags here; which of them came after hours is said by `manage.py note_after_hours`.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import protect, tie
from telephony.tags_sql import keep_call_tags


def keep_past_tags(apps: Any, editor: Any) -> None:
    """Business by business, because the wall holds the owner of the tables as well."""
    businesses = apps.get_model("accounts", "Business").objects.values_list("pk", flat=True)
    for business_id in list(businesses):
        editor.execute("SELECT set_config('app.business_ids', %s, true)", [str(business_id)])
        editor.execute(
            """
            INSERT INTO telephony_calltag (id, business_id, call_id, tag, started_at)
            SELECT DISTINCT ON (c.id, tag) gen_random_uuid(), c.business_id, c.id, tag, c.started_at
            FROM telephony_call c, unnest(c.tags) tag WHERE c.business_id = %s AND c.tags <> '{}'
            """,
            [business_id],
        )
    editor.execute("SELECT set_config('app.business_ids', '', true)")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_idempotency"),
        ("leads", "0002_merges"),
        ("telephony", "0007_outgoing"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallTag",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("tag", models.CharField(max_length=40)),
                ("started_at", models.DateTimeField(help_text="Of the call.")),
            ],
        ),
        migrations.AddField(
            model_name="call",
            name="after_hours",
            field=models.BooleanField(
                help_text="Whether the business was closed when it began, by the hours of then. Null: not known.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                fields=["business", "after_hours", "-started_at", "-id"], name="telephony_call_after_hours"
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                fields=["business", "first_time_caller", "-started_at", "-id"],
                name="telephony_call_first_time",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("disposition__isnull", False)),
                fields=["business", "disposition", "-started_at", "-id"],
                name="telephony_call_disposition",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("direction", "outbound")),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_outbound",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("state__in", ("canceled", "failed", "no-answer", "busy"))),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_failed",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("disposition__isnull", False)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_noted",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("disposition__isnull", True)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_unnoted",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("talk_seconds__gte", 0), ("talk_seconds__lt", 30)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_talk_0",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("talk_seconds__gte", 30), ("talk_seconds__lt", 120)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_talk_1",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("talk_seconds__gte", 120), ("talk_seconds__lt", 600)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_talk_2",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("talk_seconds__gte", 600)),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_talk_3",
            ),
        ),
        migrations.AddField(
            model_name="calltag",
            name="business",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.business",
            ),
        ),
        migrations.AddField(
            model_name="calltag",
            name="call",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="tagged",
                to="telephony.call",
            ),
        ),
        migrations.AddIndex(
            model_name="calltag",
            index=models.Index(
                fields=["business", "tag", "-started_at", "-call"], name="telephony_call_tag_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="calltag",
            index=models.Index(fields=["business", "-started_at"], name="telephony_call_tag_lately"),
        ),
        migrations.AddConstraint(
            model_name="calltag",
            constraint=models.UniqueConstraint(
                fields=("business", "call", "tag"), name="telephony_call_tag_once"
            ),
        ),
        protect("telephony_calltag", keyed=False),
        tie("telephony_calltag", "call_id", "telephony_call"),
        keep_call_tags(),
        migrations.RunPython(keep_past_tags, migrations.RunPython.noop),
    ]
