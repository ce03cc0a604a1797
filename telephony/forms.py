"""The forms of calls and numbers. They read what a person typed; the rules stay in the verbs."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms

from accounts.models import Business, Member
from callcrm.errors import Conflict, Refused
from callcrm.lib.forms import RefusableForm
from leads.editing import source_named
from telephony import numbers
from telephony.models import Call, ProviderAccount, TrackingNumber

T = TypeVar("T")
SETTINGS = ("source", "label", "is_active")  # what can be changed of a number


class CallForm(RefusableForm):
    """What staff made of a call."""

    disposition = forms.CharField(
        max_length=40,
        required=False,
        label="Outcome",
        widget=forms.TextInput(attrs={"list": "known-dispositions", "autocomplete": "off"}),
    )
    tags = forms.CharField(
        max_length=20 * 42,  # tags as many and as long as a call may have
        required=False,
        help_text="Write words with commas between them.",
        widget=forms.TextInput(attrs={"list": "known-tags", "autocomplete": "off"}),
    )
    note = forms.CharField(max_length=5_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def values(self) -> dict[str, Any]:
        """Return what was given; an empty note leaves the one that is there, because it is never shown in a form."""
        given = self.cleaned_data
        values = {"disposition": given["disposition"] or None, "tags": given["tags"].split(",")}
        return values | ({"note": given["note"]} if given["note"].strip() else {})


class EditForm(CallForm):
    """The same of a call that is there. It remembers what it showed, and changes only what was changed in it."""

    disposition_was = forms.CharField(required=False, widget=forms.HiddenInput)
    tags_was = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, call: Call, **options: Any) -> None:
        tags = ", ".join(call.tags)
        shown = {"disposition": call.disposition, "tags": tags}
        shown |= {"disposition_was": call.disposition, "tags_was": tags}
        super().__init__(data, initial=shown, **options)
        self.call = call
        self.fields["note"].label = "Add to the note" if call.note else "Note"

    def values(self) -> dict[str, Any]:
        """Return what differs from what was shown. Tags that others have given meanwhile stay."""
        given, values = self.cleaned_data, super().values()
        if "note" in values:
            values["more_note"] = values.pop("note")
        if given["disposition"] == given["disposition_was"]:
            del values["disposition"]
        else:
            values["disposition_was"] = given["disposition_was"]
        was, now = _words(given["tags_was"]), _words(given["tags"])
        gone = set(was) - set(now)
        values["tags"] = [
            *(tag for tag in self.call.tags if tag not in gone),
            *(tag for tag in now if tag not in was),
        ]
        if was == now:
            del values["tags"]
        return values

    def take(self, refused: Refused) -> None:
        """Who was told what stands there by now has seen it: what he typed is there still, to be saved over it."""
        super().take(refused)
        if isinstance(refused, Conflict):
            self.put(disposition_was=self.call.disposition or "")


def _words(typed: str) -> list[str]:
    return [word.strip() for word in typed.split(",") if word.strip()]


class NumberForm(RefusableForm):
    """A tracking number. Of one that is there it remembers what it showed, and changes only what was changed in it."""

    e164 = forms.CharField(
        label="Number", max_length=24, help_text="As your provider writes it: +1 555 123 4567."
    )
    account = forms.ModelChoiceField(ProviderAccount.objects.none(), label="Provider account")
    source = forms.CharField(max_length=80, help_text="Where people see this number, such as Google Ads.")
    label = forms.CharField(max_length=80, required=False)
    forward_to = forms.CharField(
        max_length=200, required=False, label="Rings", help_text="Your telephones, with commas between."
    )
    notice = forms.CharField(
        max_length=300,
        required=False,
        initial=numbers.NOTICE,
        label="What the caller hears before being recorded",
        help_text="Leave it empty, and calls are not recorded.",
    )
    is_active = forms.BooleanField(required=False, initial=True, label="In service")

    def __init__(
        self, *args: Any, business: Business, number: TrackingNumber | None = None, **kwargs: Any
    ) -> None:
        self.business, self.number = business, number
        kwargs["initial"] = _initial(number)
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = ProviderAccount.objects.filter(business=business)  # type: ignore[attr-defined]  # a choice of rows
        for field in ("e164", "account", "forward_to", "notice") if number else ("is_active",):
            del self.fields[field]
        for name in SETTINGS if number else ():
            box = forms.BooleanField if name == "is_active" else forms.CharField
            self.fields[f"{name}_was"] = box(required=False, widget=forms.HiddenInput)

    def clean_e164(self) -> str:
        return _or_wrong(lambda: numbers.tracked(self.cleaned_data["e164"], self.business))

    def clean_forward_to(self) -> list[str]:
        typed = _split(self.cleaned_data["forward_to"])
        return _or_wrong(lambda: numbers.destinations(typed, self.business))

    def add(self, *, by: Member) -> TrackingNumber:
        """Add the number. Raises what `numbers.add` raises."""
        given = self.cleaned_data
        return numbers.add(
            self.business,
            given["e164"],
            account=given["account"],
            source=source_named(self.business.pk, given["source"]),
            forward_to=given["forward_to"],
            label=given["label"],
            notice=given["notice"],
            by=by,
        )

    def change(self, number: TrackingNumber, *, by: Member) -> TrackingNumber:
        """Change what was changed in the form. Raises what `numbers.change` raises."""
        values = self._touched
        drawn = {name: self.cleaned_data[f"{name}_was"] for name in values if f"{name}_was" in self.data}
        if "source" in values:
            values["source"] = source_named(self.business.pk, values["source"])
        return numbers.change(number, values, drawn=drawn, by=by)

    @property
    def _touched(self) -> dict[str, Any]:
        """Return what is other than it was shown."""
        given = self.cleaned_data
        return {name: given[name] for name in SETTINGS if given[name] != given[f"{name}_was"]}

    def take(self, refused: Refused) -> None:
        """After a conflict the form stands on what is there now, so that sending it again is meant."""
        mine = self._touched if self.number else {}
        super().take(refused)
        if self.number and isinstance(refused, Conflict):
            self.number.refresh_from_db()
            self.data = _initial(self.number) | mine


def _initial(number: TrackingNumber | None) -> dict[str, Any]:
    if number is None:
        return {}
    now_is = numbers.shown(number)
    return now_is | {f"{name}_was": value for name, value in now_is.items()}


def _or_wrong(read: Callable[[], T]) -> T:
    """Return what is read. What is refused stands at its field, beside all else that is wrong with the form."""
    try:
        return read()
    except Refused as refused:
        raise forms.ValidationError([text for texts in refused.fields.values() for text in texts]) from None


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
