"""The pages of a number's call flow: the editor, and trying a call that nobody makes. Its versions: `version_pages.py`.

The whole flow is one form, and each button that changes it saves what was typed first. Without scripts everything works
the same, a page at a time.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from audit.events import Change
from callcrm.errors import Conflict, Invalid
from callcrm.lib import toasts
from telephony import figures
from telephony.flows import differences, documents, trials, typed_trials, versions
from telephony.flows.forms import ICONS, TONES, FlowForm, StepForm
from telephony.flows.lint import Problem
from telephony.flows.steps import KINDS, Flow
from telephony.flows.what_if import Tried
from telephony.hours import opening
from telephony.models import Call, TrackingNumber

MONTH = timedelta(days=30)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.NUMBERS)
def flow(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show the flow to edit; save a draft of it."""
    number = number_of(request, pk)
    if request.method != "POST":
        return _page(request, number)
    form = _form(request, number)
    if refusal := _refusal(request, number, form):
        return refusal
    messages.success(request, "The draft was saved. Calls go on as before until you publish it.")
    return back(request, number, at=next(iter(form.made), ""))


@require_POST
@needs(Permission.NUMBERS)
def remove_step(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Save what was typed, and take a step out of it; the toast puts the step back and leaves what was typed."""
    number = number_of(request, pk)
    form = _form(request, number)
    name = request.POST.get("remove", "")
    if refusal := _refusal(request, number, form):
        return refusal
    found = versions.current(number)
    if name in found.flow.steps:
        left = versions.save(number, found.flow.without(name), state=found.state, by=request.member)
        said = "The step was taken out of the draft."
        toasts.undoable(request, said, "flow-reversals", pk, state=left.state)
    return back(request, number)


@require_POST
@needs(Permission.NUMBERS)
def take_back(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let the draft be what it was before its last save, which is named; what came after that save stays."""
    number = number_of(request, pk)
    try:
        versions.take_back(number, state=request.GET.get("state", ""), by=request.member)
    except Conflict as late:
        messages.error(request, late.message)
    else:
        messages.success(request, "The draft is what it was before.")
    return back(request, number)


@require_POST
@needs(Permission.NUMBERS)
def publish(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Save what was typed, and let it answer calls from now on."""
    number = number_of(request, pk)
    form = _form(request, number)
    if refusal := _refusal(request, number, form):
        return refusal
    before = number.published
    try:
        version = versions.publish(number, by=request.member)
    except Invalid:
        return _page(request, number_of(request, pk), status=422)
    if version == before:
        messages.info(request, f"There are no changes to publish: version {version.version} stands.")
    else:
        since = "from now on" if number.is_active else "once the number is in service"
        messages.success(request, f"Version {version.version} answers calls {since}.")
    return back(request, number)


@require_POST
@needs(Permission.NUMBERS)
def discard(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Throw the draft away."""
    number = number_of(request, pk)
    versions.discard(number, by=request.member)
    messages.success(request, f"The draft is gone. Version {number.published.version} stands.")
    return back(request, number)


@require_POST
@needs(Permission.NUMBERS)
def try_call(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what a call would meet in the flow as it stands on the page, and keep nothing of it."""
    number = number_of(request, pk)
    trial = _trial(request, number, request.POST)
    form = _form(request, number) if "state" in request.POST else None
    can_be_tried = trial.is_valid() and (form is None or form.flow is not None)
    return _page(request, number, form, trial=trial, status=200 if can_be_tried else 422)


def _refusal(request: MemberRequest, number: TrackingNumber, form: FlowForm) -> HttpResponse | None:
    """Keep a draft; return the answer to somebody whose draft is not kept."""
    typed_trials.keep(request.session, request.business.pk, number.pk, request.POST)
    if form.flow is None:
        return _page(request, number, form, status=422)
    try:
        versions.save(number, form.flow, state=form.state, by=request.member)
    except Conflict as late:
        return _late(request, number, form, late)
    return None


def _late(request: MemberRequest, number: TrackingNumber, form: FlowForm, late: Conflict) -> HttpResponse:
    """Show what there is by now: alone to who has nothing of his own, and else in what his differs from it, before he
    sends it again."""
    theirs = versions.current(number)
    if form.flow is None or form.is_untouched or _says(form.flow, theirs.flow):
        who = versions.changed_by(theirs)
        messages.error(request, f"{who} This is what it says now: look at it before you publish.")
        return back(request, number)
    form.whole.add_error(None, f"{late.message} Save again to put them in the place of the others.")
    form.again(theirs.state)
    overwrites = differences.openly(theirs.flow, form.flow)
    return _page(request, number, form, status=422, overwrites=overwrites)


def _form(request: MemberRequest, number: TrackingNumber) -> FlowForm:
    found = versions.current(number)
    return FlowForm(found.flow, found.state, region=request.business.region, data=request.POST)


def _trial(request: MemberRequest, number: TrackingNumber, data: Any = None) -> trials.TrialForm:
    """Return the form of a trial, with what was typed into it before the flow was saved."""
    business = request.business
    initial = trials.now_in(business.tz)
    typed = typed_trials.recall(request.session, business.pk, number.pk) if data is None else None
    if typed:
        data = typed if typed["at"] else typed | trials.sent(initial)
    return trials.TrialForm(
        data, zone=business.tz, region=business.region, initial=initial, is_active=number.is_active
    )


def _page(
    request: MemberRequest,
    number: TrackingNumber,
    form: FlowForm | None = None,
    *,
    trial: trials.TrialForm | None = None,
    status: int = 200,
    overwrites: Sequence[Change] = (),
) -> HttpResponse:
    """Draw the page. What is said of the flow is said of what stands in the form, saved or not.

    `overwrites` is what saving it would change in the work of others.
    """
    found = versions.current(number)
    form = form or FlowForm(found.flow, found.state, region=request.business.region)
    flow = form.flow or found.flow
    problems = versions.problems(number, flow)
    refusals = [_linked(form, flow, problem) for problem in problems if problem.refuses]
    if status == 422 and trial is None:
        _open_at_the_first(form, problems)
    trial = trial or _trial(request, number)
    context = {
        "number": number,
        "changes": found.changes,
        "unsaved": form.data is not None and not _says(form.flow, found.flow),
        "refused": status == 422,
        "overwrites": overwrites,
        "form": form,
        "steps": [_part(form, name) for name in form.order],
        "refusals": refusals,
        "first": _first(form, refusals),
        "warnings": [_linked(form, flow, problem) for problem in problems if not problem.refuses],
        "trial": trial,
        "open_words": opening.of(request.business).in_words(now()),
        "figures": _figures(request, number),
    }
    if form.data is None or form.flow is not None:
        context |= _preview(request, number, form, flow, trial)
    return render(request, "telephony/flow.html", context, status=status)


def _open_at_the_first(form: FlowForm, problems: Sequence[Problem]) -> None:
    """Let who was refused begin where the first thing is wrong: in what was typed, or else in what is kept."""
    refused = [problem for problem in problems if problem.refuses]
    if form.data is None:
        form.mark(refused)
    fields = [bound for _, bound, _ in form.errors] if form.data is not None else map(form.field_of, refused)
    form.begin_at(next((bound for bound in fields if bound), None))


def _first(form: FlowForm, refusals: Sequence[Mapping[str, str]]) -> Mapping[str, Any] | None:
    """Return what keeps the flow from being published: how much it is, and where it begins."""
    wrong = [bound.id_for_label if bound else "flow-form" for _, bound, _ in form.errors]
    anchors = wrong or [refusal["anchor"] for refusal in refusals]
    return {"things": len(anchors), "anchor": next(filter(None, anchors), "")} if anchors else None


def _says(one: Flow | None, other: Flow) -> bool:
    return one is not None and documents.write(one) == documents.write(other)


def _preview(
    request: MemberRequest, number: TrackingNumber, form: FlowForm, flow: Flow, trial: trials.TrialForm
) -> dict[str, Any]:
    """Return what callers meet in a flow: the one of the trial, and those of a week."""
    return {
        "tried": _drawn(trials.tried(request.business, number, flow, trial), form, flow),
        "week": trials.week(request.business, number, flow, in_service=trial.meets_flow),
        "asks_hours": flow.asks_hours,
    }


def _part(form: FlowForm, name: str) -> dict[str, Any]:
    step: StepForm = form.steps[name]
    return {
        "form": step,
        "id": name,
        "title": form.numbered(name, form.shown),
        "icon": ICONS[step.kind],
        "tone": TONES.get(step.kind, ""),
    } | (_taken_out(form, name) if name in form.shown.steps else {})


def _taken_out(form: FlowForm, name: str) -> dict[str, Any]:
    """Return what is said before a step is taken out: what leads to it as it was saved, and where that leads then."""
    flow = form.shown
    before = ["The incoming call"] * (flow.start == name)
    before += [form.numbered(each, flow) for each in flow.before(name)]
    after = flow.after(name)
    return {"before": before, "after": form.numbered(after, flow) if after else ""}


def _linked(form: FlowForm, flow: Flow, problem: Problem) -> dict[str, str]:
    """A problem with the id of what it is about on the page; a step that is to be made by saving is not there yet."""
    bound = form.field_of(problem)
    anchor = f"step-{problem.step}" if problem.step in form.steps else ""
    anchor = bound.id_for_label if bound else anchor
    title = form.numbered(problem.step, flow) if problem.step else "A call comes in"
    return {"message": problem.message, "anchor": anchor, "title": title}


def _drawn(tried: Tried | None, form: FlowForm, flow: Flow) -> dict[str, Any] | None:
    if tried is None:
        return None
    stops = [
        {
            "title": form.numbered(stop.step, flow) if stop.kind in KINDS and stop.step else stop.title,
            "does": stop.does,
            "icon": ICONS[stop.kind],
            "tone": "bad" if stop.is_unsaid else TONES.get(stop.kind, ""),
        }
        for stop in tried.stops
    ]
    told = {"documents": tried.documents, "whispers": tried.whispers}
    return {"stops": stops, "too_many_keys": tried.too_many_keys} | told


def _figures(request: MemberRequest, number: TrackingNumber) -> figures.Figures:
    mine = Call.objects.visible_to(request.member).filter(number=number, direction="inbound")
    return figures.between(mine, now() - MONTH, now())


def number_of(request: MemberRequest, pk: UUID) -> TrackingNumber:
    mine = TrackingNumber.objects.filter(business=request.business)
    return get_object_or_404(
        mine.select_related("source", "business", "published__published_by__user"), pk=pk
    )


def back(request: MemberRequest, number: TrackingNumber, *, at: str = "") -> HttpResponse:
    """Show the page again, from the top or at a step: one that has just been made is to be filled in."""
    return redirect(reverse("flow", args=[request.business.slug, number.pk]) + (f"#step-{at}" if at else ""))
