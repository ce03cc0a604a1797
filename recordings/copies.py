"""The provider's copy is deleted, where the business wants that (`Business.delete_at_provider`).

Only after the file was read back from our storage, opened, and found to be what was fetched: from then on it is the
only one. What is blocked is never fetched, so nothing is read back of it: nobody may hear it, here or there.
"""

import hashlib
from datetime import timedelta
from math import ceil
from uuid import UUID

from django.utils.timezone import now

from audit.events import Event
from audit.recording import record
from callcrm.lib import logs
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.lib.http import FetchError
from callcrm.lib.tenancy import business_scope, release_connection
from recordings import attempts, failures, sealing
from recordings.attempts import Claim, Overtaken
from recordings.events import BlockedCopyDeleted, ProviderCopyDeleted
from recordings.models import Recording
from telephony import feed

LEFT_BY = (Recording.State.STORED, Recording.State.BLOCKED)

_log = logs.get("callcrm.recordings")


def ask(recording: Recording, *, wait: timedelta = timedelta()) -> None:
    """Let the provider's copy of a stored or blocked recording be deleted, now or after a while."""
    from recordings.tasks import delete_provider_copy  # tasks import this module

    recording.provider_copy = Recording.Copy.LEAVING
    recording.next_attempt_at, recording.asked_since = now() + wait, recording.asked_since or now()
    recording.save(update_fields=["provider_copy", "next_attempt_at", "asked_since"])
    job = {"business_id": str(recording.business_id), "recording_id": str(recording.pk)}
    delete_provider_copy.configure(schedule_in={"seconds": ceil(wait.total_seconds())}).defer(**job)


def delete(business_id: UUID, recording_id: UUID) -> None:
    """Delete it, if that is due. Needs no scope. Safe twice: what is gone at the provider counts as deleted."""
    claim = _claim(business_id, recording_id)
    if claim is None:
        return
    try:
        if not _is_blocked(claim):
            _verify(claim)
        _delete(claim)
    except Overtaken:
        return
    except (*failures.EXPECTED, failures.NoAccount) as failure:
        _settle_failed(claim, failure)


def _claim(business_id: UUID, recording_id: UUID) -> Claim | None:
    with business_scope(business_id):
        due = Recording.objects.due().filter(state__in=LEFT_BY, provider_copy=Recording.Copy.LEAVING)
        recording = due.select_for_update().filter(pk=recording_id).first()
        return attempts.take(recording) if recording else None


def _is_blocked(claim: Claim) -> bool:
    with business_scope(claim.business_id):
        return claim.row().state == Recording.State.BLOCKED


def _verify(claim: Claim) -> None:
    with business_scope(claim.business_id):
        recording = claim.row()
        stored, sha256 = sealing.open_stored(recording), recording.sha256
    release_connection()
    found = hashlib.sha256()
    for block in claim.renewed_over(stored.blocks()):
        found.update(block)
    if found.hexdigest() != sha256:
        raise DecryptError("what is stored is not what was fetched")


def _delete(claim: Claim) -> None:
    with business_scope(claim.business_id):
        recording = claim.row()
        client, access = attempts.client_of(recording), attempts.account_of(recording)
    release_connection()
    if not client.delete_recording(access, recording.provider_id) and attempts.may_yet_come(recording):
        raise FetchError("status_404")
    _settle(claim)


def _settle(claim: Claim) -> None:
    with business_scope(claim.business_id):
        recording = claim.row()
        recording.provider_copy, recording.failure = Recording.Copy.GONE, ""
        recording.next_attempt_at = recording.claimed_until = None
        recording.save()
        record(_happened(recording), by=None, business_id=recording.business_id)
        feed.tell(recording.business_id, "recording.changed", recording.pk, recording.state)


def _happened(recording: Recording) -> Event:
    if recording.state == Recording.State.BLOCKED:
        return BlockedCopyDeleted(recording_id=recording.pk, call_id=recording.call_id)
    return ProviderCopyDeleted(recording_id=recording.pk, call_id=recording.call_id)


def _settle_failed(claim: Claim, failure: Exception) -> None:
    """The recording stays what it is; the reason stands beside it, and in the log."""
    code = failures.ALTERED if isinstance(failure, DecryptError) else failures.code_of(failure)
    _log.warning("a provider's copy is not deleted", recording_id=str(claim.recording_id), reason=code)
    try:
        with business_scope(claim.business_id):
            recording = claim.row()
            wait = attempts.wait(recording, failure)
            recording.failure, recording.claimed_until = code, None
            recording.save()
            ask(recording, wait=wait)
    except Overtaken:
        return
