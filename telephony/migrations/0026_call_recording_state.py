"""What became of a call's recording. PostgreSQL keeps it from `recordings.0011` on, which knows past ones as well."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony", "0025_callback_words")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="recording_state",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="Of what stands for its recordings in a row. PostgreSQL keeps it (`recordings/states_sql.py`).",
                max_length=8,
            ),
        ),
    ]
