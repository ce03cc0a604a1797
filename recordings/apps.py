"""The recordings app."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    name = "recordings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from recordings.arrivals import arrived  # models are ready only now
        from telephony import ingest

        ingest.recording_handlers.append(arrived)
