"""Listening to a recording: a link for one session of one member, and one entry in the history.

A link is first used within a minute, and then serves that session for as long as the recording plays and ten minutes
more. Every request for a part asks the right again; together they are one playback.
"""

from datetime import timedelta

from django.db import transaction
from django.utils.timezone import now

from accounts import limits
from accounts.doors import check
from accounts.models import Member
from accounts.permissions import Permission
from audit.recording import record
from callcrm.errors import Conflict, Invalid
from recordings import consent
from recordings.events import RecordingDownloaded, RecordingPlayed
from recordings.models import AFTER, FIRST_USE, Playback, PlayReason, Recording

KEPT = timedelta(days=1)
ASKED_ONCE_IN = timedelta(minutes=10)


def lacks_reason(reason: str, *, by: Member) -> bool:
    """Say whether the business asks for a reason, and this is none. A download is asked for one each time."""
    return by.business.asks_why_played and reason not in PlayReason.values


def wants_reason(recording: Recording, *, session: str, by: Member, reason: str) -> bool:
    """Say whether the business asks why he listens and this is no reason; within a while it is asked once."""
    if not lacks_reason(reason, by=by):
        return False
    mine = Playback.objects.filter(recording=recording, member=by, session=session)
    lately = mine.filter(was_explained=True, created_at__gt=now() - ASKED_ONCE_IN)
    return bool(reason) or not lately.exists()


@transaction.atomic
def start(recording: Recording, *, session: str, by: Member, reason: str = "") -> Playback:
    """Let a member listen, and write it down.

    Raises Denied without the right, TooMany when his budget is used up, Conflict for what cannot be played,
    Invalid naming the reason where the business asks for one that was not given.
    """
    check(by, Permission.PLAY, writes=True)
    must_be_here(recording)
    if wants_reason(recording, session=session, by=by, reason=reason):
        raise _no_reason()
    limits.hit(limits.PLAYS, str(by.pk))
    why = _kept(reason, by)
    playback = Playback.objects.create(
        business_id=recording.business_id,
        recording=recording,
        member=by,
        session=session,
        ends_at=now() + FIRST_USE,
        was_explained=bool(why),
    )
    event = RecordingPlayed(recording_id=recording.pk, call_id=recording.call_id, reason=why)
    record(event, by=by, business_id=recording.business_id)
    return playback


def going_on(recording: Recording, *, session: str, by: Member, reason: str = "") -> Playback:
    """Return the playback that a program's session has open, begun if there is none: no page begins one for it."""
    mine = Playback.objects.open().filter(recording=recording, member=by, session=session)
    return mine.order_by("-created_at").first() or start(recording, session=session, by=by, reason=reason)


def use(playback: Playback) -> None:
    """The first use of a link makes it last."""
    must_be_here(playback.recording)
    if playback.used_at is None:
        playback.used_at = now()
        playback.ends_at = playback.used_at + playback.recording.length + AFTER
        playback.save(update_fields=["used_at", "ends_at"])


@transaction.atomic
def download(recording: Recording, *, by: Member, reason: str = "") -> None:
    """Write down that a member takes the audio away. Raises like `start`."""
    check(by, Permission.DOWNLOAD, writes=True)
    must_be_here(recording)
    if lacks_reason(reason, by=by):
        raise _no_reason()
    limits.hit(limits.PLAYS, str(by.pk))
    why = _kept(reason, by)
    event = RecordingDownloaded(recording_id=recording.pk, call_id=recording.call_id, reason=why)
    record(event, by=by, business_id=recording.business_id)


def forget() -> None:
    """Links that open nothing any more need not be kept: that somebody listened stands in the history."""
    Playback.objects.filter(ends_at__lt=now() - KEPT).delete()


def _no_reason() -> Invalid:
    return Invalid(fields={"reason": [f"Give a reason: {', '.join(PlayReason.values)}."]})


def _kept(reason: str, by: Member) -> str:
    """What nobody asked for is not written down."""
    return reason if by.business.asks_why_played else ""


def must_be_here(recording: Recording) -> None:
    if recording.state != Recording.State.STORED:
        raise Conflict("This recording is not here to be played.")
    if not consent.may_keep(recording):
        raise Conflict("This recording is not played: the caller was not told that the call is recorded.")
