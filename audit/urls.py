"""The pages of the history, under /b/<slug>/."""

from django.urls import path

from audit import pages

urlpatterns = [path("audit/", pages.history, name="audit")]
