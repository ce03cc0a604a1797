"""The forms of the page of opening hours. Each carries the version it was drawn from, to learn of another's change."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Business
from callcrm.errors import Conflict, Refused
from callcrm.lib.forms import RefusableForm
from telephony.hours import opening, public_holidays
from telephony.hours.typed import HINT, LONGEST, shown, typed
from telephony.hours.week import LONGEST_NAME, NAMES, WEEKDAYS, Hours, Unreadable, Window, texts
from telephony.models import OpeningHours

OUT_OF_DATE = "This page is out of date: open it again."


class Openings(forms.CharField):
    """The openings of one day, as people type them; valid as windows."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST, error_messages={"required": HINT}, **options)

    def clean(self, value: Any) -> tuple[Window, ...]:
        try:
            return typed(super().clean(value))
        except Unreadable as wrong:
            raise ValidationError(wrong.sentence) from None


class VersionedForm(RefusableForm):
    """A form that changes hours which somebody else may change meanwhile."""

    version = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        self.business, self.row = business, opening.row_of(business)
        self.conflict = False
        kwargs["initial"] = {"version": _version(self.row)} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def clean_version(self) -> datetime | None:
        given = self.cleaned_data["version"]
        try:
            found = datetime.fromisoformat(given) if given else None
        except ValueError:
            raise ValidationError(OUT_OF_DATE) from None
        if found and found.tzinfo is None:
            raise ValidationError(OUT_OF_DATE)
        return found

    def take(self, refused: Refused) -> None:
        """After a conflict the form stands on what is there now, so that sending it again is meant."""
        super().take(refused)
        if isinstance(refused, Conflict):
            self.conflict, self.row = True, opening.row_of(self.business)
            self.put(version=_version(self.row))

    @property
    def document(self) -> Mapping[str, Any]:
        """Return what is there now."""
        return opening.document_of(self.row)


class WeekForm(VersionedForm):
    """The week: a text for each day."""

    def __init__(self, *args: Any, business: Business, hours: Hours, **kwargs: Any) -> None:
        words = {day: shown(windows) for day, windows in zip(WEEKDAYS, hours.week, strict=True)}
        self.saved = words
        super().__init__(*args, business=business, initial=words, **kwargs)
        for day, name in zip(WEEKDAYS, NAMES, strict=True):
            attrs = {"autocomplete": "off", "spellcheck": "false"}
            self.fields[day] = Openings(label=name, widget=forms.TextInput(attrs=attrs))

    @classmethod
    def same(cls, data: Mapping[str, str], *, business: Business, hours: Hours) -> "WeekForm":
        """Return the form with Monday's text until Friday, for a person to look at and save."""
        copied = {day: data.get("mon", "") for day in WEEKDAYS[:5]}
        form = cls({**data, **copied}, business=business, hours=hours)
        form.is_valid()
        return form

    def keep(self, *, by: Any) -> OpeningHours:
        """Change the week. Raises what `opening.change` raises."""
        week = {day: texts(self.cleaned_data[day]) for day in WEEKDAYS}
        return opening.change(self.business, week=week, drawn=self.cleaned_data["version"], by=by)

    def windows(self, day: str) -> tuple[Window, ...] | None:
        """Return what a row draws: what was typed; None where that cannot be read. Fresh, what is saved."""
        return self.cleaned_data.get(day) if self.is_bound else typed(self.saved[day])


class HolidayForm(VersionedForm):
    """A day with hours of its own."""

    day = forms.DateField(
        label="Date",
        help_text="One that is listed already is replaced.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    name = forms.CharField(max_length=LONGEST_NAME, help_text="Such as Company outing.")
    openings = Openings(label="Hours", initial=shown(()), help_text='"closed", or hours like "9 am to noon".')

    def keep(self, *, by: Any) -> OpeningHours:
        """Add the day, or put it in the place of the one there is. Raises what `opening.change` raises."""
        given = self.cleaned_data
        own = {"name": given["name"], "windows": texts(given["openings"])}
        holidays = {**self.document["holidays"], given["day"].isoformat(): own}
        return opening.change(self.business, holidays=holidays, drawn=given["version"], by=by)


class RemovalForm(VersionedForm):
    """A day that shall be like any other."""

    day = forms.DateField(input_formats=["%Y-%m-%d"])

    def keep(self, *, by: Any) -> OpeningHours:
        """Remove the day, if it is still there. Raises what `opening.change` raises."""
        gone = self.cleaned_data["day"].isoformat()
        holidays = {day: own for day, own in self.document["holidays"].items() if day != gone}
        return opening.change(self.business, holidays=holidays, drawn=self.cleaned_data["version"], by=by)


class CountryForm(VersionedForm):
    """The country whose public holidays are taken."""

    country = forms.ChoiceField(
        help_text="Nationwide holidays only. Days that are in the list already stay as they are."
    )

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, business=business, initial={"country": business.region}, **kwargs)
        self.fields["country"].choices = list(public_holidays.countries().items())  # type: ignore[attr-defined]  # a choice

    def new(self, first: date) -> dict[str, dict[str, Any]]:
        """Return the days that are not listed yet, closed."""
        found = public_holidays.ahead(self.cleaned_data["country"], first)
        days = {day.isoformat(): {"name": name[:LONGEST_NAME], "windows": []} for day, name in found.items()}
        return {day: own for day, own in days.items() if day not in self.document["holidays"]}

    def keep(self, days: Mapping[str, Any], *, by: Any) -> OpeningHours:
        """Add them. Raises what `opening.change` raises."""
        holidays = {**self.document["holidays"], **days}
        return opening.change(self.business, holidays=holidays, drawn=self.cleaned_data["version"], by=by)


def _version(row: OpeningHours | None) -> str:
    return row.updated_at.isoformat() if row else ""
