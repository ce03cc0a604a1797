"""Which call a delivery tells of, and how often it came again. Of deliveries of before neither is known.

The index is made while deliveries come in: nothing holds the table meanwhile.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # what PostgreSQL does concurrently it does in no transaction

    dependencies = [("webhooks", "0002_query")]

    operations = [
        migrations.AddField(
            model_name="receipt",
            name="about",
            field=models.CharField(
                blank=True, help_text="The id of its call at the provider.", max_length=64
            ),
        ),
        migrations.AddField(
            model_name="receipt",
            name="repeats",
            field=models.PositiveSmallIntegerField(default=0, help_text="How often it came again."),
        ),
        AddIndexConcurrently(
            model_name="receipt",
            index=models.Index(
                fields=["business_id", "about", "received_at"],
                condition=models.Q(("about", ""), _negated=True),
                name="webhooks_receipt_about",
            ),
        ),
    ]
