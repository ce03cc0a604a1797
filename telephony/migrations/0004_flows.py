import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import protect, tie


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("telephony", "0003_opening_hours"),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="is_blocked",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="call",
            name="notice",
            field=models.CharField(
                blank=True, help_text="What the caller was told of being recorded.", max_length=300
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="notice_language",
            field=models.CharField(blank=True, max_length=5),
        ),
        migrations.AddField(
            model_name="call",
            name="records",
            field=models.BooleanField(default=False, help_text="Whether the flow records at all."),
        ),
        migrations.AlterField(
            model_name="trackingnumber",
            name="forward_to",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=16),
                blank=True,
                default=list,
                editable=False,
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="FlowVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("document", models.JSONField()),
                ("published_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                    "number",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        to="telephony.trackingnumber",
                    ),
                ),
                (
                    "published_by",
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
                "ordering": ["-version"],
            },
        ),
        migrations.AddField(
            model_name="call",
            name="flow",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="telephony.flowversion",
            ),
        ),
        migrations.AddField(
            model_name="trackingnumber",
            name="published",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="telephony.flowversion",
            ),
        ),
        migrations.CreateModel(
            name="RingTurn",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("step", models.CharField(max_length=31)),
                ("turn", models.PositiveIntegerField(default=0)),
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
                        related_name="+",
                        to="telephony.call",
                    ),
                ),
                (
                    "number",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="telephony.trackingnumber",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FlowDraft",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("document", models.JSONField()),
                ("revision", models.PositiveIntegerField(default=1)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                    "number",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="drafts",
                        to="telephony.trackingnumber",
                    ),
                ),
                (
                    "updated_by",
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
                "constraints": [
                    models.UniqueConstraint(fields=("business", "number"), name="telephony_draft_once")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="flowversion",
            constraint=models.UniqueConstraint(
                fields=("business", "number", "version"), name="telephony_flow_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="ringturn",
            constraint=models.UniqueConstraint(
                fields=("business", "number", "step"), name="telephony_turn_once"
            ),
        ),
        protect("telephony_flowversion"),
        protect("telephony_flowdraft", keyed=False),
        protect("telephony_ringturn", keyed=False),
        tie("telephony_flowversion", "number_id", "telephony_trackingnumber"),
        tie("telephony_flowversion", "published_by_id", "accounts_member", on_delete="SET NULL"),
        tie("telephony_flowdraft", "number_id", "telephony_trackingnumber"),
        tie("telephony_flowdraft", "updated_by_id", "accounts_member", on_delete="SET NULL"),
        tie("telephony_ringturn", "number_id", "telephony_trackingnumber"),
        tie("telephony_ringturn", "call_id", "telephony_call"),
        tie("telephony_trackingnumber", "published_id", "telephony_flowversion", on_delete="SET NULL"),
        tie("telephony_call", "flow_id", "telephony_flowversion", on_delete="SET NULL"),
    ]
