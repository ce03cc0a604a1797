"""The exports app."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "exports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from exports.models import Export  # models are ready only now
        from telephony.live import frames

        frames.show("export.changed", Export.objects.visible_to)
