"""Changing and removing a note at a moment of a recording, and undoing that. With scripts the notes stand there then.

Without them the page of the call does. Adding one is in `pages.py`.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.doors import MemberRequest, needs
from accounts.permissions import Permission
from callcrm.errors import Conflict, NotFound
from callcrm.lib import toasts
from recordings.listening import notes, removed_notes
from recordings.listening.forms import NoteEditForm
from recordings.models import Recording, RecordingNote

REMOVED = "The note was removed."


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
    """Remove a note, once the question was answered; the toast puts it back."""
    note = _note(request, pk)
    removed_notes.keep(
        request.session, notes.remove(note, seen=request.POST.get("seen", ""), by=request.member)
    )
    undo = reverse("recording-note-restorations", args=[request.business.slug, pk])
    if "HX-Request" in request.headers:
        return _answer(request, note.recording, removed=REMOVED, undo=undo)
    toasts.undoable(request, REMOVED, "recording-note-restorations", pk)
    return redirect("call", request.business.slug, note.recording.call_id)


@require_POST
@needs(Permission.PLAY)
def put_back(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let a note be there again that was removed in this session a moment ago."""
    note = removed_notes.recall(request.session, request.business.pk, pk)
    visible = Recording.objects.visible_to(request.member).select_related("call__lead")
    recording = visible.filter(pk=note.recording_id).first() if note else None
    if note is None or recording is None:
        if RecordingNote.objects.filter(pk=pk, recording__in=visible).exists():
            raise Conflict(notes.BACK)
        raise NotFound("It is too late to put this note back.")
    note.recording = recording
    notes.put_back(note, by=request.member)
    removed_notes.forget(request.session, pk)
    if "HX-Request" in request.headers:
        return _answer(request, recording, returned=pk)
    return _back(request, note, "The note is back.")


def _answer(request: MemberRequest, recording: Recording, **done: Any) -> HttpResponse:
    prefetch_related_objects([recording], "notes__author__user")
    return render(request, "recordings/_notes_answer.html", {"recording": recording} | done)


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
