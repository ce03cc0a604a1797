"""The pages of telephony, under /b/<slug>/."""

from django.urls import path

from telephony import (
    callback_pages,
    hours_pages,
    integrations,
    live,
    manual_pages,
    outgoing_pages,
    pages,
    reveal_pages,
    spam_pages,
)
from telephony.flows import pages as flows

urlpatterns = [
    path("calls/", pages.calls, name="calls"),
    path("calls/new/", manual_pages.log_call, name="call-new"),
    path("calls/outgoing/", outgoing_pages.call_out, name="call-out"),
    path("telephone/", outgoing_pages.telephone, name="telephone"),
    path("calls/live/", pages.live, name="calls-live"),
    path("calls/<uuid:pk>/", pages.call, name="call"),
    path("calls/<uuid:pk>/edits/", pages.edit_call, name="call-edits"),
    path("calls/<uuid:pk>/note-reveals/", reveal_pages.reveal_note, name="call-note-reveal"),
    path("callbacks/", callback_pages.callback_list, name="callbacks"),
    path("callbacks/<uuid:pk>/closings/", callback_pages.close, name="callback-closings"),
    path("callbacks/<uuid:pk>/reopenings/", callback_pages.reopen, name="callback-reopenings"),
    path("callbacks/<uuid:pk>/assignments/", callback_pages.assign, name="callback-assignments"),
    path("calls/<uuid:pk>/spam-marks/", spam_pages.mark, name="call-spam-marks"),
    path("calls/<uuid:pk>/spam-releases/", spam_pages.release, name="call-spam-releases"),
    path("practice-calls/", pages.start_practice, name="practice-calls"),
    path("live/", live.stream, name="live"),
    path("messages/", pages.message_list, name="messages"),
    path("messages/<uuid:pk>/reveals/", reveal_pages.reveal_body, name="message-reveal"),
    path("numbers/", pages.number_list, name="numbers"),
    path("numbers/new/", pages.add_number, name="number-new"),
    path("numbers/<uuid:pk>/", pages.number, name="number"),
    path("hours/", hours_pages.hours, name="hours"),
    path("hours/holidays/", hours_pages.add_holiday, name="holidays"),
    path("hours/holiday-removals/", hours_pages.remove_holiday, name="holiday-removals"),
    path("hours/public-holidays/", hours_pages.add_public_holidays, name="public-holidays"),
    path("numbers/<uuid:pk>/flow/", flows.flow, name="flow"),
    path("numbers/<uuid:pk>/flow/removals/", flows.remove_step, name="flow-removals"),
    path("numbers/<uuid:pk>/flow/publications/", flows.publish, name="flow-publications"),
    path("numbers/<uuid:pk>/flow/discards/", flows.discard, name="flow-discards"),
    path("numbers/<uuid:pk>/flow/versions/", flows.version_list, name="flow-versions"),
    path("flow-versions/<uuid:pk>/restorations/", flows.restore, name="flow-restorations"),
    path("numbers/<uuid:pk>/flow/what-if/", flows.try_call, name="flow-what-if"),
    path("integrations/", integrations.integrations, name="integrations"),
    path("integrations/<uuid:pk>/forgotten-secrets/", integrations.forget_secret, name="account-forget"),
]
