"""What the sweep looks for each minute: recordings of whose end the provider has not told.

The index is made while calls are recorded: nothing holds the table meanwhile.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # what PostgreSQL does concurrently it does in no transaction

    dependencies = [
        ("recordings", "0006_playback_explained"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="recording",
            index=models.Index(
                condition=models.Q(asked_since=None, is_complete=False, state="pending"),
                fields=["business", "created_at"],
                name="recordings_untold",
            ),
        ),
    ]
