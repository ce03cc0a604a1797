"""Changes of many calls at once, so that they can be undone."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import protect, tie


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_idempotency"),
        ("telephony", "0010_call_columns"),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("outcome", "Set outcome"),
                            ("tag", "Add tag"),
                            ("untag", "Remove tag"),
                            ("close", "Needs no call back"),
                        ],
                        max_length=7,
                    ),
                ),
                ("value", models.CharField(help_text="The outcome, the tag, or the reason.", max_length=40)),
                ("before", models.JSONField(default=dict, help_text="By id of what was changed.")),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.business",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["business", "made_at"], name="telephony_bulk_age")],
            },
        ),
        protect("telephony_bulkchange", keyed=False),
        tie("telephony_bulkchange", "made_by_id", "accounts_member"),
    ]
