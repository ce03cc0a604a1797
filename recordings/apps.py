"""The recordings app."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    name = "recordings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from leads import editing, merging  # models are ready only now
        from recordings import failures
        from recordings.arrivals import arrived
        from recordings.listening.transcripts import forget_words, written
        from recordings.models import Recording
        from recordings.retention import deletions
        from recordings.sealing import OfLead, wrap_anew
        from telephony import health, ingest
        from telephony.live import frames

        ingest.recording_handlers.append(arrived)
        ingest.transcription_handlers.append(written)
        ingest.person_handlers.append(wrap_anew)
        deletions.also.append(forget_words)
        editing.before_deletion.append(deletions.delete_of_person)
        merging.parts.insert(0, OfLead())  # found by the calls of the lead, so before these have moved
        health.troubles.append(health.Trouble(Recording.objects.failing, failures.words_at_desk))
        frames.show("recording.changed", Recording.objects.visible_to)
