"""Every address callcrm answers."""

from django.contrib import admin
from django.urls import path

from callcrm import health

handler400 = "callcrm.error_pages.bad_request"
handler403 = "callcrm.error_pages.denied"
handler404 = "callcrm.error_pages.not_found"
handler500 = "callcrm.error_pages.server_error"

urlpatterns = [
    path("health", health.alive, name="health"),
    path("health/ready", health.ready, name="ready"),
    path("admin/", admin.site.urls),
]
