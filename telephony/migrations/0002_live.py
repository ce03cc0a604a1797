import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import callcrm.lib.ids
from callcrm.lib.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("telephony", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="feedframe", name="telephony_frame_cursor"),
        migrations.AddIndex(
            model_name="feedframe",
            index=models.Index(fields=["business", "at", "id"], name="telephony_frame_time"),
        ),
        migrations.CreateModel(
            name="LiveStream",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=callcrm.lib.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("visiting", models.BooleanField(default=False, help_text="A platform visit, not a member.")),
                (
                    "kind",
                    models.CharField(choices=[("sse", "Browser"), ("ws", "API client")], max_length=3),
                ),
                ("ip", models.GenericIPAddressField(null=True)),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.business",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["business", "user"], name="telephony_stream_user")],
            },
        ),
        protect("telephony_livestream", keyed=False),
    ]
