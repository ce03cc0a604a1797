"""Changing and removing a note at a moment of a recording. With scripts the notes stand there as they are by then.

Without them the page of the call does. Adding one is in `pages.py`.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.errors import NotFound
from recordings.listening import notes
from recordings.listening.forms import NoteEditForm
from recordings.models import Recording, RecordingNote


@require_POST
@needs(Permission.PLAY)
def change(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep a note in other words, or at another moment."""
    note = _note(request, pk)
    notes.check_author(note, request.member)
    form = NoteEditForm(note, request.POST)
    is_live = "HX-Request" in request.headers
    if not (form.is_valid() and form.does(lambda: form.save(by=request.member))):
        page = "recordings/_note_edit.html" if is_live else "recordings/note.html"
        context = {"recording": note.recording, "note": note, "edited": form}
        return render(request, page, context, status=422)
    return _answer(request, note.recording, changed=pk) if is_live else _back(request, note, "Saved.")


@require_POST
@needs(Permission.PLAY)
def remove(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Remove a note, once the question was answered."""
    note = _note(request, pk)
    notes.remove(note, seen=request.POST.get("seen", ""), by=request.member)
    if "HX-Request" in request.headers:
        return _answer(request, note.recording, removed=True)
    return _back(request, note, "The note was removed.")


def _answer(request: MemberRequest, recording: Recording, **done: Any) -> HttpResponse:
    prefetch_related_objects([recording], "notes__author__user")
    return render(request, "recordings/_moments.html", {"recording": recording} | done)


def _back(request: MemberRequest, note: RecordingNote, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("call", request.business.slug, note.recording.call_id)


def _note(request: MemberRequest, pk: UUID) -> RecordingNote:
    """Return a note of a recording that the member may know of. Raises NotFound, for one that has gone as well."""
    visible = RecordingNote.objects.filter(recording__in=Recording.objects.visible_to(request.member))
    found = visible.select_related("recording__call__lead").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such note here. It may have been removed meanwhile.")
    return found
