"""The pages of exports, under /b/<slug>/."""

from django.urls import path

from exports import pages

urlpatterns = [
    path("exports/", pages.exports, name="exports"),
    path("exports/<uuid:pk>/retries/", pages.again, name="export-retries"),
    path("exports/<uuid:pk>/downloads/", pages.download, name="export-downloads"),
]
