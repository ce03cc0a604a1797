"""Whether a reason was given for a playback, so that the next within ten minutes is not asked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0005_pauses"),
    ]

    operations = [
        migrations.AddField(
            model_name="playback",
            name="was_explained",
            field=models.BooleanField(default=False, help_text="Whether a reason was asked for and given."),
        ),
    ]
