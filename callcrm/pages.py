"""Pages that compose what several apps know: a lead with his calls and texts, and the overview. They own no model."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm import timeline
from callcrm.lib import times
from leads import merging
from leads.forms import NoteForm, StatusForm
from leads.models import Lead
from telephony import callback_figures, figures, practice
from telephony.models import Call, Callback
from telephony.pages import going_on


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def lead(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A person: masked, with everything that happened between him and the business."""
    visible = Lead.objects.visible_to(request.member).for_list()
    merge = merging.kept_of(request.business.pk, pk)
    if merge is not None:
        return redirect("lead", request.business.slug, get_object_or_404(visible, pk=merge.kept_id).pk)
    found = get_object_or_404(visible, pk=pk)
    context = {
        "lead": found,
        "phones": list(found.phones.all()),
        "timeline": timeline.of_lead(request, found),
        "debt": Callback.objects.visible_to(request.member).open().filter(lead=found).first(),
        "note_form": NoteForm(),
        "status_form": StatusForm(
            business=request.business, initial={"status": found.status, "assigned_to": found.assigned_to_id}
        ),
    }
    return render(request, "leads/lead.html", context)


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def overview(request: MemberRequest) -> HttpResponse:
    """How today goes against yesterday at this hour, and which source brings calls."""
    visible = Call.objects.visible_to(request.member)
    midnight = times.midnight(request.business.tz)
    day = timedelta(days=1)
    context = {
        "today": figures.compare(visible, midnight, now(), midnight - day, now() - day),
        "month": figures.month(visible, request.business.tz),
        "recovery": callback_figures.recovery(
            Callback.objects.visible_to(request.member),
            visible,
            times.midnight(request.business.tz, figures.DAYS_SHOWN - 1),
        ),
        "live": going_on(visible),
        "recent": list(visible.for_list().order_by("-started_at", "-id")[:8]),
        "practice": practice.offered(request.member),
    }
    return render(request, "overview.html", context)
