"""When something in a provider account's name was last refused."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("telephony", "0014_bulk_assign"),
    ]

    operations = [
        migrations.AddField(
            model_name="provideraccount",
            name="refused_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When something in its name came with a wrong signature, to a minute.",
                null=True,
            ),
        ),
    ]
