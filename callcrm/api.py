"""Every address of the API, with its schema and its documentation. A class per address says what it needs."""

from django.urls import path

from accounts import api as accounts
from audit import api as audit
from callcrm.webhooks import api as webhooks
from leads import api as leads
from recordings import api as recordings
from telephony import api as telephony

v1 = [
    path("auth/token/", accounts.Tokens.as_view(), name="api-token"),
    path("auth/token/refresh/", accounts.Refreshing.as_view(), name="api-token-refresh"),
    path("auth/token/revoke/", accounts.Revoking.as_view(), name="api-token-revoke"),
    path("calls/", telephony.Calls.as_view(), name="api-calls"),
    path("calls/<uuid:pk>/", telephony.OneCall.as_view(), name="api-call"),
    path("leads/", leads.Leads.as_view(), name="api-leads"),
    path("leads/search/", leads.LeadSearch.as_view(), name="api-lead-search"),
    path("leads/<uuid:pk>/", leads.OneLead.as_view(), name="api-lead"),
    path("leads/<uuid:pk>/reveals/", leads.Reveals.as_view(), name="api-reveals"),
    path("messages/", telephony.Messages.as_view(), name="api-messages"),
    path("messages/<uuid:pk>/", telephony.OneMessage.as_view(), name="api-message"),
    path("recordings/", recordings.Recordings.as_view(), name="api-recordings"),
    path("recordings/<uuid:pk>/", recordings.OneRecording.as_view(), name="api-recording"),
    path("numbers/", telephony.Numbers.as_view(), name="api-numbers"),
    path("numbers/<uuid:pk>/", telephony.OneNumber.as_view(), name="api-number"),
    path("sources/", leads.Sources.as_view(), name="api-sources"),
    path("sources/<uuid:pk>/", leads.OneSource.as_view(), name="api-source"),
    path("users/", accounts.Users.as_view(), name="api-users"),
    path("users/<uuid:pk>/", accounts.OneUser.as_view(), name="api-user"),
    path("audit/", audit.Entries.as_view(), name="api-entries"),
    path("audit/<uuid:pk>/", audit.OneEntry.as_view(), name="api-entry"),
    path("webhook-receipts/", webhooks.Receipts.as_view(), name="api-receipts"),
    path("webhook-receipts/<uuid:pk>/", webhooks.OneReceipt.as_view(), name="api-receipt"),
]
