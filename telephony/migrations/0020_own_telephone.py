"""When the telephone of a member who asked for a call rang and was picked up. Nobody knows it of calls of before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("telephony", "0019_call_problems"),
    ]

    operations = [
        migrations.AddField(model_name="placement", name="rang_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="placement", name="picked_up_at", field=models.DateTimeField(null=True)
        ),
    ]
