"""Who is owed a call back, and what each debt is made of. Calls of before: `manage.py owe_callbacks`."""

import django.db.models.deletion
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import protect, tie


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("leads", "0001_initial"),
        ("telephony", "0005_first_flows"),
    ]

    operations = [
        migrations.CreateModel(
            name="Callback",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                (
                    "due_at",
                    models.DateTimeField(
                        help_text="Promised when it opened; later hours and tries do not move it."
                    ),
                ),
                ("last_missed_at", models.DateTimeField()),
                (
                    "misses",
                    models.PositiveIntegerField(default=0, help_text="Calls and texts that nobody answered."),
                ),
                ("voicemails", models.PositiveIntegerField(default=0)),
                ("texts", models.PositiveIntegerField(default=0)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("reached_otherwise", "Reached another way"),
                            ("not_needed", "Needs no call back"),
                            ("wrong_number", "Wrong number"),
                            ("spam", "Spam"),
                            ("duplicate", "Same as another"),
                            ("other", "Something else"),
                        ],
                        max_length=17,
                    ),
                ),
                ("proof", models.UUIDField(help_text="The call or text that closed it.", null=True)),
                (
                    "proof_kind",
                    models.CharField(blank=True, choices=[("call", "Call"), ("text", "Text")], max_length=4),
                ),
                (
                    "assigned_to",
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
                    "closed_by",
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
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="callbacks",
                        to="leads.lead",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CallbackMiss",
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
                            ("missed", "Missed call"),
                            ("voicemail", "Voicemail"),
                            ("abandoned", "Hung up"),
                            ("text", "Text"),
                        ],
                        max_length=9,
                    ),
                ),
                ("at", models.DateTimeField()),
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
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="owed",
                        to="telephony.call",
                    ),
                ),
                (
                    "callback",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="attempts",
                        to="telephony.callback",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="owed",
                        to="telephony.message",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(
                models.F("business"),
                models.OrderBy(models.F("misses"), descending=True),
                models.F("due_at"),
                models.F("id"),
                condition=models.Q(("closed_at", None)),
                name="telephony_callback_rank",
            ),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["business", "due_at"],
                name="telephony_callback_due",
            ),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(
                models.F("business"),
                models.F("assigned_to"),
                models.OrderBy(models.F("misses"), descending=True),
                models.F("due_at"),
                models.F("id"),
                condition=models.Q(("closed_at", None)),
                name="telephony_callback_mine",
            ),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(
                condition=models.Q(("closed_at", None), _negated=True),
                fields=["business", "-closed_at", "-id"],
                name="telephony_callback_closed",
            ),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(fields=["business", "-opened_at", "-id"], name="telephony_callback_newest"),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(fields=["business", "lead", "-opened_at"], name="telephony_callback_lead"),
        ),
        migrations.AddConstraint(
            model_name="callback",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)),
                fields=("business", "lead"),
                name="telephony_callback_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="callback",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at", None), ("proof", None), ("reason", "")),
                    models.Q(("closed_at__isnull", False), ("proof__isnull", False), ("reason", "")),
                    models.Q(
                        ("closed_at__isnull", False), ("proof", None), models.Q(("reason", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="telephony_callback_closed_for_cause",
            ),
        ),
        migrations.AddIndex(
            model_name="callbackmiss",
            index=models.Index(fields=["business", "callback"], name="telephony_miss_callback"),
        ),
        migrations.AddConstraint(
            model_name="callbackmiss",
            constraint=models.UniqueConstraint(fields=("business", "call"), name="telephony_miss_call_once"),
        ),
        migrations.AddConstraint(
            model_name="callbackmiss",
            constraint=models.UniqueConstraint(
                fields=("business", "message"), name="telephony_miss_message_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="callbackmiss",
            constraint=models.CheckConstraint(
                condition=models.Q(("call__isnull", False), ("message__isnull", False), _connector="OR"),
                name="telephony_miss_of_something",
            ),
        ),
        protect("telephony_callback"),
        protect("telephony_callbackmiss", keyed=False),
        tie("telephony_callback", "lead_id", "leads_lead"),
        tie("telephony_callback", "assigned_to_id", "accounts_member", on_delete="SET NULL"),
        tie("telephony_callback", "closed_by_id", "accounts_member", on_delete="SET NULL"),
        tie("telephony_callbackmiss", "callback_id", "telephony_callback"),
        tie("telephony_callbackmiss", "call_id", "telephony_call"),
        tie("telephony_callbackmiss", "message_id", "telephony_message"),
    ]
