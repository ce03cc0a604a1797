"""The recordings app."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    name = "recordings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from recordings.arrivals import arrived  # noqa: PLC0415  # models are ready only now
        from telephony import ingest  # noqa: PLC0415

        ingest.recording_handlers.append(arrived)
