"""Telling what was done, with a way back: a toast whose button posts to what undoes it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.urls import reverse


def undoable(request: Any, text: str, name: str, pk: UUID, *, state: str = "") -> None:
    """Say it on the next page, with "Undo": a POST to the address `name` of this row, and to no later `state` of it."""
    address = reverse(name, args=[request.business.slug, pk])
    messages.success(request, text, extra_tags=address + (f"?state={state}" if state else ""))
