"""The page on how long recordings are kept, and what is done to one of them: hold it, let it go, delete it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from accounts import businesses, confirmations
from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from audit.actors import name_actors
from audit.models import Entry
from callcrm.errors import Conflict, Invalid
from callcrm.lib import times
from callcrm.lib.paging import page
from recordings.events import RecordingDeleted
from recordings.listening import transcripts
from recordings.models import Recording
from recordings.retention import deletions, ends, holds
from recordings.retention import rules as retention
from recordings.retention.forms import QUESTIONS, CopiesForm, DeletionForm, HoldForm, RulesForm

PAGE_SIZE, HELD_SHOWN, LATELY_SHOWN, ASKED_SHOWN = 25, 50, 30, 200
MOST_COUNTED = 1000
COPIES = "provider copies"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.ADMIN_PANEL)
def retention_page(request: MemberRequest) -> HttpResponse:
    """The rules, what goes tonight, what is held and what went; a POST changes the rules, once that is confirmed."""
    before = retention.rules_of(request.business.pk)
    now_is = retention.version_of(before)
    form = RulesForm(request.POST or None, initial=before | {"drawn": now_is})
    if form.is_valid():
        rules, drawn = form.rules, form.cleaned_data["drawn"]
        shortens = drawn == now_is and retention.shortens(before, rules)
        if shortens and not _confirmed(request, _act(rules)):
            return _ask_for_less(request, before, rules)
        if form.does(lambda: retention.change(request.business, rules, drawn=drawn, by=request.member)):
            messages.success(request, "Saved. It holds for all recordings, from now on.")
            return redirect("retention", request.business.slug)
    return render(
        request, "recordings/retention.html", _shown(request, form), status=422 if form.errors else 200
    )


@require_POST
@needs(Permission.ADMIN_PANEL)
def provider_copies(request: MemberRequest) -> HttpResponse:
    """Say whether the provider keeps its copies; that it shall delete them once that is confirmed."""
    form = CopiesForm(request.POST)
    wants = form.is_valid() and form.cleaned_data["delete_at_provider"]
    if wants and not request.business.delete_at_provider and not _confirmed(request, COPIES):
        return _ask_about_copies(request)
    businesses.change(request.business, {"delete_at_provider": wants}, by=request.member)
    messages.success(request, "Saved. It holds from now on.")
    return redirect("retention", request.business.slug)


@require_POST
@needs(Permission.DELETE_CUSTOMERS)
def hold(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Put a recording under a legal hold."""
    recording, form = _recording(request, pk), HoldForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={"reason": ["Choose a reason."]})
    holds.hold(recording, Recording.HoldReason(form.cleaned_data["reason"]), by=request.member)
    messages.success(request, "The recording is held. Nothing deletes it until the hold is lifted.")
    return redirect("call", request.business.slug, recording.call_id)


@require_POST
@needs(Permission.DELETE_CUSTOMERS)
def lift_hold(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let the rule of a held recording count again."""
    recording = _recording(request, pk)
    holds.lift(recording, by=request.member)
    messages.success(request, "The hold is lifted. The recording goes when its time is over.")
    return redirect("call", request.business.slug, recording.call_id)


@require_POST
@needs(Permission.DELETE_CUSTOMERS)
def delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a recording for a reason that somebody may have, once that is confirmed."""
    recording, form = _recording(request, pk), DeletionForm(request.POST)
    if recording.is_held:  # said before anything is asked
        raise Conflict(deletions.HELD)
    if not form.is_valid():
        raise Invalid(fields={"rule": ["Choose why it is deleted."]})
    rule = Recording.Rule(form.cleaned_data["rule"])
    if not _confirmed(request, f"deletion {rule}", pk):
        return _ask_for_deletion(request, recording, rule)
    deletions.delete(recording, rule, by=request.member)
    where = "is deleted here, and" if recording.is_here else "is deleted"
    messages.success(request, f"The recording {where} at the provider as soon as it answers.")
    return redirect("call", request.business.slug, recording.call_id)


def _recording(request: MemberRequest, pk: UUID) -> Recording:
    return get_object_or_404(Recording.objects.visible_to(request.member), pk=pk)


def _confirmed(request: MemberRequest, act: str, subject: object = "") -> bool:
    token = request.POST.get("confirm", "")
    if token:
        confirmations.spend(token, request.member, act, subject)
    return bool(token)


def _act(rules: retention.Rules) -> str:
    """What is confirmed is these days and no others."""
    return f"retention {retention.version_of(rules)}"


def _ask_for_less(request: MemberRequest, before: retention.Rules, rules: retention.Rules) -> HttpResponse:
    at = retention.tonight(request.business, now())
    rows = retention.going(request.business.pk, at, rules)
    shown = rows.with_calls().prefetch_related("pauses")  # what `told` reads
    count = rows[: MOST_COUNTED + 1].count()
    context = {
        "at": at,
        "days": [(RulesForm.base_fields[kind].label, *_in_words(kind, before, rules)) for kind in rules],
        "rows": shown.order_by("-created_at", "-pk")[:ASKED_SHOWN],
        "count": count,
        "more": max(0, count - ASKED_SHOWN),
        "most": MOST_COUNTED,
        "values": {kind: days or "" for kind, days in rules.items()}
        | {"drawn": retention.version_of(before)},
        "token": confirmations.offer(request.member, _act(rules)),
    }
    return render(request, "recordings/retention_confirmation.html", context)


def _in_words(kind: str, *rules: retention.Rules) -> list[str]:
    return [retention.in_words(each[kind]) for each in rules]


def _ask_for_deletion(request: MemberRequest, recording: Recording, rule: Recording.Rule) -> HttpResponse:
    written = transcripts.written_of(recording)
    goes = f" What is written of it goes with it: {written}." if written else ""
    text = (
        f"{recording.call.shown_caller}, {times.exact(recording.call.started_at, request.business.tz)}. "
        f"{_what_goes(recording)}{goes} The call stays in the figures."
    )
    token = confirmations.offer(request.member, f"deletion {rule}", recording.pk)
    context = {
        "question": QUESTIONS[rule],
        "text": text,
        "button": "Delete the recording",
        "values": {"rule": rule.value, "confirm": token},
        "back": reverse("call", args=[request.business.slug, recording.call_id]),
    }
    return render(request, "accounts/confirmation.html", context)


def _ask_about_copies(request: MemberRequest) -> HttpResponse:
    context = {
        "question": "Delete recordings at the provider?",
        "text": "From now on a recording is deleted there as soon as it is kept here, and is then here alone. One that "
        "is not kept, because nobody was told of it, is deleted there unheard: then there is none. Of earlier ones "
        "the provider keeps its copies.",
        "button": "Delete them there",
        "values": {"delete_at_provider": "on", "confirm": confirmations.offer(request.member, COPIES)},
        "back": reverse("retention", args=[request.business.slug]),
    }
    return render(request, "accounts/confirmation.html", context)


def _what_goes(recording: Recording) -> str:
    if recording.is_here:
        return "It is deleted at once and for good, here and at the provider."
    comes = "" if recording.state == Recording.State.BLOCKED else " It is not fetched any more."
    return f"It is not here.{comes} What the provider has of it is deleted for good: then there is none."


def _shown(request: MemberRequest, form: RulesForm) -> dict[str, Any]:
    business, at = request.business, retention.tonight(request.business, now())
    tonight = page(
        retention.going(business.pk, at).with_rules().with_calls(),
        cursor=request.GET.get("cursor", ""),
        size=PAGE_SIZE,
        at="created_at",
    )
    held = Recording.objects.filter(business=business).exclude(held_at=None).order_by("-held_at")
    return {
        "form": form,
        "copies": CopiesForm(initial={"delete_at_provider": business.delete_at_provider}),
        "at": at,
        "page": tonight,
        "held": held.with_calls().select_related("held_by__user")[:HELD_SHOWN],
        "held_shown": HELD_SHOWN,
        "lately": _lately(business.pk),
    }


def _lately(business_id: UUID) -> list[Entry]:
    """Return what the history says was deleted last, each with the recording that it was."""
    entries = list(Entry.objects.of(business_id).filter(name=RecordingDeleted.name)[:LATELY_SHOWN])
    name_actors(entries)
    mine = Recording.objects.filter(business=business_id).with_calls()
    gone = mine.in_bulk([entry.subject_id for entry in entries])
    for entry in entries:
        named: Any = entry  # for the template alone, like the name of the actor
        named.recording = gone.get(entry.subject_id)
        named.rule = ends.words(entry.data.get("rule", ""), entry.data.get("days"))
    return entries
