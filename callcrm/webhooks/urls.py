"""`/webhooks/<provider>/<route>/`, with or without the last slash: a redirect would lose the body."""

from django.urls import re_path

from callcrm.webhooks.receive import receive

urlpatterns = [
    re_path(r"^(?P<provider>[a-z]{1,12})/(?P<route>[a-z-]{1,24})/?$", receive, name="webhook"),
]
