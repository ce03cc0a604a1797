"""Where a problem with a call is reported, and where those who run the business see what waits for them."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.errors import Invalid
from callcrm.lib import toasts
from callcrm.lib.forms import RefusableForm
from callcrm.lib.paging import page
from telephony.models import Call, CallProblem
from telephony.problems import reports

PAGE_SIZE = 25
VIEWS = ("", "resolved")


class ProblemForm(RefusableForm):
    """What is wrong, and a sentence about it."""

    kind = forms.ChoiceField(choices=[("", "Choose"), *CallProblem.Kind.choices], label="What is wrong")
    words = forms.CharField(
        max_length=reports.LONGEST,
        required=False,
        label="In a sentence",
        help_text="Telephone numbers and e-mail addresses are masked. Write no card number.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.VIEW_CUSTOMERS)
def report(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Report a problem with a call that one sees."""
    call = get_object_or_404(Call.objects.visible_to(request.member).for_list(), pk=pk)
    form = ProblemForm(request.POST or None, initial={"kind": request.GET.get("kind", "")})
    if form.is_valid() and form.does(lambda: reports.report(call, **form.cleaned_data, by=request.member)):
        messages.success(request, "Reported. An owner or admin sees it under Problems.")
        return redirect("call", request.business.slug, pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "telephony/report_problem.html", {"call": call, "form": form}, status=status)


@require_safe
@needs(Permission.ADMIN_PANEL)
def problem_list(request: MemberRequest) -> HttpResponse:
    """What was reported, newest first: what waits, or what is resolved."""
    view = request.GET.get("view", "")
    if view not in VIEWS:
        raise Invalid(fields={"view": ["Choose from resolved."]})
    visible = CallProblem.objects.visible_to(request.member).for_list()
    found = visible.exclude(resolved_at=None) if view else visible.open()
    rows = page(found, cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    context = {"page": rows, "view": view, "resolutions": CallProblem.Resolution.choices}
    return render(request, "telephony/problems.html", context)


@require_POST
@needs(Permission.ADMIN_PANEL)
def resolve(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say what became of one; back to where the button stood."""
    problem = get_object_or_404(CallProblem.objects.visible_to(request.member), pk=pk)
    said = request.POST.get("resolution", "")
    done = reports.resolve(problem, said, by=request.member)
    late = done.resolved_by_id != request.member.pk or done.resolution != said
    if late:
        messages.success(request, "It was resolved before.")
    else:
        toasts.undoable(request, "Resolved.", "problem-reopenings", pk)
    if request.POST.get("view") == "call":
        return redirect("call", request.business.slug, problem.call_id)
    return redirect("problems", request.business.slug)


@require_POST
@needs(Permission.ADMIN_PANEL)
def reopen(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take back what was said a moment ago, from its toast."""
    problem = get_object_or_404(CallProblem.objects.visible_to(request.member).select_related("call"), pk=pk)
    reports.reopen(problem, by=request.member)
    messages.success(request, "The problem is open again.")
    return redirect("problems", request.business.slug)
