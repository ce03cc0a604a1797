"""The forms of leads. They read what a person typed; the rules stay in the verbs."""

from typing import Any

from django import forms

from accounts.models import Business, Member
from callcrm.lib.forms import RefusableForm
from leads import editing
from leads.models import Lead, Source


class LeadForm(RefusableForm):
    """A new lead, or corrections to one. Sealed fields start empty: what is there is never sent to a form."""

    name = forms.CharField(max_length=200, required=False)
    phones = forms.CharField(max_length=240, required=False, help_text="With commas between, if several.")
    email = forms.EmailField(max_length=254, required=False, label="E-mail")
    notes = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    source = forms.ModelChoiceField(Source.objects.none(), required=False, empty_label="Not known")
    value = forms.CharField(max_length=16, required=False, label="Expected value")
    tags = forms.CharField(max_length=400, required=False, help_text="Words with commas between.")

    def __init__(self, *args: Any, business: Business, lead: Lead | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = _initial(lead)
        super().__init__(*args, **kwargs)
        sources = Source.objects.filter(business=business, is_archived=False).order_by("name")
        self.fields["source"].queryset = sources  # type: ignore[attr-defined]  # a choice of rows
        self.lead = lead

    def values(self) -> dict[str, Any]:
        """Return what was given. Of a lead that exists, an empty sealed field leaves what is there."""
        given = self.cleaned_data
        values: dict[str, Any] = {
            "source": given["source"],
            "value": editing.money(given["value"]),
            "tags": [tag.strip()[:40] for tag in given["tags"].split(",") if tag.strip()][:20],
        }
        values |= {field: given[field] for field in editing.SEALED if given[field] or not self.lead}
        numbers = [number.strip() for number in given["phones"].split(",") if number.strip()]
        return values | ({"phones": numbers} if numbers or not self.lead else {})


class NoteForm(forms.Form):
    """What somebody writes about a person."""

    body = forms.CharField(max_length=5_000, label="Note", widget=forms.Textarea(attrs={"rows": 2}))


class StatusForm(forms.Form):
    """Where the person stands, and who looks after him."""

    status = forms.ChoiceField(choices=Lead.Status.choices)
    assigned_to = forms.ModelChoiceField(Member.objects.none(), required=False, empty_label="Nobody")

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Member.objects.active().filter(business=business).select_related("user")
        self.fields["assigned_to"].queryset = members  # type: ignore[attr-defined]  # a choice of rows


def _initial(lead: Lead | None) -> dict[str, Any]:
    if lead is None:
        return {}
    return {"source": lead.source_id, "value": lead.value, "tags": ", ".join(lead.tags)}
