"""The settings of a business: what it is called, and who is connected to it right now."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import businesses
from accounts.doors import MemberRequest, needs
from accounts.forms import BusinessForm
from accounts.pages import open_sessions
from accounts.permissions import Permission
from telephony.live import open_streams

SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.ADMIN_PANEL)
def settings(request: MemberRequest) -> HttpResponse:
    """Show and change the business; list its live streams and API sessions."""
    form = BusinessForm(request.POST or None, initial=BusinessForm.values_of(request.business))
    if form.is_valid():
        businesses.change(request.business, form.cleaned_data, by=request.member)
        messages.success(request, "The settings were saved.")
        return redirect("settings", request.business.slug)
    context = {
        "form": form,
        "streams": list(open_streams(request.business)[:SHOWN]),
        "sessions": list(open_sessions().filter(member__business=request.business)[:SHOWN]),
    }
    return render(request, "accounts/settings.html", context, status=422 if form.errors else 200)
