"""Telephones of members, who was put through, and outgoing calls on their way to the provider."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import protect, tie

# Going back, a call that no provider ever knew needs an id again.
NAME_WHAT_HAS_NO_ID = """
    ALTER TABLE telephony_call NO FORCE ROW LEVEL SECURITY;
    UPDATE telephony_call SET provider_id = 'none-' || id WHERE provider_id IS NULL;
    ALTER TABLE telephony_call FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_idempotency"),
        ("telephony", "0006_callbacks"),
    ]

    operations = [
        migrations.AddField(
            model_name="callleg",
            name="member",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="Whose telephone it rang, as it was then.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="accounts.member",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="provider_id",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, NAME_WHAT_HAS_NO_ID),
        migrations.CreateModel(
            name="Placement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("telephone", models.CharField(max_length=16)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("asked", "Asked"),
                            ("placed", "Placed"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("failure", models.CharField(blank=True, max_length=24)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("asked_at", models.DateTimeField(null=True)),
                (
                    "looked",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How often it was looked for at the provider."
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
                        related_name="placements",
                        to="telephony.call",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "asked"))),
                        fields=["business", "created_at"],
                        name="telephony_placement_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "call"), name="telephony_placement_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Telephone",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("e164", models.CharField(max_length=16)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                "indexes": [models.Index(fields=["business", "e164"], name="telephony_telephone_number")],
                "constraints": [
                    models.UniqueConstraint(fields=("business", "member"), name="telephony_telephone_once")
                ],
            },
        ),
        protect("telephony_telephone", keyed=False),
        protect("telephony_placement", keyed=False),
        tie("telephony_telephone", "member_id", "accounts_member"),
        tie("telephony_placement", "call_id", "telephony_call"),
        tie("telephony_callleg", "member_id", "accounts_member", on_delete="SET NULL"),
    ]
