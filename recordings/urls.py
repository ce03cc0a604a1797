"""The pages of recordings, under /b/<slug>/."""

from django.urls import path

from recordings import pages, pause_pages
from recordings.listening import note_pages
from recordings.listening import pages as playback_pages
from recordings.retention import pages as retention_pages

urlpatterns = [
    path("recordings/<uuid:pk>/playbacks/", playback_pages.play, name="recording-playbacks"),
    path("recordings/<uuid:pk>/downloads/", playback_pages.download, name="recording-downloads"),
    path("recordings/<uuid:pk>/downloads/taken/", playback_pages.taken, name="recording-taken"),
    path("recordings/<uuid:pk>/downloads/file/", playback_pages.taken_file, name="recording-file"),
    path("recordings/<uuid:pk>/notes/", playback_pages.add_note, name="recording-notes"),
    path("recording-notes/<uuid:pk>/edits/", note_pages.change, name="recording-note-edits"),
    path("recording-notes/<uuid:pk>/removals/", note_pages.remove, name="recording-note-removals"),
    path("recording-notes/<uuid:pk>/restorations/", note_pages.put_back, name="recording-note-restorations"),
    path(
        "recordings/<uuid:pk>/transcript-reveals/", playback_pages.reveal_transcript, name="transcript-reveal"
    ),
    path("playbacks/<uuid:pk>/", playback_pages.playback, name="playback"),
    path("playbacks/<uuid:pk>/audio/", playback_pages.audio, name="playback-audio"),
    path("recordings/<uuid:pk>/retries/", pages.retry, name="recording-retries"),
    path("recordings/<uuid:pk>/holds/", retention_pages.hold, name="recording-holds"),
    path("recordings/<uuid:pk>/hold-liftings/", retention_pages.lift_hold, name="recording-hold-liftings"),
    path("recordings/<uuid:pk>/deletions/", retention_pages.delete, name="recording-deletions"),
    path("calls/<uuid:pk>/recording-pauses/", pause_pages.pause, name="recording-pauses"),
    path("calls/<uuid:pk>/recording-resumptions/", pause_pages.resume, name="recording-resumptions"),
    path("retention/", retention_pages.retention_page, name="retention"),
    path("retention/provider-copies/", retention_pages.provider_copies, name="retention-copies"),
]
