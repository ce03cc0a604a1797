"""The page "New call" and the buttons "Call back" and "Stop". The first two carry a key, so that one press makes one
call, however often it arrives. What the button lacks, such as the telephone of who pressed it, the page asks for. With
scripts "Call back" asks before it calls, on every page, and nobody leaves the page for it.
"""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import idempotency
from accounts.doors import MemberRequest, needs
from accounts.models import Member
from accounts.permissions import Permission
from callcrm.lib.forms import RefusableForm
from callcrm.lib.ui import dots
from leads.models import Lead, LeadPhone
from leads.pages import named_lead
from telephony.listing import telling
from telephony.models import Call, TrackingNumber
from telephony.outgoing import calling, stopping, telephones

RINGS = "Your telephone rings in a moment. Press 1 to be connected."
NEVER_PLACED = "The call was stopped before any telephone rang."
STOPPED = "The call was stopped. The other one was not put through."
STOPPING = "Your provider is being told to end the call. That takes a moment."
OVER = "The call was over already."
BEFORE = "This button was pressed before: here is the call that it made. To call again, press “Call again”."


class CallOutForm(RefusableForm):
    """Whom to call, from which of our numbers, and on whose telephone."""

    to = forms.CharField(
        max_length=32, label="Number", help_text="It may be that of a lead, or of somebody new."
    )
    phone = forms.ModelChoiceField(LeadPhone.objects.none(), label="Which number", empty_label=None)
    number = forms.ModelChoiceField(
        TrackingNumber.objects.none(),
        required=False,
        label="Called from",
        empty_label="The one this person knows",
        help_text="The person called sees this number.",
    )
    telephone = forms.CharField(
        max_length=32,
        label="Your telephone",
        error_messages={
            "required": "Which telephone should ring first? Write its number, and press once more."
        },
        help_text="This telephone rings first. Its number is kept, so you are asked only once.",
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: Member, lead: Lead | None, phone: str = "", **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid4(), "phone": phone}
        super().__init__(*args, **kwargs)
        self.by, self.lead = by, lead
        fields: Any = self.fields
        mine = TrackingNumber.objects.filter(business_id=by.business_id, is_active=True)
        fields["number"].queryset = mine.select_related("account", "published").order_by("label", "e164")
        if telephones.of(by):
            del fields["telephone"]
        if lead is None:
            del fields["phone"]
            return
        del fields["to"]
        phones = LeadPhone.objects.filter(business_id=by.business_id, lead=lead).select_related("lead")
        fields["phone"].queryset = phones.order_by("position")
        fields["phone"].required = False
        fields["phone"].label_from_instance = lambda phone: f"{phone.label} {dots(phone.number.masked)}"

    def name_number(self) -> None:
        """Say which number it is that the person knows. Raises Invalid where there is none to call from."""
        number: Any = self.fields["number"]
        if self.lead is not None:
            self.initial["number"], number.empty_label = calling.number_for(self.lead).pk, None

    def place(self) -> UUID:
        """Return the call, made now or when the same press came before. Raises what `outgoing.place` raises."""
        given = self.cleaned_data
        if "telephone" in self.fields:
            telephones.choose(self.by, given["telephone"])
        wish = {name: getattr(given.get(name), "pk", given.get(name)) for name in ("to", "phone", "number")}
        wish["lead"] = self.lead.pk if self.lead else None
        values = given | {"lead": self.lead}
        key = f"call:{given['key']}"
        return idempotency.once(
            self.by, key, wish, lambda: calling.place(self.by.business, values, by=self.by).pk
        )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.PLACE_CALLS)
def call_out(request: MemberRequest) -> HttpResponse:
    """Call somebody; `lead` in the address says whom, and `phone` which number of his. A POST is a press.

    With scripts every button asks here before it calls, and the page stays: what comes of it stands there.
    """
    lead, is_live = named_lead(request), "HX-Request" in request.headers
    phone = request.GET.get("phone", "")
    form = CallOutForm(request.POST or None, by=request.member, lead=lead, phone=phone)
    placed = form.try_to(form.place) if form.is_valid() else None
    if placed:
        return _placed(request, Call.objects.get(pk=placed), lead)
    if is_live:
        form.name_number()
    context = {
        "form": form,
        "lead": lead,
        "telephone": telephones.of(request.member),
        "busy": calling.going_on_with(lead, by=request.member) if lead and not form.is_bound else "",
    }
    page = "telephony/_call_question.html" if is_live else "telephony/call_out.html"
    return render(request, page, context, status=422 if form.is_bound else 200)


def _placed(request: MemberRequest, call: Call, lead: Lead | None) -> HttpResponse:
    said = RINGS if call.is_live else BEFORE
    if "HX-Request" in request.headers:
        answer = render(request, "telephony/_call_placed.html", {"said": said, "lead": lead})
        return telling.look_again(answer)
    messages.success(request, said)
    return redirect(_back(request, call, lead))


@require_POST
@needs(Permission.PLACE_CALLS)
def stop(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Stop a call that one has asked for, and say how far that is. With scripts the feed tells what comes of it."""
    mine = Call.objects.visible_to(request.member).select_related("lead")
    stopping.stop(get_object_or_404(mine, pk=pk), by=request.member)
    call = mine.prefetch_related("placements").get(pk=pk)
    if "HX-Request" in request.headers:
        return render(request, "telephony/_stop.html", {"call": call, "toast": _stopped(call)})
    messages.success(request, _stopped(call))
    return redirect(_back(request, call, call.lead))


def _stopped(call: Call) -> str:
    placement = call.placement
    if placement.is_stopping:
        return STOPPING
    if not placement.was_stopped:
        return OVER
    return NEVER_PLACED if placement.failure == "stopped" else STOPPED


class TelephoneForm(RefusableForm):
    """Which telephone is mine? Nothing stands for none."""

    telephone = forms.CharField(
        max_length=32,
        required=False,
        label="Number",
        help_text="Such as +1 555 123 4567. Leave it empty to have none.",
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )

    def save(self, *, by: Member) -> None:
        """Keep it. Raises what `telephones.choose` raises."""
        typed = self.cleaned_data["telephone"].strip()
        if typed:
            telephones.choose(by, typed)
        else:
            telephones.forget(by)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.PLACE_CALLS)
def telephone(request: MemberRequest) -> HttpResponse:
    """One's own telephone."""
    mine = telephones.of(request.member)
    form = TelephoneForm(request.POST or None, initial={"telephone": mine.e164 if mine else ""})
    if request.method == "POST" and form.is_valid() and form.does(lambda: form.save(by=request.member)):
        messages.success(request, "Saved.")
        return redirect("telephone", request.business.slug)
    status = 422 if form.errors else 200
    return render(request, "telephony/telephone.html", {"form": form, "telephone": mine}, status=status)


def _back(request: MemberRequest, call: Call, lead: Lead | None) -> str:
    """At the desk the strip shows the call, and who works through a list there stays there."""
    if request.POST.get("view") == "desk" and lead:
        return f"{reverse('desk', args=[request.business.slug])}?lead={lead.pk}"
    return reverse("call", args=[request.business.slug, call.pk])
