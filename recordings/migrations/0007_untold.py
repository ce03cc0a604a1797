"""What the sweep looks for each minute: recordings of whose end the provider has not told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0006_playback_explained"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="recording",
            index=models.Index(
                condition=models.Q(asked_since=None, is_complete=False, state="pending"),
                fields=["business", "created_at"],
                name="recordings_untold",
            ),
        ),
    ]
