import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import callcrm.lib.crypto.fields
import callcrm.lib.ids
from callcrm.lib.rls import protect, tie


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_idempotency"),
        ("leads", "0002_merges"),
    ]

    operations = [
        migrations.CreateModel(
            name="NoteDraft",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("body", callcrm.lib.crypto.fields.SealedText(max_length=5000, pad=256)),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="drafts",
                        to="leads.lead",
                    ),
                ),
                (
                    "member",
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
                "indexes": [models.Index(fields=["business", "saved_at"], name="leads_draft_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "lead", "member"), name="leads_draft_once")
                ],
            },
        ),
        protect("leads_notedraft"),
        tie("leads_notedraft", "lead_id", "leads_lead"),
        tie("leads_notedraft", "member_id", "accounts_member"),
    ]
