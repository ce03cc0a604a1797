"""Every address callcrm answers. What lies under /b/<slug>/ belongs to one business, and has a door."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from callcrm import api, health, pages

handler400 = "callcrm.error_pages.bad_request"
handler403 = "callcrm.error_pages.denied"
handler404 = "callcrm.error_pages.not_found"
handler500 = "callcrm.error_pages.server_error"

business_patterns: list[URLPattern | URLResolver] = [
    path("", pages.overview, name="home"),
    path("leads/<uuid:pk>/", pages.lead, name="lead"),
    path("", include("telephony.urls")),
    path("", include("leads.urls")),
    path("", include("audit.urls")),
]

urlpatterns = [
    path("health", health.alive, name="health"),
    path("health/ready", health.ready, name="ready"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("webhooks/", include("callcrm.webhooks.urls")),
    path("api/v1/", include(api.v1)),
    path("api/", include(api.documentation)),
    path("b/<slug:slug>/", include(business_patterns)),
]
