"""The table of `callcrm.lib.cache`: unlogged, because a count that a crash forgets is cheaper than one in the log."""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE callcrm_counter (key text PRIMARY KEY, number bigint, word text, expires timestamptz);
            CREATE INDEX callcrm_counter_expires ON callcrm_counter (expires);
            """,
            "DROP TABLE callcrm_counter",
        )
    ]
