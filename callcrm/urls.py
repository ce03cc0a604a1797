"""Every address callcrm answers. What lies under /b/<slug>/ belongs to one business, and has a door."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts import urls as accounts
from callcrm import administration, api, business_settings, gallery, health, pages

handler400 = "callcrm.error_pages.bad_request"
handler403 = "callcrm.error_pages.denied"
handler404 = "callcrm.error_pages.not_found"
handler500 = "callcrm.error_pages.server_error"

business_patterns: list[URLPattern | URLResolver] = [
    path("", pages.overview, name="home"),
    path("desk/", pages.desk, name="desk"),
    path("leads/<uuid:pk>/", pages.lead, name="lead"),
    path("", include("telephony.urls")),
    path("", include("recordings.urls")),
    path("", include("exports.urls")),
    path("", include("leads.urls")),
    path("", include("audit.urls")),
    path("", include(accounts.business_patterns)),
    path("settings/", business_settings.settings, name="settings"),
]

urlpatterns = [
    path("health", health.alive, name="health"),
    path("health/ready", health.ready, name="ready"),
    path("admin/", administration.site.urls),
    path("", include(accounts.urlpatterns)),
    path("webhooks/", include("callcrm.webhooks.urls")),
    path("api/v1/", include(api.v1)),
    path("api/", include(api.documentation)),
    path("b/<slug:slug>/", include(business_patterns)),
]
if not settings.PRODUCTION:
    urlpatterns.append(path("ui/", gallery.gallery, name="ui"))  # for who changes components
