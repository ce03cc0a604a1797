"""The pages of recordings, under /b/<slug>/."""

from django.urls import path

from recordings import pages, playback_pages

urlpatterns = [
    path("recordings/<uuid:pk>/playbacks/", playback_pages.play, name="recording-playbacks"),
    path("recordings/<uuid:pk>/downloads/", playback_pages.download, name="recording-downloads"),
    path("recordings/<uuid:pk>/notes/", playback_pages.add_note, name="recording-notes"),
    path(
        "recordings/<uuid:pk>/transcript-reveals/", playback_pages.reveal_transcript, name="transcript-reveal"
    ),
    path("playbacks/<uuid:pk>/", playback_pages.playback, name="playback"),
    path("playbacks/<uuid:pk>/audio/", playback_pages.audio, name="playback-audio"),
    path("recordings/<uuid:pk>/retries/", pages.retry, name="recording-retries"),
]
