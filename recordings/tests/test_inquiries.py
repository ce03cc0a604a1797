"""A recording of which every delivery was lost is asked for, because its call says that there should be one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from audit.models import Entry
from callcrm.testing import ACCOUNT_ID, add_call, add_lead, sid
from leads import editing
from recordings import inquiries
from recordings.models import Inquiry, Recording
from recordings.tests.waiting import AUDIO, attempt, jobs, opened, told
from telephony.models import Call, ProviderAccount
from tests import carrier as provider

pytestmark = pytest.mark.django_db
ENDED = timedelta(minutes=6)


def over(world, *, ended=ENDED, lead=None, **values):
    """A call that was to be recorded and heard its notice, and is over for a while."""
    at = now() - ended
    values = {"records": True, "notice": "This call is recorded.", "number": world.number} | values
    return add_call(
        world.acme, lead or add_lead(world.acme), started_at=at - timedelta(minutes=2), ended_at=at, **values
    )


def listed(call, **values):
    """One recording as Twilio lists it."""
    plain = {
        "sid": sid("RE"),
        "account_sid": ACCOUNT_ID,
        "call_sid": call.provider_id,
        "status": "completed",
        "start_time": "Sat, 21 Nov 2026 09:00:05 +0000",
        "duration": "5",
        "channels": 2,
        "source": "DialVerb",
    }
    return plain | values


def asked(world, inquiry):
    """Ask now, and return how it stands then."""
    with world.inside():
        Inquiry.objects.filter(pk=inquiry.pk).update(next_attempt_at=now(), claimed_until=None)
    inquiries.ask(world.acme.pk, inquiry.pk)
    with world.inside():
        return Inquiry.objects.get(pk=inquiry.pk)


def swept(world):
    inquiries.sweep()
    with world.inside():
        return list(Inquiry.objects.order_by("asked_since"))


def test_it_is_found_by_its_call_fetched_and_kept(world, twilio, folder):
    call = over(world)
    [inquiry] = swept(world)
    assert [job.args["inquiry_id"] for job in jobs("ask_provider")] == [str(inquiry.pk)]
    row = listed(call)
    twilio.will(provider.told({"recordings": [row]}), provider.audio(AUDIO))
    assert asked(world, inquiry).found == 1
    path = f"/2010-04-01/Accounts/{ACCOUNT_ID}/Calls/{call.provider_id}/Recordings.json?PageSize=20"
    assert [request.path for request in twilio.asked] == [path]
    assert twilio.asked[0].headers["Authorization"].startswith("Basic ")
    with world.inside():
        recording = Recording.objects.get()
    assert (recording.provider_id, recording.provider_account, recording.kind) == (
        row["sid"],
        ACCOUNT_ID,
        "call",
    )
    done = attempt(world, recording)
    assert (done.state, done.duration_seconds, opened(world, done)) == ("stored", 5, AUDIO)
    [entry] = Entry.objects.filter(name="recording.found")
    assert (entry.subject_id, entry.actor, entry.data["count"]) == (call.pk, "system", 1)


def test_it_is_asked_for_once_however_often_one_looks(world, twilio):
    over(world)
    twilio.will(provider.told({"recordings": []}))
    [inquiry] = swept(world)
    done = asked(world, inquiry)
    assert (done.found, done.next_attempt_at) == (0, None)
    jobs("ask_provider").delete()
    assert len(swept(world)) == 1
    assert not jobs("ask_provider").exists()
    inquiries.ask(world.acme.pk, inquiry.pk)
    assert len(twilio.asked) == 1
    assert not Entry.objects.filter(name="recording.found").exists()


@pytest.mark.parametrize(
    "values",
    [
        {"records": False},
        {"notice": ""},
        {"ended": timedelta(minutes=4)},
        {"ended": timedelta(hours=25)},
        {"number": None},
        {"provider": "manual"},
    ],
    ids=str,
)
def test_other_calls_are_not_asked_for(world, values):
    over(world, **values)
    assert swept(world) == []


def test_a_call_of_whose_recording_anything_was_told_is_not_asked_for(world):
    told(world, over(world), state="absent")
    assert swept(world) == []


def test_nobody_looks_for_what_a_deleted_person_said(world, twilio):
    gone, going = over(world), over(world)
    with world.inside():
        editing.delete(gone.lead, by=world.owner)
    [inquiry] = swept(world)
    assert inquiry.call_id == going.pk
    with world.inside():
        editing.delete(going.lead, by=world.owner)
    twilio.will(provider.told({"recordings": [listed(going)]}))
    assert asked(world, inquiry).found == 0
    with world.inside():
        assert not Recording.objects.exists()


def test_a_message_of_who_withheld_his_number_is_found(world, twilio):
    call = over(world)
    with world.inside():
        Call.objects.filter(pk=call.pk).update(withheld=True, lead=None)
    [inquiry] = swept(world)
    twilio.will(provider.told({"recordings": [listed(call)]}))
    assert asked(world, inquiry).found == 1


@pytest.mark.parametrize(
    "answer", [provider.told({"recordings": []}), provider.status(503)], ids=["told", "503"]
)
@pytest.mark.parametrize("lost", ["claim", "row"])
def test_who_comes_late_changes_nothing(world, twilio, monkeypatch, answer, lost):
    """Another worker has taken it up, or it was forgotten, while this one waited for the provider."""
    over(world)
    [inquiry] = swept(world)
    jobs("ask_provider").delete()
    waits = inquiries.release_connection

    def meanwhile():
        with world.inside():
            mine = Inquiry.objects.filter(pk=inquiry.pk)
            mine.update(attempts=7) if lost == "claim" else mine.delete()
        waits()

    monkeypatch.setattr(inquiries, "release_connection", meanwhile)
    twilio.will(answer)
    inquiries.ask(world.acme.pk, inquiry.pk)
    with world.inside():
        assert list(Inquiry.objects.values_list("attempts", "found", "failure")) == (
            [(7, None, "")] if lost == "claim" else []
        )
    assert not jobs("ask_provider").exists()


def test_a_provider_who_does_not_answer_is_asked_again_for_a_week(world, twilio):
    call = over(world)
    [inquiry] = swept(world)
    twilio.will(provider.status(503))
    tried = asked(world, inquiry)
    assert (tried.failure, tried.found) == ("status_503", None)
    assert now() < tried.next_attempt_at <= now() + timedelta(minutes=1)
    assert jobs("ask_provider").count() == 2
    with world.inside():
        Inquiry.objects.update(asked_since=now() - timedelta(days=8))
    left = asked(world, inquiry)
    assert (left.next_attempt_at, jobs("ask_provider").count()) == (None, 2)
    twilio.will(provider.told({"recordings": [listed(call)]}))
    healed = asked(world, inquiry)
    assert (healed.failure, healed.found) == ("", 1)


def test_what_a_killed_worker_held_is_asked_again_once_its_claim_is_over(world, twilio):
    over(world)
    [inquiry] = swept(world)
    jobs("ask_provider").delete()
    with world.inside():
        Inquiry.objects.update(claimed_until=now() + timedelta(seconds=30))
    inquiries.sweep()
    inquiries.ask(world.acme.pk, inquiry.pk)
    assert (jobs("ask_provider").count(), twilio.asked) == (0, [])
    with world.inside():
        Inquiry.objects.update(claimed_until=now() - timedelta(seconds=1))
    inquiries.sweep()
    assert jobs("ask_provider").count() == 1


def test_without_its_account_nobody_is_asked(world, twilio):
    over(world)
    [inquiry] = swept(world)
    with world.inside():
        ProviderAccount.objects.update(provider="practice")
    left = asked(world, inquiry)
    assert (left.failure, left.next_attempt_at, twilio.asked) == ("no_account", None, [])


@pytest.mark.parametrize(
    ("values", "state", "kind"),
    [
        ({"source": "RecordVerb"}, "pending", "voicemail"),
        ({"status": "absent", "duration": "0"}, "absent", "call"),
        ({"status": "processing", "duration": "-1", "start_time": None}, "pending", "call"),
        ({"duration": "9" * 30, "channels": "two", "start_time": "soon", "source": "<b>"}, "pending", "call"),
    ],
)
def test_what_is_listed_is_taken_in_like_a_delivery(world, twilio, values, state, kind):
    call = over(world)
    [inquiry] = swept(world)
    twilio.will(provider.told({"recordings": [listed(call, **values)]}))
    asked(world, inquiry)
    with world.inside():
        recording = Recording.objects.get()
    assert (recording.state, recording.kind) == (state, kind)
    assert bool(recording.is_complete) is (values.get("status", "completed") == "completed")


@pytest.mark.parametrize(
    "answer",
    [
        {"recordings": "none"},
        {"recordings": [{"sid": "../../Accounts"}]},
        {"recordings": [{"sid": "RE" + "a" * 32, "call_sid": "CA" + "0" * 32}]},
        {"recordings": ["RE" + "a" * 32]},
        [],
    ],
    ids=str,
)
def test_what_makes_no_sense_is_not_taken_in(world, twilio, answer):
    over(world)
    [inquiry] = swept(world)
    twilio.will(provider.told(answer))
    assert asked(world, inquiry).failure == "wrong_type"
    with world.inside():
        assert not Recording.objects.exists()


def test_a_call_that_the_provider_does_not_know_has_none(world, twilio):
    over(world)
    [inquiry] = swept(world)
    twilio.will(provider.status(404))
    assert asked(world, inquiry).found == 0


def test_an_id_that_is_none_of_twilios_is_not_asked_for(world, twilio):
    over(world, provider_id="../../Accounts")
    [inquiry] = swept(world)
    assert asked(world, inquiry).failure == "refused_host"
    assert twilio.asked == []


def test_what_was_told_meanwhile_is_not_found(world, twilio):
    call = over(world)
    [inquiry] = swept(world)
    told(world, call, provider_id="RE" + "a" * 32)
    twilio.will(provider.told({"recordings": [listed(call, sid="RE" + "a" * 32)]}))
    assert asked(world, inquiry).found == 0
    assert not Entry.objects.filter(name="recording.found").exists()


def test_looking_costs_the_same_for_many_calls(world):
    def statements(calls):
        for _ in range(calls):
            over(world)
        with CaptureQueriesContext(connection) as asked:
            inquiries.sweep()
        return len(asked)

    inquiries.sweep()
    assert statements(1) == statements(4)


def test_what_was_asked_is_forgotten_once_nobody_looks_back_so_far(world):
    over(world)
    assert len(swept(world)) == 1
    with world.inside():
        inquiries.forget()
        assert Inquiry.objects.exists()
        Inquiry.objects.update(asked_since=now() - inquiries.KEPT)
        inquiries.forget()
        assert not Inquiry.objects.exists()
