"""A recording is fetched: claim and commit, fetch while it is checked, sealed and stored, settle and commit.

Nothing of it touches a disk unsealed. A worker may be killed anywhere: its claim runs out, the sweep asks again, and
the next attempt removes what the last one left. Two workers at once end as one. Whatever fails leaves its reason in
the row, and the next attempt is asked for in the same transaction.

A recording is fetched once the provider has said that it is complete, or when the call has been over for a while and
nothing was said: a delivery that was lost does not come again.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import Business
from audit.recording import record
from callcrm.lib import logs
from callcrm.lib.crypto import chunks
from callcrm.lib.tenancy import business_scope, release_connection, system_scope
from recordings import attempts, consent, failures, sealing, storage
from recordings.attempts import Claim, Overtaken
from recordings.audio import Meter
from recordings.events import RecordingBlocked, RecordingFailed, RecordingStored
from recordings.listening.waveform import Waveform
from recordings.models import Recording
from telephony import feed, ingest
from telephony.models import STALE_AFTER
from telephony.providers.base import Access, Client, RecordingKind, RecordingState, RecordingUpdate, Wanted

MOST_BYTES = 500 * 1024 * 1024
BYTES_PER_SECOND = (
    200_000  # more than two channels in studio quality: what is told to be short is not let to be long
)
FETCH_SECONDS = 300.0
QUEUE = "recordings"
MOST_SWEPT = 500
LATE = timedelta(seconds=20)  # by which a job that was asked for has come, if it comes
SOON = timedelta(seconds=30)  # in which one that found no place comes again
TOLD_WITHIN = timedelta(
    seconds=60
)  # of the end of its call a recording is said to be complete, if it ever is

_log = logs.get("callcrm.recordings")
_TO_FETCH = (Recording.State.PENDING, Recording.State.FAILED)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is fetched, from where, and the place and key that it is kept under."""

    claim: Claim
    client: Client
    access: Access
    wanted: Wanted
    key: bytes
    context: tuple[str, ...]
    left: str


def ask(recording: Recording, *, wait: timedelta = timedelta()) -> None:
    """Let it be fetched, now or after a while: the job belongs to the transaction that needs it."""
    from recordings.tasks import fetch_recording  # tasks import this module

    recording.next_attempt_at = now() + wait
    recording.save(update_fields=["next_attempt_at"])
    job = {"business_id": str(recording.business_id), "recording_id": str(recording.pk)}
    fetch_recording.configure(schedule_in={"seconds": ceil(wait.total_seconds())}).defer(**job)


def fetch(business_id: UUID, recording_id: UUID) -> None:
    """Fetch one recording, if it is due. Needs no scope; raises nothing that a provider or a storage can cause."""
    claim = _claim(business_id, recording_id)
    if claim is None:
        return
    try:
        _bring(claim)
    except Overtaken:
        _log.info("a recording was fetched by somebody else", recording_id=str(recording_id))
    except (*failures.EXPECTED, failures.NoAccount) as failure:
        _settle_failed(claim, failure)
    except Exception as failure:  # a fault of ours leaves its reason in the row like any other
        _log.exception("a recording could not be fetched", recording_id=str(recording_id))
        _settle_failed(claim, failure)


def sweep() -> None:
    """Ask again for what is due and has no job: jobs can be lost with their workers."""
    from recordings import copies, tasks

    _ask_untold()
    by_state: dict[str, Any] = {state.value: tasks.fetch_recording for state in _TO_FETCH}
    by_state |= {state.value: tasks.delete_provider_copy for state in copies.LEFT_BY}
    by_state[Recording.State.DELETED.value] = tasks.remove_deleted
    businesses = Business.objects.values_list("pk", flat=True)
    with system_scope("recordings of all businesses that are due", businesses):
        late = (
            Recording.objects.due()
            .filter(next_attempt_at__lte=now() - LATE)
            .exclude(pk__in=in_the_queue("recording_id"))
        )
        late = late.filter(state__in=by_state).order_by("next_attempt_at")
        for business_id, pk, state in late.values_list("business_id", "pk", "state")[:MOST_SWEPT]:
            by_state[state].defer(business_id=str(business_id), recording_id=str(pk))


def _ask_untold() -> None:
    """Let those be due whose call is over and of whose end nobody has told."""
    over = Q(call__ended_at__lt=now() - TOLD_WITHIN) | Q(created_at__lt=now() - STALE_AFTER)
    businesses = Business.objects.values_list("pk", flat=True)
    with system_scope("recordings of all businesses of whose end nobody has told", businesses):
        found = list(Recording.objects.untold().filter(over).values_list("pk", flat=True)[:MOST_SWEPT])
        due = now() - LATE
        Recording.objects.untold().filter(pk__in=found).update(asked_since=now(), next_attempt_at=due)


def in_the_queue(named: str) -> list[str]:
    """Return what jobs name that are about to be done: who cannot keep up is not given the same work again."""
    waiting = ProcrastinateJob.objects.filter(queue_name=QUEUE, status="todo")
    ready = waiting.filter(Q(scheduled_at=None) | Q(scheduled_at__lte=now() + SOON))
    return [found for found in ready.values_list(f"args__{named}", flat=True) if found]


def _claim(business_id: UUID, recording_id: UUID) -> Claim | None:
    with business_scope(business_id):
        attempts.lock_call(recording_id)  # one that is blocked is told to it (`states_sql.py`)
        due = Recording.objects.due().filter(state__in=_TO_FETCH).exclude(is_complete=False, asked_since=None)
        recording = due.select_for_update().filter(pk=recording_id).first()
        if recording is None:
            return None
        if not consent.may_keep(recording):
            block(recording)
            return None
        return attempts.take(recording)


def block(recording: Recording) -> None:
    """Do not fetch it: nobody was told of it. Where the provider shall keep no copy, it goes there unheard."""
    recording.state, recording.next_attempt_at = Recording.State.BLOCKED, None
    recording.failure, recording.asked_since = "", now()
    recording.save()
    record(
        RecordingBlocked(recording_id=recording.pk, call_id=recording.call_id),
        by=None,
        business_id=recording.business_id,
    )
    feed.tell(recording.business_id, "recording.changed", recording.pk, recording.state)
    let_copy_go(recording)


def let_copy_go(recording: Recording) -> None:
    """Where the business wants that, let the provider's copy be deleted; not the only one of what is held."""
    is_only_one = recording.state == Recording.State.BLOCKED
    if recording.business.delete_at_provider and not (is_only_one and recording.is_held):
        _ask_for_deletion(recording)


def _bring(claim: Claim) -> None:
    job = _job(claim)
    release_connection()
    place, meter, picture = storage.kept_in(), Meter(job.wanted.seconds), Waveform()
    if job.left:
        place.delete(job.left)
    name = _name_place(claim)
    with job.client.open_recording(
        job.access, job.wanted, max_bytes=_most_bytes(job.wanted), seconds=FETCH_SECONDS
    ) as sound:
        plain = claim.renewed_over(picture.through(meter.through(sound.blocks())))
        place.put(name, chunks.seal(plain, key=job.key, context=job.context))
    try:
        _settle_stored(claim, meter, picture, job.key)
    except Overtaken:
        place.delete(name)
        raise


def _job(claim: Claim) -> _Job:
    with business_scope(claim.business_id):
        recording = claim.row()
        return _Job(
            claim=claim,
            client=attempts.client_of(recording),
            access=attempts.account_of(recording),
            wanted=attempts.wanted(recording),
            key=sealing.new_key(),
            context=recording.sound_context,
            left=recording.stored_as,
        )


def _name_place(claim: Claim) -> str:
    """Say where it will be before anything is there: what is left after a kill can then be found."""
    with business_scope(claim.business_id):
        recording = claim.row()
        recording.stored_as = storage.new_name()
        recording.save(update_fields=["stored_as"])
    release_connection()
    return recording.stored_as


def _most_bytes(wanted: Wanted) -> int:
    if wanted.seconds is None:
        return MOST_BYTES
    return min(MOST_BYTES, 1024 * 1024 + wanted.seconds * BYTES_PER_SECOND)


def _settle_stored(claim: Claim, meter: Meter, picture: Waveform, key: bytes) -> None:
    with business_scope(claim.business_id):
        recording = claim.row()
        recording.state, recording.failure = Recording.State.STORED, ""
        recording.next_attempt_at = recording.claimed_until = None
        recording.key = sealing.wrapped(recording, key)
        recording.size, recording.sha256, recording.peaks = meter.size, meter.sha256, picture.points()
        if meter.audio:
            recording.audio_seconds, recording.channels = meter.audio.seconds, meter.audio.channels
            recording.content_type = meter.audio.content_type
        recording.save()
        stored = RecordingStored(recording_id=recording.pk, call_id=recording.call_id)
        record(stored, by=None, business_id=recording.business_id)
        feed.tell(recording.business_id, "recording.changed", recording.pk, recording.state)
        if not recording.is_complete:
            _take_as_told(recording)
        let_copy_go(recording)


def _take_as_told(recording: Recording) -> None:
    """What is here is complete: let the call know of it as if that had been delivered."""
    complete = RecordingUpdate(
        provider_id=recording.provider_id,
        account_id=recording.provider_account,
        call_provider_id=recording.call.provider_id,
        state=RecordingState.COMPLETED,
        kind=RecordingKind(recording.kind),
        source="",
        duration=round(recording.audio_seconds or 0),
    )
    ingest.apply([complete], ingest.Origin(recording.business_id, recording.call.provider, now()))


def _ask_for_deletion(recording: Recording) -> None:
    from recordings.copies import (
        ask as ask_for_deletion,
    )  # it works by attempts too, and this module begins it

    ask_for_deletion(recording)


def _settle_failed(claim: Claim, failure: Exception) -> None:
    """Keep the reason and ask for the next attempt. Of an attempt that was overtaken nothing is kept."""
    code = failures.code_of(failure)
    try:
        with business_scope(claim.business_id):
            recording = claim.row()
            wait = attempts.wait(recording, failure)
            changed = recording.failure != code
            recording.failure, recording.claimed_until = code, None
            recording.state = _state_after(recording, code)
            recording.save()
            ask(recording, wait=wait)
            if changed:
                _tell_failure(recording, code)
    except Overtaken:
        return


def _state_after(recording: Recording, code: str) -> Recording.State:
    """What the provider gets over by itself is pending, for a day; then somebody should look."""
    since = recording.asked_since or now()
    patient = failures.passes(code) and now() - since <= attempts.EAGER
    return Recording.State.PENDING if patient else Recording.State.FAILED


def _tell_failure(recording: Recording, code: str) -> None:
    failed = RecordingFailed(recording_id=recording.pk, call_id=recording.call_id, why=code)
    record(failed, by=None, business_id=recording.business_id)
    feed.tell(recording.business_id, "recording.changed", recording.pk, recording.state)
