"""Trying a call that nobody makes on a number's flow: who calls, when, and which keys he presses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.timezone import now

from accounts.models import Business
from callcrm.errors import Invalid
from callcrm.lib import phones, times, wall_clock
from leads import intake
from leads.models import Lead
from telephony.flows import walk, what_if
from telephony.flows.steps import Flow
from telephony.flows.walk import Facts
from telephony.flows.what_if import Tried, Week
from telephony.hours import opening
from telephony.links import Links
from telephony.models import TrackingNumber
from telephony.providers import PROVIDERS

FIRST_YEAR, LAST_YEAR = 2000, 2100
AS_SENT = "%Y-%m-%dT%H:%M"
WITHHELD = ("hidden", "withheld", "anonymous")


@dataclass(frozen=True, slots=True)
class Trial:
    """Who calls when. `caller`: E.164, None for somebody who hides his number.

    `in_service`: as if the number were, though it is switched off.
    """

    caller: str | None
    at: datetime
    keys: str = ""
    in_service: bool = False


# The fields are sent with the flow, so that what is tried is what stands on the page.
_OF_THE_FLOW = {"form": "flow-form"}


class TrialForm(forms.Form):
    """The form of a trial. The caller's number is a person's: it is posted, and kept nowhere.

    None of its fields may keep a draft from being saved, so the browser is not told which are required.
    """

    use_required_attribute = False

    caller = forms.CharField(
        max_length=40,
        required=False,
        help_text="A number, or “hidden”. Leave it empty for a new caller.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    drawn = forms.CharField(
        max_length=40, required=False, widget=forms.HiddenInput
    )  # `at`, as the page came with it
    second = forms.BooleanField(required=False)  # of the two moments of one time; read by `clean_at`
    at = forms.DateTimeField(
        label="Calls at",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=AS_SENT),
    )
    keys = forms.RegexField(
        r"\A[0-9]{0,10}\Z",
        label="Keys pressed",
        required=False,
        max_length=10,
        help_text="One key for each menu; empty for none.",
        error_messages={"invalid": "Write keys from 0 to 9."},
    )

    in_service = forms.BooleanField(label="As if the number were in service", required=False)

    def __init__(
        self, *args: Any, zone: ZoneInfo, region: str, is_active: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if is_active:
            del self.fields["in_service"]
        self.zone, self.region = zone, region
        for field in self.fields.values():
            field.widget.attrs |= _OF_THE_FLOW

    def clean_caller(self) -> str | None:
        try:
            return read_caller(self.cleaned_data["caller"], self.region)
        except Invalid as refused:
            raise forms.ValidationError(refused.fields["from"]) from None

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if not FIRST_YEAR <= at.year < LAST_YEAR:
            raise forms.ValidationError("Choose a day of this century.")
        found = wall_clock.moments(at.replace(tzinfo=None), self.zone)
        if not found:
            raise forms.ValidationError(wall_clock.never_in_words(at.replace(tzinfo=None), self.zone))
        return found[-1] if self.cleaned_data["second"] else found[0]

    @property
    def twice(self) -> forms.BoundField | None:
        """Return the field that tells two moments of one time apart, where the clock is set back; else none."""
        at = self.cleaned_data.get("at") if self.is_bound else self.initial["at"]
        found = wall_clock.moments(at.replace(tzinfo=None), self.zone) if at else []
        if len(found) < 2:
            return None
        field = self["second"]
        field.label = f"The second {times.clock(found[1])}"
        field.help_text = (
            f"The clock is set back, and shows {times.clock(found[0])} twice: first as {found[0]:%Z}, then as "
            f"{found[1]:%Z}. Unless you tick this, it is the first."
        )
        return field

    @property
    def meets_flow(self) -> bool:
        """Say whether the call meets the flow: the number is in service, or is taken to be."""
        return self.service is None or bool(self.service.value())

    @property
    def service(self) -> forms.BoundField | None:
        """Return the field that takes a number to be in service, where it is not; else none."""
        return self["in_service"] if "in_service" in self.fields else None

    def trial(self) -> Trial:
        given = self.cleaned_data
        return Trial(given["caller"], given["at"], given["keys"], self.meets_flow)


def read_caller(text: str, region: str) -> str | None:
    """Return the number that was typed, an empty text for somebody new, None for who hides his. Raises Invalid."""
    text = text.strip()
    if text.lower() in WITHHELD:
        return None
    number = phones.normalise(text, region) if text else ""
    if number is None:
        raise Invalid(fields={"from": ["Write a number like +15551234567, or hidden."]})
    return number


def now_in(zone: ZoneInfo) -> Mapping[str, Any]:
    local = now().astimezone(zone)
    at = local.replace(second=0, microsecond=0, tzinfo=None)
    return {"at": at, "drawn": f"{at:{AS_SENT}}", "second": local.fold == 1}


def sent(initial: Mapping[str, Any]) -> dict[str, str]:
    """Return the time that a form begins with as a browser would send it."""
    return {"at": initial["drawn"], "drawn": initial["drawn"], "second": "on" if initial["second"] else ""}


def tried(business: Business, number: TrackingNumber, flow: Flow, form: TrialForm) -> Tried | None:
    """Return what the call of a form meets; before anything is typed, somebody new who calls now."""
    if not form.is_bound:
        return attempt(business, number, flow, Trial("", now(), in_service=form.meets_flow))
    return attempt(business, number, flow, form.trial()) if form.is_valid() else None


def attempt(business: Business, number: TrackingNumber, flow: Flow, trial: Trial) -> Tried:
    """Return what a call meets, in words and as the documents that its provider gets."""
    provider = PROVIDERS[number.account.provider]
    if not (number.is_active or trial.in_service):
        return what_if.out_of_service(provider.answers.document, keys=trial.keys)
    facts = _facts(business, number, flow, trial)
    return what_if.path(flow, facts, Links(provider.name), provider.answers.document, keys=trial.keys)


def week(business: Business, number: TrackingNumber, flow: Flow, *, in_service: bool = False) -> Week:
    """Return what calls meet in the seven days that begin today; `in_service` as in a trial."""
    facts = Facts(at=now(), hours=opening.of(business))
    if not (number.is_active or in_service):
        return what_if.week_out_of_service(facts)
    return what_if.week(flow, facts, Links(number.account.provider))


def _facts(business: Business, number: TrackingNumber, flow: Flow, trial: Trial) -> Facts:
    at, row = trial.at.astimezone(business.tz), opening.row_of(business)
    return Facts(
        at=at,
        hours=opening.hours_of(business, row),
        holiday=opening.holiday(row, at.date()),
        blocked=walk.turns_away(flow, spam=_is_spam(business, trial.caller), withheld=trial.caller is None),
        source=number.source.name,
    )


def _is_spam(business: Business, caller: str | None) -> bool:
    if not caller:
        return False
    known = intake.find(business.pk, caller)
    return known is not None and known.lead.status == Lead.Status.SPAM
