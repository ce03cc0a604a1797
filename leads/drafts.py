"""What a member is writing about a person and has not added yet, so that nothing typed is lost with a page.

A draft is its writer's alone, one for each person, sealed under the person's key and forgotten when the note is added
or after a day. It is no note: it stands in no history, in no answer of the API, and nobody else is told of it.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.timezone import now

from accounts.doors import Admitted
from accounts.models import Member
from callcrm.errors import Invalid
from callcrm.lib.crypto.envelope import DecryptError
from leads.editing import LONGEST_NOTE, held
from leads.models import DRAFT_KEPT, Lead, Note, NoteDraft

LATE: Final = timedelta(minutes=1)


@transaction.atomic
def keep(lead: Lead, text: str, *, by: Member) -> None:
    """Keep what a member has typed so far instead of what he had before; nothing where he has emptied it.

    Raises Invalid for what could not become a note, NotFound when the person was deleted or merged meanwhile.
    """
    if len(text) > LONGEST_NOTE or "\0" in text:
        raise Invalid(fields={"body": [f"Write up to {LONGEST_NOTE:,} characters."]})
    lead = held(lead)  # so of two tabs one comes after the other
    if not text.strip() or _was_added(lead, text, by):
        forget(lead, by=by)
        return
    draft = NoteDraft.objects.filter(lead=lead, member=by).select_related("lead").first()
    draft = draft or NoteDraft(business_id=lead.business_id, lead=lead, member=by)
    draft.body, draft.saved_at = text, now()
    draft.save()


def forget(lead: Lead, *, by: Member) -> None:
    """Forget what he was writing: it was added, or given up."""
    NoteDraft.objects.filter(lead=lead, member=by).delete()


def of(lead: Lead, member: Admitted) -> str:
    """Return what a member was writing about a person; nothing where it is long ago or cannot be opened."""
    mine = NoteDraft.objects.visible_to(member).fresh().filter(lead=lead)
    draft = mine.select_related("lead").first()
    try:
        return draft.body.reveal() if draft else ""
    except DecryptError:
        return ""


def trim(business_id: UUID) -> None:
    """Forget what nobody has come back to. Runs in the scope of the business."""
    NoteDraft.objects.filter(business_id=business_id, saved_at__lt=now() - DRAFT_KEPT).delete()


def _was_added(lead: Lead, text: str, by: Member) -> bool:
    """Say whether this is a note already: what was sent while typing may come after the note itself."""
    last = (
        Note.objects.filter(lead=lead, created_at__gt=now() - LATE)
        .select_related("lead")
        .order_by("-id")
        .first()
    )
    return bool(last and last.author_id == by.pk and _words(last.body.reveal()).startswith(_words(text)))


def _words(text: str) -> str:
    """A form sends other ends of lines than a script."""
    return " ".join(text.split())
