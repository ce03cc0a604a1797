"""When a caller was told that the call is recorded. Nobody knows it of calls of before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("telephony", "0017_columns_added"),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="notice_at",
            field=models.DateTimeField(help_text="When the provider was asked to say it.", null=True),
        ),
    ]
