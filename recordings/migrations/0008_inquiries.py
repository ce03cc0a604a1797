"""What is asked of a provider about a call of whose recording nobody has told."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import protect, tie


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_ask_why_played"),
        ("recordings", "0007_untold"),
        ("telephony", "0019_call_problems"),
    ]

    operations = [
        migrations.CreateModel(
            name="Inquiry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("asked_since", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("failure", models.CharField(blank=True, max_length=24)),
                (
                    "found",
                    models.PositiveSmallIntegerField(
                        help_text="How many there are. Null: not known yet.", null=True
                    ),
                ),
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
                    "call",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="inquiries",
                        to="telephony.call",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "inquiries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_attempt_at__isnull", False)),
                        fields=["business", "next_attempt_at"],
                        name="recordings_inquiry_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "call"), name="recordings_inquiry_once")
                ],
            },
        ),
        protect("recordings_inquiry"),
        tie("recordings_inquiry", "call_id", "telephony_call"),
    ]
