"""The admin site: one log-in for everybody, and the scope of open visits around every page."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import entrance
from accounts.models import PlatformVisit, User
from callcrm.errors import Denied
from callcrm.lib.tenancy import system_scope


class Administration(AdminSite):
    """Django's admin behind our own log-in."""

    site_title = site_header = "callcrm administration"
    index_title = "What belongs to a business is shown while you visit it"
    site_url = "/platform/"
    index_template = "administration/index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Say which businesses are open, and lead to the others."""
        return super().index(request, {"visits": _visits(request).select_related("business")})

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send to the one log-in page. Who is logged in and still stands here has no business here."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise Denied("This is for those who run the installation.")
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return entrance.log_out(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account")

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        return super().admin_view(_within_visits(view), cacheable)


def visited(request: HttpRequest) -> list[UUID]:
    """Return the businesses that the superuser visits now."""
    return list(_visits(request).values_list("business_id", flat=True).distinct())


def _visits(request: HttpRequest) -> QuerySet[PlatformVisit]:
    return PlatformVisit.objects.open().filter(user=cast(User, request.user)).order_by("business__name")


def _within_visits(view: Callable[..., Any]) -> Callable[..., Any]:
    """One transaction around the page and its rendering, which reads rows as well."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with system_scope("a superuser sees the businesses that he visits now", visited(request)):
            response: Any = view(request, *args, **kwargs)
            if hasattr(response, "render") and callable(response.render):
                response.render()
        return response  # type: ignore[no-any-return]  # Django types its views loosely

    return inner


site = Administration(name="admin")
site.disable_action("delete_selected")
