"""For those who run the installation: which businesses there are, and visits to them (`accounts.visits`)."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import visits
from accounts.doors import View, open_door
from accounts.forms import VisitForm
from accounts.models import Business, PlatformVisit, User
from callcrm.errors import Denied, Invalid, NotAuthenticated, NotFound

SHOWN = 200


class PlatformRequest(HttpRequest):
    """A request of a platform superuser."""

    user: User


def superusers_only(view: Callable[..., HttpResponse]) -> View:
    """The door of pages that belong to no business."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            raise NotAuthenticated
        if not request.user.is_superuser:
            raise Denied("This is for those who run the installation.")
        return view(request, *args, **kwargs)

    return open_door("platform superusers alone; businesses open by visits, which have doors")(door)


@require_safe
@superusers_only
def businesses(request: PlatformRequest) -> HttpResponse:
    """The businesses, and where a visit goes on."""
    going_on = PlatformVisit.objects.open().filter(user=request.user).select_related("business")
    found = Business.objects.filter(name__icontains=request.GET.get("name", "")[:100])
    context = {
        "businesses": list(found.order_by("name", "pk")[:SHOWN]),
        "shown": SHOWN,
        "visits": list(going_on.order_by("-started_at")),
    }
    return render(request, "accounts/platform.html", context)


@require_POST
@superusers_only
def start_visit(request: PlatformRequest) -> HttpResponse:
    """Begin an hour in a business, read-only and masked."""
    form = VisitForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={name: [str(text) for text in texts] for name, texts in form.errors.items()})
    business = Business.objects.filter(slug=form.cleaned_data["business"]).first()
    if business is None:
        raise NotFound
    visits.start(request.user, business, form.cleaned_data["reason"])
    return redirect("home", business.slug)


@require_POST
@superusers_only
def end_visit(request: PlatformRequest, pk: UUID) -> HttpResponse:
    """Leave before the hour is over."""
    mine = PlatformVisit.objects.filter(user=request.user).select_related("business")
    visits.end_open(request.user, get_object_or_404(mine, pk=pk).business)
    return redirect("platform")
