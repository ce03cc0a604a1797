"""The page "Log a call". Its form carries a key, so that one that is sent twice logs one call.

The links to it carry the key: who goes back from the call to its form, which no browser keeps, sends the same one.
"""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from accounts import idempotency
from accounts.doors import MemberRequest, needs
from accounts.models import Member
from accounts.permissions import Permission
from callcrm.errors import Conflict, Refused
from callcrm.lib import times, wall_clock
from leads.models import Lead, Source
from leads.pages import named_lead
from telephony import parties
from telephony.forms import CallForm
from telephony.listing import suggestions
from telephony.manual import entries
from telephony.models import TrackingNumber

LOGGED = "The call was logged."
BEFORE = "This form was sent before: here is the call that it logged."
ANOTHER = "This form has logged another call already. To log this one too, press once more."
LENGTH = re.compile(r"([0-9]{1,4})(?::([0-5][0-9]))?")
AT = "%Y-%m-%dT%H:%M"


class LogForm(CallForm):
    """A call as somebody remembers it."""

    phone = forms.CharField(
        max_length=32,
        required=False,
        label="Number",
        help_text="A number that is known finds its lead by itself.",
    )
    name = forms.CharField(max_length=200, required=False, help_text="Write a name only for somebody new.")
    direction = forms.ChoiceField(choices=[("outbound", "We called"), ("inbound", "They called")])
    outcome = forms.ChoiceField(
        label="Status", choices=[("answered", "Answered"), ("missed", "Not answered")]
    )
    started_at = forms.DateTimeField(
        label="When it began",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=AT),
    )
    duration_seconds = forms.CharField(
        max_length=7, required=False, label="How long", help_text="Write minutes, such as 4 or 4:30."
    )
    number = forms.ModelChoiceField(
        TrackingNumber.objects.none(), required=False, label="Our number", empty_label="None"
    )
    source = forms.ModelChoiceField(Source.objects.none(), required=False, empty_label="Not known")
    key = forms.UUIDField(widget=forms.HiddenInput)
    field_order = (
        "phone",
        "name",
        "direction",
        "outcome",
        "started_at",
        "duration_seconds",
        "number",
        "source",
    )

    def __init__(self, *args: Any, by: Member, lead: Lead | None, key: UUID, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": key}
        super().__init__(*args, **kwargs)
        business = by.business
        self.business, self.lead, self.by = business, lead, by
        fields: Any = self.fields
        fields["number"].queryset = TrackingNumber.objects.filter(business=business).order_by("label", "e164")
        mine = Source.objects.filter(business=business, is_archived=False)
        fields["source"].queryset = mine.order_by("name")
        zone = times.zone_name(business)
        fields["started_at"].help_text = f"The time is that of {zone}. Leave it empty for a call just over."
        for name in ("phone", "name") if lead else ():
            del self.fields[name]

    def clean_started_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["started_at"]
        if at is None:
            return None
        if not 2000 <= at.year < 2100:
            raise forms.ValidationError("Choose a time that has passed, since the year 2000.")
        shown = wall_clock.moments(at.replace(tzinfo=None), self.business.tz)
        if not shown:
            raise forms.ValidationError(wall_clock.never_in_words(at.replace(tzinfo=None), self.business.tz))
        return shown[0]  # of an hour that comes twice the first: nobody remembers which it was

    def clean_duration_seconds(self) -> int | None:
        text = self.cleaned_data["duration_seconds"].strip()
        if not text:
            return None
        typed = LENGTH.fullmatch(text)
        if typed is None:
            raise forms.ValidationError("Write minutes, such as 4 or 4:30.")
        return int(typed[1]) * 60 + int(typed[2] or 0)

    def clean(self) -> dict[str, Any]:
        """Say all that is wrong at once: what one field says of itself, and what the verb would refuse."""
        given = dict(super().clean() or self.cleaned_data)
        for name, texts in entries.problems(self.business, given | {"lead": self.lead}).items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, texts)
        if given.get("name") and "phone" not in self.errors and not self.is_logged():
            self._name_nobody_anew(given)
        return given

    def is_logged(self) -> bool:
        """Say whether it was sent before: its number is that of the lead whom the first time made."""
        return idempotency.has_made(self.by, f"form:{self.cleaned_data.get('key')}")

    def _name_nobody_anew(self, given: dict[str, Any]) -> None:
        """A call that is logged changes no name, and what was typed is not dropped without a word."""
        known = parties.known(self.business, given, typed_in="phone")
        if known:
            who = f"{known.shown_name} has" if known.masked_name else "A lead without a name has"
            self.add_error("name", f"{who} this number. Leave the name empty to log the call there.")

    def take(self, refused: Refused) -> None:
        """A form that has logged another call is a new one from here on."""
        if isinstance(refused, Conflict):
            self.put(key=str(uuid4()))
            refused = Conflict(ANOTHER)
        super().take(refused)

    def log(self) -> UUID:
        """Log the call, once for each form. Raises what `manual.log` raises."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "key"} | self.values()
        wish = {name: getattr(value, "pk", value) for name, value in given.items()}
        wish["lead"] = self.lead.pk if self.lead else None
        began = given["started_at"] or now() - timedelta(seconds=given["duration_seconds"] or 0)
        values = given | {"lead": self.lead, "started_at": began}
        key = f"form:{self.cleaned_data['key']}"
        return idempotency.once(self.by, key, wish, lambda: entries.log(self.business, values, by=self.by).pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.EDIT_CUSTOMERS)
def log_call(request: MemberRequest) -> HttpResponse:
    """Log a call; `lead` in the address says with whom."""
    lead = named_lead(request)
    form = LogForm(request.POST or None, by=request.member, lead=lead, key=_key(request))
    said = BEFORE if form.is_valid() and form.is_logged() else LOGGED
    made = form.try_to(form.log) if form.is_valid() else None
    if made:
        messages.success(request, said)
        return redirect("call", request.business.slug, made)
    context = {"form": form, "lead": lead, "known_words": suggestions.words(request.business.pk)}
    return render(request, "telephony/log_call.html", context, status=422 if form.is_bound else 200)


def _key(request: MemberRequest) -> UUID:
    try:
        return UUID(request.GET.get("key", ""))
    except ValueError:
        return uuid4()
