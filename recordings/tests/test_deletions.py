"""A deleted recording opens nowhere at once, and is gone everywhere soon, whoever works on it meanwhile."""

from datetime import timedelta
from threading import Event, Thread
from uuid import UUID

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import businesses
from audit.models import Entry
from callcrm.errors import Conflict
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.testing import add_call, add_lead
from leads import editing
from recordings import copies, fetching, sealing, storage
from recordings.listening import notes
from recordings.models import Recording, RecordingNote
from recordings.retention import deletions, holds
from recordings.tests.waiting import AUDIO, again, attempt, jobs, now_due, opened, told
from telephony.models import FeedFrame
from tests import carrier as provider
from tests.carrier import wait_for

pytestmark = pytest.mark.django_db
CARD, REQUEST = Recording.Rule.CARD_DATA, Recording.Rule.REQUEST


@pytest.fixture
def kept(world, twilio, folder):
    twilio.will(provider.audio(AUDIO))
    recording = attempt(world, told(world))
    twilio.asked.clear()
    twilio.will(provider.status(204))
    return recording


def delete(world, recording, rule=CARD):
    with world.inside():
        return deletions.delete(recording, rule, by=world.owner)


def removed(world, recording):
    now_due(world, recording)
    deletions.remove(recording.business_id, recording.pk)
    return again(world, recording)


def pks(recordings):
    return {recording.pk for recording in recordings}


def files(folder):
    return [file for file in folder.rglob("*") if file.is_file()] if folder.exists() else []


def deletions_at(twilio):
    return [asked.path for asked in twilio.asked if asked.method == "DELETE"]


@pytest.mark.parametrize("rule", [CARD, REQUEST])
def test_it_opens_no_more_and_says_by_which_rule(world, kept, rule):
    delete(world, kept, rule)
    gone = again(world, kept)
    assert (gone.state, gone.deleted_by, gone.key) == ("deleted", rule, None)
    with pytest.raises(DecryptError):
        opened(world, gone)
    [entry] = Entry.objects.filter(name="recording.deleted")
    assert (entry.actor, entry.data["rule"]) == (world.owner.audit_actor, rule)
    [job] = ProcrastinateJob.objects.filter(task_name="recordings.tasks.remove_deleted")
    assert job.args["recording_id"] == str(kept.pk)


def test_file_and_providers_copy_are_removed_once(world, twilio, kept, folder):
    delete(world, kept)
    gone = removed(world, kept)
    assert files(folder) == []
    assert (gone.stored_as, gone.provider_copy, gone.next_attempt_at) == ("", "gone", None)
    assert len(deletions_at(twilio)) == 1
    removed(world, kept)
    assert len(deletions_at(twilio)) == 1


def test_deleting_twice_is_deleting_once(world, kept):
    delete(world, kept)
    first = again(world, kept)
    delete(world, kept, REQUEST)
    assert again(world, kept).deleted_by == first.deleted_by == CARD
    assert Entry.objects.filter(name="recording.deleted").count() == 1


def test_what_was_never_there_cannot_be_deleted(world):
    with pytest.raises(Conflict, match="Nothing was recorded"):
        delete(world, told(world, state="absent"))


def test_a_held_one_is_deleted_by_nothing_until_the_hold_is_lifted(world, kept):
    with world.inside():
        holds.hold(kept, Recording.HoldReason.COMPLAINT, by=world.owner)
    with pytest.raises(Conflict, match="legal hold"):
        delete(world, kept)
    assert opened(world, kept) == AUDIO
    with world.inside():
        holds.lift(kept, by=world.owner)
    delete(world, kept)


def test_what_cannot_be_removed_now_is_removed_later_and_nothing_waits_for_the_other(
    world, twilio, kept, folder, monkeypatch
):
    def refuses(_, name):
        raise storage.StorageError("storage_readonly")

    delete(world, kept)
    with monkeypatch.context() as patch:
        patch.setattr(storage.Folder, "delete", refuses)
        tried = removed(world, kept)
    assert (tried.failure, tried.provider_copy, len(files(folder))) == ("storage_readonly", "gone", 1)
    assert tried.next_attempt_at > now()
    assert "Not all of it is removed yet. Our storage cannot be written." in tried.told
    now_due(world, kept)
    fetching.sweep()
    jobs = ProcrastinateJob.objects.filter(task_name="recordings.tasks.remove_deleted")
    assert jobs.count() >= 2
    done = removed(world, kept)
    assert (done.failure, done.next_attempt_at, files(folder)) == ("", None, [])


def test_a_provider_that_refuses_is_asked_again(world, twilio, kept, folder):
    delete(world, kept)
    twilio.will(provider.status(500), provider.status(404))
    assert removed(world, kept).failure == "status_500"
    assert files(folder) == []
    done = removed(world, kept)
    assert (done.failure, done.provider_copy) == ("", "gone")


def test_one_that_was_never_fetched_is_not_fetched_any_more_and_goes_at_the_provider(world, twilio, folder):
    twilio.will(provider.status(204))
    recording = told(world)
    delete(world, recording, REQUEST)
    attempt(world, recording)
    assert twilio.asked == []
    assert removed(world, recording).provider_copy == "gone"
    assert len(deletions_at(twilio)) == 1


@pytest.mark.parametrize("is_complete", [True, False], ids=["not there yet", "still going on"])
def test_what_the_provider_does_not_have_yet_is_deleted_there_when_it_comes(
    world, twilio, folder, is_complete
):
    recording = told(world, is_complete=is_complete)
    delete(world, recording)
    twilio.will(provider.status(404), provider.status(404), provider.status(204))
    for _ in range(2):
        waiting = removed(world, recording)
        assert (waiting.provider_copy, waiting.failure) == ("leaving", "status_404")
        assert waiting.next_attempt_at <= now() + timedelta(seconds=60)
    assert "Not all of it is removed yet. The provider does not have it yet." in waiting.told
    assert removed(world, recording).provider_copy == "gone"


def test_what_does_not_come_within_a_day_is_not_there(world, twilio, folder):
    recording = told(world, created_at=now() - timedelta(hours=25))
    delete(world, recording)
    twilio.will(provider.status(404))
    assert removed(world, recording).provider_copy == "gone"


def test_whoever_keeps_what_was_said_forgets_it_in_the_same_transaction(world, kept, monkeypatch):
    told_of = []
    monkeypatch.setattr(deletions, "also", [lambda gone: told_of.extend(gone.values_list("pk", flat=True))])
    delete(world, kept)
    assert told_of == [kept.pk]


def test_a_deletion_that_is_rolled_back_deleted_nothing(world, kept, monkeypatch):
    monkeypatch.setattr(deletions, "record_all", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        delete(world, kept)
    assert opened(world, kept) == AUDIO
    assert not ProcrastinateJob.objects.filter(task_name="recordings.tasks.remove_deleted").exists()


def test_who_plays_it_at_that_moment_gets_a_code_and_no_fault(world, kept):
    with world.inside():
        playing = sealing.open_stored(again(world, kept))
    delete(world, kept)
    removed(world, kept)
    with pytest.raises(storage.StorageError, match="storage_missing"):
        b"".join(playing.blocks())


def test_a_provider_that_tells_of_it_late_does_not_bring_it_back(world, kept):
    from recordings.arrivals import arrived
    from telephony.ingest import Origin
    from telephony.providers.base import RecordingKind, RecordingState, RecordingUpdate

    delete(world, kept)
    update = RecordingUpdate(
        provider_id=kept.provider_id, account_id=kept.provider_account, call_provider_id=kept.call.provider_id,
        state=RecordingState.COMPLETED, kind=RecordingKind.CALL, source="DialVerb", duration=5,
    )  # fmt: skip
    with world.inside():
        arrived(Origin(world.acme.pk, "twilio", now()), update, kept.call)
    assert again(world, kept).state == "deleted"


def test_a_copy_that_was_leaving_anyway_leaves(world, twilio, kept):
    businesses.change(world.acme, {"delete_at_provider": True}, by=world.owner)
    with world.inside():
        copies.ask(again(world, kept))
    delete(world, kept)
    now_due(world, kept)
    copies.delete(kept.business_id, kept.pk)
    assert deletions_at(twilio) == []
    assert removed(world, kept).provider_copy == "gone"


@pytest.mark.parametrize("values", [{}, {"is_complete": False, "asked_since": None, "next_attempt_at": None}])
def test_what_is_to_be_fetched_of_a_person_who_is_deleted_is_not_heard_any_more(
    world, twilio, folder, values
):
    recording = told(world, **values)
    with world.inside():
        editing.delete(recording.call.lead, by=world.owner)
    assert attempt(world, recording).attempts == 1  # the deletion's own
    gone = removed(world, recording)
    assert (gone.state, gone.deleted_by, gone.call.lead) == ("deleted", "person", None)
    assert [asked.method for asked in twilio.asked] == ["DELETE"]
    [entry] = Entry.objects.filter(name="recording.deleted")
    assert entry.actor == world.owner.audit_actor


def test_what_is_kept_of_a_person_who_is_deleted_goes_here_and_at_the_provider(world, twilio, kept, folder):
    with world.inside():
        businesses.change(world.acme, {"delete_at_provider": True}, by=world.owner)
        copies.ask(Recording.objects.get(pk=kept.pk))
        editing.delete(kept.call.lead, by=world.owner)
    gone = removed(world, kept)
    assert (gone.state, gone.provider_copy, gone.failure) == ("deleted", "gone", "")
    assert (files(folder), len(deletions_at(twilio))) == ([], 1)


def test_of_all_that_is_deleted_with_a_person_nothing_is_heard_from_that_moment_on(world, twilio, kept):
    lease = now() + timedelta(seconds=40)
    fetched_now = told(world, kept.call, claimed_until=lease)
    copied = told(world, kept.call, state="stored", provider_copy="gone", key=b"k")
    left = told(world, state="stored", key=b"k")
    with world.inside():
        spoken = notes.add(again(world, kept), 1, "He lives there.", by=world.owner).recording
        spoken.transcript = "I am at home."
        spoken.save()
        editing.delete(kept.call.lead, by=world.owner)
    gone = [again(world, one) for one in (kept, fetched_now, copied)]
    assert {(one.state, one.deleted_by, one.key, one.failure) for one in gone} == {
        ("deleted", "person", None, "")
    }
    assert [one.attempts for one in gone] == [kept.attempts + 1, 1, 1]
    assert [one.provider_copy for one in gone] == ["leaving", "leaving", "gone"]
    assert [one.next_attempt_at >= lease for one in gone] == [False, True, False]
    with world.inside():
        words = Recording.objects.filter(pk=kept.pk).values_list("words_key", "transcript")
        assert list(words) == [(None, None)]
        assert not RecordingNote.objects.exists()
        assert set(FeedFrame.objects.filter(state="deleted").values_list("object_id", flat=True)) == pks(gone)
    entries = Entry.objects.filter(name="recording.deleted", actor=world.owner.audit_actor)
    assert set(entries.values_list("subject_id", flat=True)) == pks(gone)
    at = {UUID(job.args["recording_id"]): job.scheduled_at for job in jobs("remove_deleted")}
    assert set(at) == pks(gone)
    assert at[fetched_now.pk] >= lease
    assert at[kept.pk] < lease
    assert again(world, left).state == "stored", "it is another person's"


def test_a_person_with_many_recordings_goes_in_as_many_statements_as_one_with_few(world):
    def person(recordings):
        call = add_call(world.acme, add_lead(world.acme))
        for _ in range(recordings):
            told(world, call, state="stored", key=b"k")
            told(world, call, claimed_until=now() + timedelta(seconds=40))
        return call.lead

    def statements(lead):
        with world.inside(), CaptureQueriesContext(connection) as asked:
            editing.delete(lead, by=world.owner)
        return len(asked)

    few, many = person(1), person(6)
    assert statements(few) == statements(many) < 25


def test_a_person_stays_whole_while_one_of_his_recordings_is_held(world, twilio, kept):
    other = told(world, kept.call, provider_id="RE" + "0" * 32)
    with world.inside():
        holds.hold(kept, Recording.HoldReason.LAWSUIT, by=world.owner)
        with pytest.raises(Conflict):
            editing.delete(kept.call.lead, by=world.owner)
    assert (again(world, other).state, again(world, kept).state) == ("pending", "stored")


@pytest.mark.django_db(transaction=True)
def test_one_that_is_deleted_while_it_is_fetched_leaves_nothing(world, twilio, folder):
    gate = Event()
    twilio.will(provider.stalled(AUDIO, 1000, gate))
    recording = told(world)

    def work():
        try:
            fetching.fetch(recording.business_id, recording.pk)
        finally:
            connections.close_all()

    worker = Thread(target=work)
    worker.start()
    wait_for(lambda: bool(twilio.asked))
    delete(world, recording)
    left = again(world, recording)
    assert left.claimed_until > now()
    deletions.remove(recording.business_id, recording.pk)
    assert again(world, recording).provider_copy == "leaving", "not before the other's lease is over"
    gate.set()
    worker.join()
    assert (again(world, recording).state, files(folder)) == ("deleted", [])


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_fetch_has_left_is_removed_too(world, twilio, folder):
    twilio.will(provider.status(204))
    recording = told(world, stored_as=storage.new_name(), claimed_until=now() + timedelta(seconds=40))
    storage.kept_in().put(recording.stored_as, [b"sealed"])
    delete(world, recording)
    assert removed(world, recording).stored_as == ""
    assert files(folder) == []
