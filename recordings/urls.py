"""The pages of recordings, under /b/<slug>/."""

from django.urls import path

from recordings import pages

urlpatterns = [
    path("recordings/<uuid:pk>/retries/", pages.retry, name="recording-retries"),
]
