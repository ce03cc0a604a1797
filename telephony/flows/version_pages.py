"""The pages of what has answered calls: the versions of a number's call flow, and taking one into the draft."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from telephony.flows import versions
from telephony.flows.pages import back, number_of
from telephony.models import FlowVersion


@require_safe
@needs(Permission.NUMBERS)
def version_list(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What has answered calls so far, newest first."""
    number = number_of(request, pk)
    rows = FlowVersion.objects.filter(number=number, business=request.business)
    context = {"number": number, "versions": rows.select_related("published_by__user")[:200]}
    return render(request, "telephony/flow_versions.html", context)


@require_POST
@needs(Permission.NUMBERS)
def restore(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take an old version into the draft."""
    mine = FlowVersion.objects.filter(business=request.business).select_related("number")
    version = get_object_or_404(mine, pk=pk)
    versions.restore(version, by=request.member)
    messages.success(request, f"Version {version.version} is the draft now. Publish it when it is right.")
    return back(request, version.number)
