"""The pages of leads, under /b/<slug>/. A lead's own page composes several apps: `callcrm.pages`."""

from django.urls import path

from leads import merge_pages, pages, reveal_pages, spam_pages

urlpatterns = [
    path("leads/", pages.leads, name="leads"),
    path("leads/new/", pages.new, name="lead-new"),
    path("leads/<uuid:pk>/edits/", pages.edit, name="lead-edits"),
    path("leads/<uuid:pk>/moves/", pages.move, name="lead-moves"),
    path("leads/<uuid:pk>/notes/", pages.notes, name="lead-notes"),
    path("leads/<uuid:pk>/note-drafts/", pages.note_drafts, name="lead-note-drafts"),
    path("leads/<uuid:pk>/deletions/", pages.delete, name="lead-deletions"),
    path("leads/<uuid:pk>/merges/", merge_pages.merges, name="lead-merges"),
    path("leads/<uuid:pk>/merge-searches/", merge_pages.merge_searches, name="lead-merge-searches"),
    path("leads/<uuid:pk>/spam-marks/", spam_pages.mark, name="lead-spam-marks"),
    path("leads/<uuid:pk>/spam-releases/", spam_pages.release, name="lead-spam-releases"),
    path("leads/<uuid:pk>/reveals/", reveal_pages.reveal, name="reveal"),
    path("notes/<uuid:pk>/reveals/", reveal_pages.reveal_note, name="note-reveal"),
]
