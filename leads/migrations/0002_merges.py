import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import protect, tie


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_business_delete_at_provider"),
        ("leads", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LeadMerge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("gone_id", models.UUIDField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
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
                    "by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
                (
                    "kept",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="merges",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["business", "kept"], name="leads_merge_kept")],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "gone_id"), name="leads_merge_once")
                ],
            },
        ),
        protect("leads_leadmerge", keyed=False),
        tie("leads_leadmerge", "kept_id", "leads_lead"),
        tie("leads_leadmerge", "by_id", "accounts_member", on_delete="SET NULL"),
    ]
