"""The versions of a number's call flow, which answered calls or do: each to be read, and taken into the draft."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from audit.events import Change
from callcrm.lib import toasts
from telephony.flows import differences, reading, versions
from telephony.flows.forms import ICONS, TONES
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


@require_safe
@needs(Permission.NUMBERS)
def version(request: MemberRequest, pk: UUID, version: int) -> HttpResponse:
    """What one version says, and in what it differs from the one before and from what answers calls."""
    number = number_of(request, pk)
    mine = FlowVersion.objects.filter(number=number, business=request.business)
    shown = get_object_or_404(mine.select_related("published_by__user"), version=version)
    before = mine.filter(version__lt=version).first()
    found = versions.current(number)
    context = {
        "number": number,
        "version": shown,
        "parts": [_drawn(part) for part in reading.parts(shown.flow)],
        "before": before,
        "since": _changes(before, shown),
        "until": _changes(shown, number.published),
        "draft": found.draft,
        "draft_changes": found.changes,
        "is_draft": found.draft is not None and not differences.between(found.flow, shown.flow),
    }
    return render(request, "telephony/flow_version.html", context)


@require_POST
@needs(Permission.NUMBERS)
def restore(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take an old version into the draft; the toast brings back the draft that was there."""
    mine = FlowVersion.objects.filter(business=request.business).select_related("number")
    version = get_object_or_404(mine, pk=pk)
    number = number_of(request, version.number_id)
    before = versions.current(number).state
    state = versions.restore(version, by=request.member).state
    if state == before:
        messages.info(request, f"What you edit says what version {version.version} says already.")
    else:
        said = f"Version {version.version} is the draft now. Publish it when it is right."
        toasts.undoable(request, said, "flow-reversals", number.pk, state=state)
    return back(request, number)


def _changes(one: FlowVersion | None, other: FlowVersion) -> Sequence[Change]:
    return differences.openly(one.flow, other.flow) if one else []


def _drawn(part: reading.Part) -> dict[str, Any]:
    return {
        "part": part,
        "id": part.step or "begin",
        "icon": ICONS[part.kind] if part.kind else "phone-incoming",
        "tone": TONES.get(part.kind, "") if part.kind else "ok",
    }
