"""`/ui/`: every component with invented examples, to look at while changing them.

It asks the database nothing and belongs to no business, so anybody may open it; only development has
its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.doors import open_door
from callcrm.lib.marks import MARKS
from callcrm.lib.ui_lists import Filter, Range


class ExampleForm(forms.Form):
    label = forms.CharField(help_text="What you call it, such as Van 3.")
    email = forms.EmailField(label="Work e-mail")
    source = forms.ChoiceField(choices=[("ads", "Google Ads"), ("yelp", "Yelp")])
    note = forms.CharField(label="Announcement", widget=forms.Textarea(attrs={"rows": 2}), required=False)
    active = forms.BooleanField(label="Takes calls", required=False)
    role = forms.ChoiceField(choices=[("user", "User"), ("admin", "Admin")], widget=forms.RadioSelect)


def examples(query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows; sending its form shows the errors."""
    return {
        "codes": list(MARKS),
        "words": ["leak", "estimate booked", "storm", "insurance", "gutter", "first-time"],
        "names": ["Maya Ortiz", "Ben Whitlock", "Priya Nair", "Tom Okafor", "Joanna Reyes"],
        "filters": [
            Filter("source", "Source", [("ads", "Google Ads"), ("yelp", "Yelp")]),
            Filter("days", "Date", [("1", "Today"), ("7", "Last 7 days")], icon="calendar", range=Range()),
        ],
        "dates": Range("2026-11-09", "2026-11-03", problems={"to": "Choose Nov 9, 2026 or a later day."}),
        "form": ExampleForm(query if "label" in query else None),
        "now": timezone.now(),
        "revealed": SimpleNamespace(fields={"phones": ["+1 503-555-0199"]}),
        "changes": [SimpleNamespace(what="recorded calls", before="90 days", after="30 days")],
        "page": SimpleNamespace(newer="", older="example"),
    }


@open_door("shows components with invented examples; no business, no database")
def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "ui.html", examples(request.GET))
