"""The forms of leads. They read what a person typed; the rules stay in the verbs."""

from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import Business, Member
from callcrm.errors import Conflict, Refused
from callcrm.lib.forms import RefusableForm
from leads import editing
from leads.models import Lead, LeadPhone, Source


class _PersonForm(RefusableForm):
    """What can be said of a person. Sealed fields start empty: what is there is never sent to a form."""

    name = forms.CharField(max_length=200, required=False)
    email = forms.EmailField(max_length=254, required=False, label="E-mail")
    notes = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    source = forms.ModelChoiceField(Source.objects.none(), required=False, empty_label="Not known")
    value = forms.CharField(max_length=16, required=False, label="Expected value")
    tags = forms.CharField(max_length=400, required=False, help_text="Words with commas between.")
    phone_field = "phones"

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = Source.objects.filter(business=business, is_archived=False).order_by("name")
        self.fields["source"].queryset = sources  # type: ignore[attr-defined]  # a choice of rows
        self.refused_numbers: list[str] = []

    def take(self, refused: Refused) -> None:
        """Keep the numbers when one is somebody else's, so that the page can lead to him."""
        if isinstance(refused, Conflict):
            self.refused_numbers = self.numbers
        texts = {
            self.phone_field if name == "phones" else name: said for name, said in refused.fields.items()
        }
        super().take(type(refused)(refused.message, fields=texts))

    @property
    def numbers(self) -> list[str]:
        """Return the numbers that were typed."""
        raise NotImplementedError  # each form has its own fields for them

    def clean_value(self) -> Decimal | None:
        try:
            return editing.money(self.cleaned_data["value"])
        except Refused as refused:
            raise forms.ValidationError(refused.fields["value"]) from None

    def _plain(self) -> dict[str, Any]:
        given = self.cleaned_data
        tags = [" ".join(tag.split())[:40] for tag in given["tags"].split(",") if tag.strip()][:20]
        return {"source": given["source"], "value": given["value"], "tags": tags}


class NewLeadForm(_PersonForm):
    """A new lead."""

    phones = forms.CharField(max_length=240, required=False, help_text="With commas between, if several.")
    field_order = ("name", "phones")

    @property
    def numbers(self) -> list[str]:
        return [number.strip() for number in self.cleaned_data["phones"].split(",") if number.strip()]

    def values(self) -> dict[str, Any]:
        """Return what was given, as `editing.create` takes it."""
        sealed = {field: self.cleaned_data[field] for field in editing.SEALED}
        return self._plain() | sealed | {"phones": self.numbers}


class LeadForm(_PersonForm):
    """Corrections to a lead: an empty field leaves what is there, a box beside it takes it away."""

    clear_name = forms.BooleanField(required=False, label="Remove the name")
    clear_email = forms.BooleanField(required=False, label="Remove the e-mail")
    clear_notes = forms.BooleanField(required=False, label="Remove the notes")
    add_number = forms.CharField(max_length=32, required=False, label="Add a number")
    add_kind = forms.ChoiceField(
        choices=LeadPhone.Kind.choices, required=False, label="Kind of the new number"
    )
    phone_field = "add_number"

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any) -> None:
        tags = ", ".join(lead.tags)
        kwargs["initial"] = {"source": lead.source_id, "value": lead.value, "tags": tags}
        kwargs["initial"]["add_kind"] = LeadPhone.Kind.MOBILE
        super().__init__(*args, **kwargs)
        self.lead = lead
        self.phones = list(lead.phones.all())
        for field in editing.SEALED:
            self._say_what_is_there(field)
        for phone in self.phones:
            self._offer(phone)

    def _say_what_is_there(self, field: str) -> None:
        sealed = getattr(self.lead, field)
        if sealed is None:
            del self.fields[f"clear_{field}"]
            return
        shown = "something is written" if field == "notes" else sealed.masked
        self.fields[field].help_text = f"Now: {shown}; an empty field leaves it."

    def _offer(self, phone: LeadPhone) -> None:
        self.fields[f"kind_{phone.pk}"] = forms.ChoiceField(
            choices=LeadPhone.Kind.choices,
            initial=phone.kind,
            required=False,
            label=f"Kind of {phone.number.masked}",
            widget=forms.Select(attrs={"class": "input"}),
        )
        self.fields[f"remove_{phone.pk}"] = forms.BooleanField(required=False, label="Remove")

    @property
    def phone_rows(self) -> list[tuple[LeadPhone, forms.BoundField, forms.BoundField]]:
        """Return each phone with its two controls."""
        return [(phone, self[f"kind_{phone.pk}"], self[f"remove_{phone.pk}"]) for phone in self.phones]

    @property
    def sealed_rows(self) -> list[tuple[forms.BoundField, forms.BoundField | None]]:
        """Return each sealed field with the box that takes away what is there, if something is."""
        boxes = {field: f"clear_{field}" for field in editing.SEALED}
        return [(self[field], self[box] if box in self.fields else None) for field, box in boxes.items()]

    @property
    def numbers(self) -> list[str]:
        return [number] if (number := self.cleaned_data["add_number"].strip()) else []

    def clean(self) -> dict[str, Any] | None:
        for field in editing.SEALED:
            if self.cleaned_data.get(field) and self.cleaned_data.get(f"clear_{field}"):
                self.add_error(field, "Write something new or remove it, not both.")
        return super().clean()

    def save(self, *, by: Member) -> None:
        """Do what was asked, all of it or nothing."""
        given = self.cleaned_data
        values = {field: given[field] for field in editing.SEALED if given[field]}
        values |= {field: None for field in editing.SEALED if given.get(f"clear_{field}")}
        editing.update(self.lead, self._plain() | values, by=by)
        editing.change_phones(
            self.lead,
            add=[(number, given["add_kind"] or LeadPhone.Kind.OTHER) for number in self.numbers],
            remove=[phone.pk for phone in self.phones if given[f"remove_{phone.pk}"]],
            kinds={phone.pk: kind for phone in self.phones if (kind := given[f"kind_{phone.pk}"])},
            by=by,
        )


class NoteForm(forms.Form):
    """What somebody writes about a person."""

    body = forms.CharField(max_length=5_000, label="Note", widget=forms.Textarea(attrs={"rows": 2}))


class StatusForm(forms.Form):
    """Where the person stands, and who looks after him. It remembers what it showed, and changes only what was changed.

    It stands open for hours at the desk: what a colleague has changed meanwhile is not put back.
    """

    status = forms.ChoiceField(choices=Lead.Status.choices)
    # Beside it the desk says who calls back, which may be another.
    assigned_to = forms.ModelChoiceField(
        Member.objects.none(), required=False, empty_label="Nobody", label="Lead assigned to"
    )
    status_was = forms.CharField(required=False, widget=forms.HiddenInput)
    assigned_to_was = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, business: Business, lead: Lead | None = None, **kwargs: Any) -> None:
        shown = {"status": lead.status, "assigned_to": lead.assigned_to_id} if lead else {}
        kwargs["initial"] = shown | {f"{name}_was": value for name, value in shown.items()}
        super().__init__(*args, **kwargs)
        members = Member.objects.active().filter(business=business).select_related("user")
        self.fields["assigned_to"].queryset = members  # type: ignore[attr-defined]  # a choice of rows

    def values(self) -> dict[str, Any]:
        """Return what differs from what was shown."""
        given = self.cleaned_data
        assigned = str(given["assigned_to"].pk) if given["assigned_to"] else ""
        changed = {"status": given["status"] != given["status_was"]}
        changed["assigned_to"] = assigned != given["assigned_to_was"]
        return {name: given[name] for name, is_new in changed.items() if is_new}
