"""The pages of telephony, under /b/<slug>/."""

from django.urls import path

from telephony import integrations, live, pages, reveal_pages, spam_pages
from telephony.bulk import pages as bulk_pages
from telephony.callbacks import pages as callback_pages
from telephony.flows import pages as flows
from telephony.flows import version_pages
from telephony.hours import pages as hours_pages
from telephony.listing import counts, following, panel_acts, panel_pages, saved_view_pages
from telephony.manual import pages as manual_pages
from telephony.outgoing import pages as outgoing_pages
from telephony.problems import pages as problem_pages

urlpatterns = [
    path("calls/", pages.calls, name="calls"),
    path("calls/new/", manual_pages.log_call, name="call-new"),
    path("calls/outgoing/", outgoing_pages.call_out, name="call-out"),
    path("telephone/", outgoing_pages.telephone, name="telephone"),
    path("calls/views/", saved_view_pages.views, name="call-views"),
    path("calls/views/<uuid:pk>/edits/", saved_view_pages.edit_view, name="call-view-edits"),
    path("calls/views/<uuid:pk>/removals/", saved_view_pages.remove_view, name="call-view-removals"),
    path("calls/columns/", saved_view_pages.choose_columns, name="call-columns"),
    path("calls/columns/resets/", saved_view_pages.reset_columns, name="call-column-resets"),
    path("calls/live/", pages.live, name="calls-live"),
    path("calls/counts/", counts.counts, name="calls-counts"),
    path("calls/news/", following.news, name="calls-news"),
    path("calls/rows/", following.rows, name="calls-rows"),
    path("calls/changes/", bulk_pages.change, name="call-changes"),
    path("calls/changes/<uuid:pk>/reversals/", bulk_pages.undo, name="call-change-reversals"),
    path("calls/<uuid:pk>/", pages.call, name="call"),
    path("calls/<uuid:pk>/stops/", outgoing_pages.stop, name="call-stops"),
    path("calls/<uuid:pk>/panel/", panel_pages.panel, name="call-panel"),
    path("calls/<uuid:pk>/panel/edits/", panel_pages.edit, name="call-panel-edits"),
    path("calls/<uuid:pk>/panel/assignments/", panel_acts.assign, name="call-panel-assignments"),
    path("calls/<uuid:pk>/panel/closings/", panel_acts.close, name="call-panel-closings"),
    path("calls/<uuid:pk>/panel/reopenings/", panel_acts.reopen, name="call-panel-reopenings"),
    path("calls/<uuid:pk>/panel/spam-marks/", panel_acts.mark, name="call-panel-spam-marks"),
    path("calls/<uuid:pk>/panel/spam-releases/", panel_acts.release, name="call-panel-spam-releases"),
    path("calls/<uuid:pk>/edits/", pages.edit_call, name="call-edits"),
    path("calls/<uuid:pk>/deliveries/", pages.call_deliveries, name="call-deliveries"),
    path("calls/<uuid:pk>/problems/", problem_pages.report, name="call-problems"),
    path("problems/", problem_pages.problem_list, name="problems"),
    path("problems/<uuid:pk>/reopenings/", problem_pages.reopen, name="problem-reopenings"),
    path("problems/<uuid:pk>/resolutions/", problem_pages.resolve, name="problem-resolutions"),
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
    path("numbers/<uuid:pk>/flow/reversals/", flows.take_back, name="flow-reversals"),
    path("numbers/<uuid:pk>/flow/publications/", flows.publish, name="flow-publications"),
    path("numbers/<uuid:pk>/flow/discards/", flows.discard, name="flow-discards"),
    path("numbers/<uuid:pk>/flow/versions/", version_pages.version_list, name="flow-versions"),
    path("numbers/<uuid:pk>/flow/versions/<int:version>/", version_pages.version, name="flow-version"),
    path("flow-versions/<uuid:pk>/restorations/", version_pages.restore, name="flow-restorations"),
    path("numbers/<uuid:pk>/flow/what-if/", flows.try_call, name="flow-what-if"),
    path("integrations/", integrations.integrations, name="integrations"),
    path("integrations/<uuid:pk>/forgotten-secrets/", integrations.forget_secret, name="account-forget"),
]
