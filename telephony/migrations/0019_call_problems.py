"""What members say is wrong with calls."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import callcrm.lib.crypto.fields
import callcrm.lib.ids
from callcrm.lib.rls import protect, tie


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_ask_why_played"),
        ("leads", "0003_note_drafts"),
        ("telephony", "0018_notice_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallProblem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("poor_audio", "Poor audio"),
                            ("wrong_person", "Wrong person"),
                            ("wrong_source", "Wrong source"),
                            ("no_recording", "Missing recording"),
                            ("other", "Something else"),
                        ],
                        max_length=12,
                    ),
                ),
                ("words", callcrm.lib.crypto.fields.SealedText(max_length=1000, null=True, pad=256)),
                ("reported_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("resolved_at", models.DateTimeField(null=True)),
                (
                    "resolution",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mended", "Mended"),
                            ("provider", "Told the provider"),
                            ("no_fault", "No fault"),
                            ("cannot", "Cannot be mended"),
                        ],
                        max_length=8,
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
                        related_name="problems",
                        to="telephony.call",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="leads.lead",
                    ),
                ),
                (
                    "reported_by",
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
                    "resolved_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.member",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("resolved_at", None)),
                        fields=["business", "-id"],
                        name="telephony_problem_open",
                    ),
                    models.Index(
                        condition=models.Q(("resolved_at", None), _negated=True),
                        fields=["business", "-id"],
                        name="telephony_problem_over",
                    ),
                    models.Index(fields=["business", "call", "-id"], name="telephony_problem_call"),
                    models.Index(
                        condition=models.Q(("lead__isnull", False)),
                        fields=["business", "lead"],
                        name="telephony_problem_lead",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("resolved_at", None)),
                        fields=("business", "call", "kind", "reported_by"),
                        name="telephony_problem_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolution", ""), ("resolved_at", None)),
                            models.Q(
                                ("resolved_at__isnull", False), models.Q(("resolution", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="telephony_problem_resolved",
                    ),
                ],
            },
        ),
        protect("telephony_callproblem", keyed=False),
        tie("telephony_callproblem", "call_id", "telephony_call"),
        tie("telephony_callproblem", "lead_id", "leads_lead"),
        tie("telephony_callproblem", "reported_by_id", "accounts_member", on_delete="SET NULL"),
        tie("telephony_callproblem", "resolved_by_id", "accounts_member", on_delete="SET NULL"),
    ]
