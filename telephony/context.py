"""What every page says of calls: how many people are owed one, and whether one's own telephone rings."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from telephony.callbacks import figures as callback_figures
from telephony.models import Call, Callback
from telephony.problems import reports


def owed(request: HttpRequest) -> Mapping[str, Any]:
    """Give templates `owed`, which asks the database only where it is looked at, and counts to 100 at most."""
    count = SimpleLazyObject(lambda: _count(request))
    words = SimpleLazyObject(lambda: f"{'person' if count == '1' else 'people'} to call back")
    return {"owed": count, "owed_of": words}


def problems_waiting(request: HttpRequest) -> Mapping[str, Any]:
    """Give templates `problems_waiting`, how many problems with calls nobody has looked at; likewise, to 9."""
    member = getattr(request, "member", None)
    return {"problems_waiting": SimpleLazyObject(lambda: reports.waiting(member) if member else "")}


def calling(request: HttpRequest) -> Mapping[str, Any]:
    """Give templates `calling`, the call that the member has asked for and that is on its way; likewise."""
    return {"calling": SimpleLazyObject(lambda: _on_its_way(request))}


def _on_its_way(request: HttpRequest) -> Call | None:
    member = getattr(request, "member", None)
    return Call.objects.rings_at(member).first() if member else None


def _count(request: HttpRequest) -> str:
    member = getattr(request, "member", None)
    return callback_figures.waiting(Callback.objects.visible_to(member)) if member else ""
