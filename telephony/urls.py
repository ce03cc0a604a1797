"""The pages of telephony, under /b/<slug>/."""

from django.urls import path

from telephony import integrations, live, pages, reveal_pages

urlpatterns = [
    path("calls/", pages.calls, name="calls"),
    path("calls/live/", pages.live, name="calls-live"),
    path("calls/<uuid:pk>/", pages.call, name="call"),
    path("calls/<uuid:pk>/edits/", pages.edit_call, name="call-edits"),
    path("calls/<uuid:pk>/note-reveals/", reveal_pages.reveal_note, name="call-note-reveal"),
    path("practice-calls/", pages.start_practice, name="practice-calls"),
    path("live/", live.stream, name="live"),
    path("messages/", pages.message_list, name="messages"),
    path("messages/<uuid:pk>/reveals/", reveal_pages.reveal_body, name="message-reveal"),
    path("numbers/", pages.number_list, name="numbers"),
    path("numbers/new/", pages.add_number, name="number-new"),
    path("numbers/<uuid:pk>/", pages.number, name="number"),
    path("integrations/", integrations.integrations, name="integrations"),
    path("integrations/<uuid:pk>/forgotten-secrets/", integrations.forget_secret, name="account-forget"),
]
