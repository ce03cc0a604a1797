"""Who waits at the desk: whom we owe a call back, with the first words of what he said, and messages of nobody.

A text or a voicemail that nobody answered is a debt already, so its person stands in that list once, not again in one
of texts (docs/decisions/0023-one-list-at-the-desk.md). Whoever withheld his number is owed nothing, because nobody can
call him back: his message stands here until somebody has listened to it or taken it away as a file.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Prefetch
from django.utils.timezone import now

from accounts.doors import Admitted
from audit.models import Entry
from callcrm.lib.ui import drawn
from recordings.events import RecordingDownloaded, RecordingPlayed
from recordings.models import Recording
from telephony.callbacks import attempts
from telephony.models import Call, Callback, CallbackMiss, Message, MissKind, Outcome

OWED_SHOWN = 25  # the others are on the page of callbacks
UNHEARD_SHOWN = 10
UNHEARD_FOR = timedelta(days=7)  # then it is an old message, and in the list of calls
LONGEST = 80
HEARD = (RecordingPlayed.name, RecordingDownloaded.name)


@dataclass(frozen=True, slots=True)
class Owed:
    """One debt, its last try, and the first words of that."""

    callback: Callback
    last: CallbackMiss | None
    words: str


@dataclass(frozen=True, slots=True)
class Unheard:
    """A message of somebody without a number that nobody has listened to."""

    call: Call
    words: str


def owed(member: Admitted) -> list[Owed]:
    """Return who is owed a call back, by when it is due: so what is overdue comes first, the longest overdue on top."""
    mine = Callback.objects.visible_to(member).open().select_related("lead", "assigned_to__user")
    found = list(mine.prefetch_related("lead__phones__lead").order_by("due_at", "id")[:OWED_SHOWN])
    attempts.show(found)
    last = _last_tries(member, found)
    return [Owed(callback, last.get(callback.pk), _said_by(last.get(callback.pk))) for callback in found]


def unheard(member: Admitted) -> list[Unheard]:
    """Return the messages of a week that nobody has heard and nobody is owed a call for, the oldest first."""
    since = now() - UNHEARD_FOR
    left = Call.objects.visible_to(member).filter(outcome=Outcome.VOICEMAIL, started_at__gte=since)
    known = Entry.objects.filter(business_id=member.business_id, subject_id=OuterRef("pk"), name__in=HEARD)
    unheard = _messages(member).filter(~Exists(known))
    found = left.filter(Exists(unheard.filter(call_id=OuterRef("pk"))), lead=None, own_from="")
    brought = found.prefetch_related("source", Prefetch("recordings", unheard))
    rows = brought.order_by("started_at", "id")[:UNHEARD_SHOWN]
    return [Unheard(call, _words_of(call)) for call in rows]


def oldest(rows: list[Unheard]) -> timedelta | None:
    """Return how long the oldest has waited."""
    first: datetime | None = rows[0].call.started_at if rows else None
    return now() - first if first else None


def _last_tries(member: Admitted, debts: list[Callback]) -> dict[UUID, CallbackMiss]:
    """Return the last try of each debt, with its call or text where the member may know of that.

    Somebody may have tried fifty times, and left a message each time: one of them is shown.
    """
    calls = Call.objects.visible_to(member).select_related("lead", "source")
    texts = Message.objects.visible_to(member).select_related("lead", "number__source")
    tries = CallbackMiss.objects.filter(business_id=member.business_id, callback__in=debts)
    last = tries.order_by("callback_id", "-at", "id").distinct("callback_id")
    brought = last.prefetch_related(
        Prefetch("call", calls.prefetch_related(Prefetch("recordings", _messages(member)))),
        Prefetch("message", texts),
    )
    return {one.callback_id: one for one in brought}


def _said_by(last: CallbackMiss | None) -> str:
    if last is None:
        return ""
    if last.kind == MissKind.TEXT and last.message:
        return _first(last.message.shown_body)
    return _words_of(last.call) if last.kind == MissKind.VOICEMAIL and last.call else ""


def _messages(member: Admitted) -> models.QuerySet[Recording]:
    """Return messages that can be listened to, without their pictures."""
    of = Recording.objects.filter(business_id=member.business_id, kind=Recording.Kind.VOICEMAIL)
    return of.filter(state=Recording.State.STORED).defer("peaks")


def _words_of(call: Call) -> str:
    """Return how the last message of a call begins, from what was brought."""
    messages = list(call.recordings.all())
    return _first(messages[-1].shown_transcript) if messages else ""


def _first(text: str | None) -> str:
    """Return the first line of a text, as long as a row has room for it."""
    line = drawn(next(iter((text or "").strip().splitlines()), "").strip())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"
