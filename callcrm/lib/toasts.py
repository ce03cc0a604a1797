"""Telling what was done, with a way back: a toast whose button posts to what undoes it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.urls import reverse


def undoable(request: Any, text: str, name: str, pk: UUID) -> None:
    """Say it on the next page, with "Undo": a POST to the address `name` of this row."""
    messages.success(request, text, extra_tags=reverse(name, args=[request.business.slug, pk]))
