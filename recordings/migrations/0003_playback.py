import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import callcrm.lib.crypto.fields
import callcrm.lib.ids
from callcrm.lib.rls import protect, tie


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_business_delete_at_provider"),
        ("recordings", "0002_fetching"),
    ]

    operations = [
        migrations.AddField(
            model_name="recording",
            name="peaks",
            field=models.BinaryField(default=bytes, help_text="How loud each side is along the way."),
        ),
        migrations.AddField(
            model_name="recording",
            name="transcript",
            field=callcrm.lib.crypto.fields.SealedText(max_length=20000, null=True, pad=256),
        ),
        migrations.AddField(
            model_name="recording",
            name="words_key",
            field=models.BinaryField(null=True),
        ),
        migrations.CreateModel(
            name="Playback",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "session",
                    models.CharField(
                        help_text="A hash of the browser's, or the id of a program's.", max_length=80
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("used_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField()),
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
                (
                    "recording",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="playbacks",
                        to="recordings.recording",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["business", "recording", "member", "-created_at"],
                        name="recordings_playback_mine",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecordingNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at_seconds", models.PositiveIntegerField()),
                ("body", callcrm.lib.crypto.fields.SealedText(max_length=1000, pad=256)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "author",
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
                    "recording",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="notes",
                        to="recordings.recording",
                    ),
                ),
            ],
            options={
                "ordering": ["at_seconds", "id"],
                "indexes": [
                    models.Index(fields=["business", "recording", "at_seconds"], name="recordings_note_at")
                ],
            },
        ),
        protect("recordings_playback"),
        protect("recordings_recordingnote", keyed=False),
        tie("recordings_playback", "recording_id", "recordings_recording"),
        tie("recordings_playback", "member_id", "accounts_member"),
        tie("recordings_recordingnote", "recording_id", "recordings_recording"),
        tie("recordings_recordingnote", "author_id", "accounts_member", on_delete="SET NULL"),
    ]
