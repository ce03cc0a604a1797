"""The indexes that answer what became of a call's recording. Made while calls come in."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # what PostgreSQL does concurrently it does in no transaction

    dependencies = [("telephony", "0026_call_recording_state")]

    operations = [
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                fields=["business", "recording_state", "-started_at", "-id"], name="telephony_call_recording"
            ),
        ),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("recording_state", ""), _negated=True),
                fields=["business", "-started_at", "-id"],
                name="telephony_call_recorded",
            ),
        ),
    ]
