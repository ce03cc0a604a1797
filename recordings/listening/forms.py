"""The forms of a note at a moment of a recording: they read what was typed; the rules stay in `notes.py`."""

import re
from typing import Any

from django import forms

from accounts.models import Member
from callcrm.errors import Invalid
from callcrm.lib import times
from callcrm.lib.forms import RefusableForm
from recordings.listening import notes
from recordings.models import Recording, RecordingNote

_MOMENT = re.compile(r"(?:(?:([0-9]{1,2}):)?([0-9]{1,3}):(?=[0-5][0-9]$))?([0-9]{1,5})")
UNREADABLE = "Write a moment like 1:23."


class NoteForm(RefusableForm):
    """When, as people write it (83, 1:23 or 1:02:03), and what. What was refused stands as it was typed."""

    at = forms.CharField(error_messages={"required": UNREADABLE})
    body = forms.CharField(required=False)

    def __init__(self, recording: Recording, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.recording = recording

    def clean_at(self) -> int:
        match = _MOMENT.fullmatch(self.cleaned_data["at"])
        if match is None:
            raise forms.ValidationError(UNREADABLE)
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return hours * 3600 + minutes * 60 + seconds

    def clean(self) -> dict[str, Any]:
        """Ask the rules before the verb does: what they refuse stands at its field, and what is gone is a conflict."""
        try:
            notes.check(self.recording, self.cleaned_data.get("at", 0), self.cleaned_data.get("body", ""))
        except Invalid as refused:
            self.take(refused)
        return self.cleaned_data


class NoteEditForm(NoteForm):
    """The same of a note that is there. Of one that is shown in part nothing is sent along: no words leave it."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, note: RecordingNote, *args: Any, **kwargs: Any) -> None:
        shown = "" if note.is_cut else note.shown_body
        at = times.duration(note.at_seconds)
        super().__init__(
            note.recording, *args, initial={"at": at, "body": shown, "seen": note.version}, **kwargs
        )
        self.note = note

    def clean_body(self) -> str:
        """Return what differs from what was shown."""
        body: str = self.cleaned_data["body"].replace("\r\n", "\n").strip()
        if not body and not self.note.is_cut:
            raise forms.ValidationError(notes.UNSAID)
        return "" if body == self.initial["body"] else body

    def clean(self) -> dict[str, Any]:
        """Ask the rules what they say of the words that will stand there."""
        body = self.cleaned_data.get("body", "") or "as it is"
        try:
            notes.check(self.recording, self.cleaned_data.get("at", 0), body)
        except Invalid as refused:
            self.take(refused)
        return self.cleaned_data

    def save(self, *, by: Member) -> None:
        """Keep it. Raises what `notes.change` raises."""
        given = self.cleaned_data
        notes.change(self.note, given["at"], given["body"], seen=given["seen"], by=by)
