"""What the call list is filtered by: opening hours and tags. Indexes and past calls follow in 0012.

Which past calls came after hours is said by `manage.py note_after_hours`.
"""

import django.db.models.deletion
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import protect, tie
from telephony.listing.tags_sql import keep_call_tags


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
    ]
