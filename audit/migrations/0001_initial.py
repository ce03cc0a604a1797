"""The history, append-only from its first row, and the role that the product runs as."""

import django.db.models.functions.datetime
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import append_only, make_app_role


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        make_app_role(),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("business_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("name", models.CharField(max_length=64)),
                ("actor", models.CharField(max_length=64)),
                ("subject_id", models.UUIDField(null=True)),
                ("data", models.JSONField(default=dict)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("ip", models.GenericIPAddressField(null=True)),
            ],
            options={
                "verbose_name_plural": "entries",
                "indexes": [
                    models.Index(fields=["business_id", "-at", "-id"], name="audit_entry_business"),
                    models.Index(fields=["business_id", "subject_id", "-at"], name="audit_entry_subject"),
                ],
            },
        ),
        migrations.RunSQL(
            # The order in which transactions began, for whoever seals the history later without losing a late one.
            "ALTER TABLE audit_entry ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()",
            "ALTER TABLE audit_entry DROP COLUMN xid",
        ),
        append_only("audit_entry"),
    ]
