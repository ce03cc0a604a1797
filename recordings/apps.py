"""The recordings app."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    name = "recordings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from leads import editing
        from recordings.arrivals import arrived  # models are ready only now
        from recordings.holds import refuse_deletion
        from recordings.models import Recording
        from recordings.sealing import wrap_anew
        from recordings.transcripts import written
        from telephony import ingest
        from telephony.live import frames

        ingest.recording_handlers.append(arrived)
        ingest.transcription_handlers.append(written)
        ingest.person_handlers.append(wrap_anew)
        editing.deletion_guards.append(refuse_deletion)
        frames.show("recording.changed", Recording.objects.visible_to)
