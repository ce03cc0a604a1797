"""Recordings are deleted: at once for whoever wants to hear them, and soon everywhere.

The transaction that deletes one forgets its key, so nothing opens the file any more, wherever copies of it are, and
whoever fetches it at that moment is overtaken. The row stays for the figures, and says by which rule it was. What is
left in our storage and at the provider is removed by a job; what it cannot remove now it tries again, like a fetch.
Held recordings are not deleted by anything.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Greatest
from django.utils.timezone import now
from procrastinate.types import JSONDict

from accounts.models import Member
from audit.recording import record_all
from callcrm.errors import Conflict
from callcrm.lib import logs
from callcrm.lib.http import FetchError
from callcrm.lib.tenancy import business_scope, release_connection
from leads.models import Lead
from recordings import attempts, failures, storage
from recordings.attempts import Claim, Overtaken
from recordings.events import RecordingDeleted
from recordings.models import Recording, RecordingQuerySet
from telephony import feed
from telephony.models import Call

HELD = "This recording is under a legal hold. Lift the hold first."

# Called in the transaction of a deletion: whoever keeps what was said in these elsewhere forgets that too.
also: list[Callable[[RecordingQuerySet], None]] = []
_log = logs.get("callcrm.recordings")


def locked(pk: UUID) -> Recording | None:
    """Return the row, locked after its call, in the order in which deliveries and fetches lock them."""
    attempts.lock_call(pk)
    return Recording.objects.select_for_update().filter(pk=pk).first()


@transaction.atomic
def delete(recording: Recording, rule: Recording.Rule, *, by: Member) -> Recording:
    """Delete it now, however long it was to be kept. Once is enough. Raises Conflict for a held one."""
    mine = locked(recording.pk)
    if mine is None or mine.state == Recording.State.ABSENT:
        raise Conflict("Nothing was recorded, so there is nothing to delete.")
    if mine.is_held:
        raise Conflict(HELD)
    if mine.state == Recording.State.DELETED:
        return mine
    if rule == Recording.Rule.UNTOLD and mine.state != Recording.State.BLOCKED:
        raise Conflict("This recording was not made without notice.")
    end([mine], rule, by=by)
    mine.refresh_from_db()
    return mine


def delete_of_person(lead: Lead, by: Member) -> None:
    """Delete the recordings of a person who is about to be deleted. Raises Conflict while one is held."""
    calls = Call.objects.filter(lead=lead).order_by("pk").select_for_update()  # as a hold locks its call
    of_calls = Recording.objects.filter(call__in=list(calls.values_list("pk", flat=True)))
    left = list(of_calls.not_gone().order_by("pk").select_for_update())
    if any(recording.is_held for recording in left):
        raise Conflict("A recording of this person is under a legal hold. Lift the hold first.")
    end(left, Recording.Rule.PERSON, by=by)


def end(recordings: Sequence[Recording], rule: Recording.Rule, *, by: Member | None, days: int = 0) -> None:
    """Delete locked recordings of one business that may go: in as many statements as one. What was read of them before
    is not as they are then. `days`: how long the rule had let them be."""
    if not recordings:
        return
    business_id, at = recordings[0].business_id, now()
    of_these = Recording.objects.filter(pk__in=[recording.pk for recording in recordings])
    _forget_keys(of_these, rule, days, at)
    for forget in also:
        forget(of_these)
    told = (_deleted(recording, rule, days) for recording in recordings)
    record_all(told, by=by, business_id=business_id)
    states = dict.fromkeys((recording.pk for recording in recordings), Recording.State.DELETED.value)
    feed.tell_all(business_id, "recording.changed", states)
    _ask_for_removal(recordings, at)


def _forget_keys(of_these: RecordingQuerySet, rule: Recording.Rule, days: int, at: datetime) -> None:
    of_these.update(
        state=Recording.State.DELETED,
        deleted_at=at,
        deleted_by=rule,
        deleted_days=days or None,
        key=None,
        sha256="",
        failure="",
        attempts=F("attempts") + 1,  # whoever works on it is overtaken
        asked_since=at,
        next_attempt_at=Greatest("claimed_until", Value(at)),  # a NULL is not the greatest
        provider_copy=Case(
            When(provider_copy=Recording.Copy.GONE, then=Value(Recording.Copy.GONE)),
            default=Value(Recording.Copy.LEAVING),
        ),
    )


def _deleted(recording: Recording, rule: Recording.Rule, days: int) -> RecordingDeleted:
    named = {"recording_id": recording.pk, "call_id": recording.call_id}
    return RecordingDeleted(**named, rule=rule.value, days=days)


def _ask_for_removal(recordings: Sequence[Recording], at: datetime) -> None:
    """Let what is left of them be removed. A worker that was overtaken may be writing yet, until its lease is over:
    what it leaves is removed as well."""
    claims = [recording.claimed_until or at for recording in recordings]
    waiting = [recording for recording, until in zip(recordings, claims, strict=True) if until > at]
    _defer([recording for recording in recordings if recording not in waiting])
    _defer(waiting, wait=max(claims) - at)


def _defer(recordings: Sequence[Recording], *, wait: timedelta = timedelta()) -> None:
    from recordings.tasks import remove_deleted  # tasks import this module

    jobs: list[JSONDict] = [
        {"business_id": str(one.business_id), "recording_id": str(one.pk)} for one in recordings
    ]
    if jobs:
        remove_deleted.configure(schedule_in={"seconds": ceil(wait.total_seconds())}).batch_defer(*jobs)


def ask(recording: Recording, *, wait: timedelta) -> None:
    """Let what is left of it be removed, after a while."""
    recording.next_attempt_at = now() + wait
    recording.save(update_fields=["next_attempt_at"])
    _defer([recording], wait=wait)


def remove(business_id: UUID, recording_id: UUID) -> None:
    """Remove what is left of a deleted one, if that is due. Needs no scope. Safe twice."""
    with business_scope(business_id):
        due = Recording.objects.due().filter(pk=recording_id, state=Recording.State.DELETED)
        recording = due.select_for_update().first()
        claim = attempts.take(recording) if recording else None
    if claim:
        _settle(
            claim, [failure for step in (_remove_file, _remove_copy) for failure in _failures(step, claim)]
        )


def _failures(step: Callable[[Claim], None], claim: Claim) -> list[Exception]:
    """Neither place keeps its copy because the other one is out of reach."""
    try:
        step(claim)
    except Overtaken:
        return []
    except (*failures.EXPECTED, failures.NoAccount) as failure:
        return [failure]
    return []


def _remove_file(claim: Claim) -> None:
    with business_scope(claim.business_id):
        name = claim.row().stored_as
    if name:
        release_connection()
        storage.kept_in().delete(name)
        _note(claim, stored_as="")


def _remove_copy(claim: Claim) -> None:
    with business_scope(claim.business_id):
        recording = claim.row()
        if recording.provider_copy == Recording.Copy.GONE:
            return
        client, access = attempts.client_of(recording), attempts.account_of(recording)
    release_connection()
    if not client.delete_recording(access, recording.provider_id) and attempts.may_yet_come(recording):
        raise FetchError("status_404")
    _note(claim, provider_copy=Recording.Copy.GONE)


def _note(claim: Claim, **values: str) -> None:
    with business_scope(claim.business_id):
        recording = claim.row()
        for field, value in values.items():
            setattr(recording, field, value)
        recording.save(update_fields=list(values))


def _settle(claim: Claim, failed: list[Exception]) -> None:
    try:
        with business_scope(claim.business_id):
            recording = claim.row()
            before, recording.claimed_until, recording.next_attempt_at = recording.failure, None, None
            recording.failure = failures.code_of(failed[0]) if failed else ""
            recording.save()
            if failed:
                _log.warning("not all is removed", recording_id=str(recording.pk), reason=recording.failure)
                ask(recording, wait=attempts.wait(recording, failed[0]))
            if recording.failure != before:
                feed.tell(recording.business_id, "recording.changed", recording.pk, recording.state)
    except Overtaken:
        return
