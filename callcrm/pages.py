"""Pages that compose what several apps know: the desk, a lead with his calls and texts, the overview.

They own no model.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm import timeline, waiting
from callcrm.lib import times
from leads import drafts, merging
from leads.forms import NoteForm, StatusForm
from leads.models import Lead
from leads.pages import named_lead
from recordings.models import Recording
from telephony import figures, health, practice
from telephony.callbacks import attempts, settling
from telephony.callbacks import figures as callback_figures
from telephony.hours import opening
from telephony.listing import suggestions
from telephony.models import Call, Callback, Reason
from telephony.pages import going_on

MOMENTS_SHOWN = 8


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def desk(request: MemberRequest) -> HttpResponse:
    """What a front desk looks at all day: who calls, whom we owe a call back by when, and the person to speak to."""
    live = going_on(Call.objects.visible_to(request.member))
    owing, unheard = waiting.owed(request.member), waiting.unheard(request.member)
    chosen = _chosen(request, owing, live)
    context = _day(request) | {
        "on_desk": True,
        "live": live,
        "waiting": owing,
        "oldest": now() - owing[0].callback.opened_at if owing else None,
        "unheard": unheard,
        "oldest_unheard": waiting.oldest(unheard),
    }
    return render(request, "desk.html", context | (_at_desk(request, chosen, live, owing) if chosen else {}))


@require_safe
@needs(Permission.VIEW_CUSTOMERS)
def lead(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A person: masked, with everything that happened between him and the business."""
    visible = Lead.objects.visible_to(request.member).for_list()
    merge = merging.kept_of(request.business.pk, pk)
    if merge is not None:
        return redirect("lead", request.business.slug, get_object_or_404(visible, pk=merge.kept_id).pk)
    found = get_object_or_404(visible, pk=pk)
    held = Recording.objects.holding(found) if request.member.can(Permission.DELETE_CUSTOMERS) else ()
    return render(request, "leads/lead.html", _about(request, found) | {"held": list(held)})


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


def _day(request: MemberRequest) -> dict[str, Any]:
    """Return whether the business is open, and how today goes."""
    hours, at = opening.of(request.business), now()
    calls = Call.objects.visible_to(request.member)
    return {
        "hours": hours.in_words(at),
        "is_open": hours.is_open(at),
        "health": health.of(request.business.pk),
        "today": figures.of_today(calls, request.business.tz),
    }


def _chosen(request: MemberRequest, owing: Sequence[waiting.Owed], live: Sequence[Call]) -> Lead | None:
    """Return the person that the address names, else whom one speaks to, else who has to be called back first."""
    named = named_lead(request)
    if named is not None:
        return named
    visible = Lead.objects.visible_to(request.member).for_list()
    speaking = [call.lead_id for call in live if call.lead_id and call.agent_id == request.member.pk]
    first = [*speaking, *(row.callback.lead_id for row in owing)]
    return visible.filter(pk=first[0]).first() if first else None


def _after(lead: Lead, owing: Sequence[waiting.Owed]) -> Lead | None:
    """Return whom the list names after a person: who is due first, where it does not name him."""
    people = [row.callback.lead for row in owing]
    following = people.index(lead) + 1 if lead in people else 0
    return next(iter(people[following:]), None)


def _at_desk(
    request: MemberRequest, lead: Lead, live: Sequence[Call], owing: Sequence[waiting.Owed]
) -> dict[str, Any]:
    about = _about(request, lead)
    return about | {
        "timeline": about["timeline"][:MOMENTS_SHOWN],
        "last_call": next((one.of for one in about["timeline"] if _has_outcome(one)), None),
        "outcomes": suggestions.dispositions(request.business.pk),
        "call": next((call for call in live if call.lead_id == lead.pk), None),
        "reasons": Reason.choices,
        "colleagues": settling.colleagues(request.member).order_by("created_at", "pk"),
        "next_owed": _after(lead, owing),
        "view": "desk",  # what the buttons lead back to
    }


def _has_outcome(moment: timeline.Moment) -> bool:
    return moment.kind == "call" and moment.of.was_contact


def _about(request: MemberRequest, lead: Lead) -> dict[str, Any]:
    owed = Callback.objects.open().filter(business_id=request.business.pk, lead=lead)
    debt = owed.visible_to(request.member).select_related("assigned_to__user").first()
    attempts.show([debt])
    moments = timeline.of_lead(request, lead)
    return {
        "lead": lead,
        "phones": list(lead.phones.all()),
        "timeline": moments,
        "latest": timeline.latest_recording(moments),
        "debt": debt,
        "is_with_colleague": debt is None and owed.exists(),
        "note_form": NoteForm(),
        "note_draft": drafts.of(lead, request.member),
        "status_form": StatusForm(business=request.business, lead=lead),
    }
