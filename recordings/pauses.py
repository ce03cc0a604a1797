"""A recording is paused while a caller says his card number: wish and commit, tell the provider, settle and commit.

The page never waits for the provider: the wish is a row, a job does it, the feed tells. One wish at a time: a second
click finds the first one's row. A provider sets a state and does not count, so telling it once more after a kill does
no harm, and for a pause it is the safe side. What it refuses stands in the row, is said on the page, and can be wished
for again.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import Business, Member
from audit.events import Event
from audit.recording import record
from callcrm.errors import Conflict
from callcrm.lib.http import FetchError
from callcrm.lib.tenancy import business_scope, release_connection, system_scope
from recordings import attempts, failures
from recordings.events import (
    RecordingPaused,
    RecordingPauseFailed,
    RecordingPauseWished,
    RecordingResumed,
    RecordingResumeWished,
)
from recordings.models import Recording, RecordingPause
from telephony import feed
from telephony.models import Call
from telephony.providers.base import Access, Client

State = RecordingPause.State
LEASE = timedelta(seconds=20)  # longer than a client may take
MOST_SWEPT = 100


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the provider is to be told, and the claim to tell it."""

    business_id: UUID
    pause_id: UUID
    number: int
    state: str
    client: Client
    access: Access
    call_id: str
    recording_id: str


@transaction.atomic
def pause(call: Call, *, by: Member) -> RecordingPause:
    """Let nothing more be recorded of a call. Raises Conflict where nothing is, or it is being resumed."""
    recording = _going_on(call)
    open_one = _open_one(recording)
    if open_one is None:
        made = RecordingPause.objects.create(business_id=call.business_id, recording=recording, wished_by=by)
        _wish(made, RecordingPauseWished(recording_id=recording.pk, call_id=call.pk), by=by)
        return made
    if open_one.state == State.RESUMING:
        raise Conflict("The recording is being resumed. Pause it again in a moment.")
    return open_one


@transaction.atomic
def resume(call: Call, *, by: Member) -> RecordingPause:
    """Let the call be recorded again. Raises Conflict where nothing is paused."""
    paused = _open_one(_going_on(call))
    if paused is None:
        raise Conflict("The recording is not paused.")
    if paused.state == State.PAUSING:
        raise Conflict("The recording is being paused. Resume it in a moment.")
    if paused.state == State.PAUSED:
        paused.state, paused.failure = State.RESUMING, ""
        paused.wished_at, paused.wished_by = now(), by
        paused.save()
        _wish(paused, RecordingResumeWished(recording_id=paused.recording_id, call_id=call.pk), by=by)
    return paused


def carry_out(business_id: UUID, pause_id: UUID) -> None:
    """Tell the provider what is wished, if that is still wished and nobody does it. Needs no scope."""
    try:
        wish = _claim(business_id, pause_id)
    except failures.NoAccount as failure:
        _settle_unasked(business_id, pause_id, failure)
        return
    if wish is None:
        return
    release_connection()
    try:
        tell = wish.client.pause_recording if wish.state == State.PAUSING else wish.client.resume_recording
        tell(wish.access, wish.call_id, wish.recording_id)
    except FetchError as failure:
        _settle(wish, failure.code)
    else:
        _settle(wish, "")


def sweep() -> None:
    """Ask again for wishes whose job was lost with its worker."""
    from recordings.tasks import tell_provider  # tasks import this module

    free = Q(claimed_until=None, wished_at__lt=now() - LEASE) | Q(claimed_until__lt=now())
    with system_scope("pauses of all businesses that wait", Business.objects.values_list("pk", flat=True)):
        late = RecordingPause.objects.filter(free, state__in=RecordingPause.WISHES)
        for business_id, pk in late.values_list("business_id", "pk")[:MOST_SWEPT]:
            tell_provider.defer(business_id=str(business_id), pause_id=str(pk))


def _going_on(call: Call) -> Recording:
    """Return what is being recorded, locked after its call."""
    locked = Call.objects.select_for_update().get(pk=call.pk)
    mine = Recording.objects.select_for_update().filter(call=locked, kind=Recording.Kind.CALL)
    recording = mine.order_by("-created_at", "-id").first()
    if recording is None or not (locked.is_live and recording.is_going_on):
        raise Conflict("Nothing of this call is being recorded at the moment.")
    return recording


def _open_one(recording: Recording) -> RecordingPause | None:
    mine = RecordingPause.objects.select_for_update().filter(recording=recording)
    return mine.filter(state__in=RecordingPause.OPEN).first()


def _wish(wished: RecordingPause, event: Event, *, by: Member) -> None:
    from recordings.tasks import tell_provider  # tasks import this module

    _tell(wished, event, by=by)
    tell_provider.defer(business_id=str(wished.business_id), pause_id=str(wished.pk))


def _tell(changed: RecordingPause, event: Event, *, by: Member | None) -> None:
    record(event, by=by, business_id=changed.business_id)
    feed.tell(changed.business_id, "recording.changed", changed.recording_id, changed.recording.state)


def _claim(business_id: UUID, pause_id: UUID) -> _Wish | None:
    with business_scope(business_id):
        free = Q(claimed_until=None) | Q(claimed_until__lt=now())
        wanted = RecordingPause.objects.filter(free, pk=pause_id, state__in=RecordingPause.WISHES)
        wished = wanted.select_for_update().first()
        if wished is None:
            return None
        recording = Recording.objects.select_related("call").get(pk=wished.recording_id)
        wished.attempts += 1
        wished.claimed_until = now() + LEASE
        wished.save(update_fields=["attempts", "claimed_until"])
        return _Wish(
            business_id=business_id,
            pause_id=pause_id,
            number=wished.attempts,
            state=wished.state,
            client=attempts.client_of(recording),
            access=attempts.account_of(recording),
            call_id=recording.call.provider_id,
            recording_id=recording.provider_id,
        )


def _settle(wish: _Wish, code: str) -> None:
    """Keep what the provider answered, unless somebody else has told it meanwhile."""
    with business_scope(wish.business_id):
        mine = RecordingPause.objects.filter(pk=wish.pause_id, attempts=wish.number, state=wish.state)
        wished = mine.select_for_update().first()
        if wished:
            _conclude(wished, code)


def _settle_unasked(business_id: UUID, pause_id: UUID, failure: Exception) -> None:
    with business_scope(business_id):
        mine = RecordingPause.objects.filter(pk=pause_id, state__in=RecordingPause.WISHES)
        wished = mine.select_for_update().first()
        if wished:
            _conclude(wished, failures.code_of(failure))


def _conclude(wished: RecordingPause, code: str) -> None:
    pausing = wished.state == State.PAUSING
    wished.failure, wished.claimed_until = code, None
    if code:
        wished.state = State.FAILED if pausing else State.PAUSED
    elif pausing:
        wished.state, wished.paused_at = State.PAUSED, now()
    else:
        wished.state, wished.resumed_at = State.RESUMED, now()
    wished.save()
    _tell(wished, _event(wished, pausing), by=wished.wished_by)


def _event(wished: RecordingPause, pausing: bool) -> Event:
    ids = {"recording_id": wished.recording_id, "call_id": wished.recording.call_id}
    if wished.failure:
        return RecordingPauseFailed(**ids, wish="pause" if pausing else "resume", why=wished.failure)
    return RecordingPaused(**ids) if pausing else RecordingResumed(**ids)
