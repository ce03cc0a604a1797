"""A recording is paused while somebody says his card number: at once, once, and never by guessing."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.permissions import Role
from audit.models import Entry
from callcrm.errors import Conflict
from callcrm.testing import ACCOUNT_ID, add_call, add_member, assert_flat_queries, login
from recordings import pauses
from recordings.models import Recording, RecordingPause
from recordings.tests.waiting import again, told
from telephony.models import FeedFrame, ProviderAccount
from telephony.providers.base import CallState
from tests import carrier as provider

pytestmark = pytest.mark.django_db
STRIP = "/b/acme/calls/live/"


@pytest.fixture
def talk(world, twilio):
    """A recording that goes on, of a call that talks."""
    twilio.will(provider.body(b"{}", "application/json"))
    return talking(world)


def talking(world, **values):
    unended = {"outcome": None, "ended_at": None, "talk_seconds": None, "state": CallState.IN_PROGRESS}
    call = add_call(world.acme, **unended | values)
    return told(world, call, is_complete=False, duration_seconds=None, next_attempt_at=None, asked_since=None)


def press(client, name, recording, **headers):
    return client.post(reverse(name, args=["acme", recording.call_id]), headers=headers)


def last(world, recording):
    with world.inside():
        return RecordingPause.objects.filter(recording=recording).latest("id")


def jobs():
    return ProcrastinateJob.objects.filter(task_name="recordings.tasks.tell_provider")


def work(world, recording):
    """Let the job of the last wish run."""
    wished = last(world, recording)
    pauses.carry_out(wished.business_id, wished.pk)
    return last(world, recording)


def wish(world, recording, verb=pauses.pause):
    with world.inside():
        return verb(again(world, recording).call, by=world.user)


def said(twilio):
    return [asked.body.decode() for asked in twilio.asked]


def names():
    return [e.name for e in Entry.objects.filter(name__startswith="recording.").order_by("at", "id")]


# --- Wish, provider, answer


def test_a_wish_is_kept_before_the_provider_is_asked(world, client, talk, twilio):
    assert press(login(client, world.user), "recording-pauses", talk).status_code == 302
    assert (last(world, talk).state, twilio.asked) == ("pausing", [])
    [job] = jobs()
    assert job.args["pause_id"] == str(last(world, talk).pk)
    assert job.priority > 0, "before everything else"
    assert "Pausing…" in client.get(STRIP).content.decode()


def test_the_provider_is_told_and_the_feed_and_the_history_tell(world, client, talk, twilio):
    login(client, world.user)
    press(client, "recording-pauses", talk)
    paused = work(world, talk)
    assert (paused.state, paused.failure) == ("paused", "")
    assert said(twilio) == ["Status=paused&PauseBehavior=silence"]
    assert f"/Accounts/{ACCOUNT_ID}/Calls/" in twilio.asked[0].path
    strip = client.get(STRIP).content.decode()
    assert "Resume recording" in strip
    assert "</svg>Recording" not in strip, "what is paused is not called recording"
    press(client, "recording-resumptions", talk)
    assert "Resuming…" in client.get(STRIP).content.decode()
    assert work(world, talk).state == "resumed"
    assert said(twilio)[1:] == ["Status=in-progress"]
    assert "Pause recording" in client.get(STRIP).content.decode()
    assert names() == [f"recording.{what}" for what in ("pause_wished", "paused", "resume_wished", "resumed")]
    assert {entry.actor for entry in Entry.objects.filter(name__startswith="recording.")} == {
        world.user.audit_actor
    }
    with world.inside():
        assert FeedFrame.objects.filter(kind="recording.changed", object_id=talk.pk).count() == 4


def test_a_second_click_is_the_first_ones_wish(world, client, talk, twilio):
    login(client, world.user)
    for _ in range(3):
        assert press(client, "recording-pauses", talk).status_code == 302
    assert jobs().count() == 1
    work(world, talk)
    assert press(client, "recording-pauses", talk).status_code == 302
    for _ in range(2):
        work(world, talk)
    assert (jobs().count(), len(twilio.asked)) == (1, 1)
    for _ in range(3):
        assert press(client, "recording-resumptions", talk).status_code == 302
    assert jobs().count() == 2
    for _ in range(2):
        work(world, talk)
    assert len(twilio.asked) == 2
    with world.inside():
        assert RecordingPause.objects.count() == 1


def test_with_scripts_the_page_stays_where_it_is(world, client, talk):
    answer = press(login(client, world.user), "recording-pauses", talk, **{"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (provider.status(404), "Not paused. The provider says that nothing is being recorded."),
        (provider.status(401), "Not paused. The provider refused our account&#x27;s secret."),
        (provider.status(500), "Not paused. The provider had a fault."),
        (provider.garbage(), "Nobody knows whether it was done."),
    ],
)
def test_a_pause_that_fails_is_said_and_can_be_tried_again(world, client, talk, twilio, reply, words):
    login(client, world.user)
    twilio.will(reply, provider.status(200))
    press(client, "recording-pauses", talk)
    assert work(world, talk).state == "failed"
    for page in (STRIP, f"/b/acme/calls/{talk.call_id}/"):
        shown = client.get(page).content.decode()
        assert words in shown
        assert "Pause recording" in shown
    assert names()[-1] == "recording.pause_failed"
    press(client, "recording-pauses", talk)
    assert work(world, talk).state == "paused"


def test_a_resumption_that_fails_leaves_it_paused_and_says_so(world, client, talk, twilio):
    twilio.will(provider.status(200), provider.status(500), provider.status(200))
    wish(world, talk)
    work(world, talk)
    wish(world, talk, pauses.resume)
    assert work(world, talk).state == "paused"
    assert "Not resumed. The provider had a fault." in login(client, world.user).get(STRIP).content.decode()
    wish(world, talk, pauses.resume)
    assert (work(world, talk).state, last(world, talk).failure) == ("resumed", "")


def test_an_account_that_is_gone_is_a_reason_too(world, talk):
    wish(world, talk)
    ProviderAccount.objects.filter(business=world.acme).update(account_id="AC" + "9" * 32)
    assert (work(world, talk).state, last(world, talk).failure) == ("failed", "no_account")


def test_a_wish_whose_worker_was_killed_is_taken_up_by_the_sweep(world, talk, twilio):
    wish(world, talk)
    with world.inside():
        RecordingPause.objects.update(claimed_until=now() + timedelta(seconds=5), attempts=1)
    pauses.sweep()
    assert work(world, talk).state == "pausing"
    assert (jobs().count(), twilio.asked) == (1, [])
    with world.inside():
        RecordingPause.objects.update(claimed_until=now() - timedelta(seconds=1))
    pauses.sweep()
    assert jobs().count() == 2
    assert work(world, talk).state == "paused"


def test_an_answer_that_comes_after_another_attempt_does_not_count(world, talk, twilio):
    wish(world, talk)
    wished = last(world, talk)
    claim = pauses._claim(wished.business_id, wished.pk)
    with world.inside():
        RecordingPause.objects.update(attempts=2)
    pauses._settle(claim, "status_500")
    assert last(world, talk).state == "pausing"


def test_a_wish_that_is_rolled_back_was_never_there(world, talk, monkeypatch):
    monkeypatch.setattr(pauses, "record", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        wish(world, talk)
    assert jobs().count() == 0
    with world.inside():
        assert not RecordingPause.objects.exists()


# --- When


def test_what_is_not_recorded_cannot_be_paused_and_has_no_button(world, client, twilio):
    over = told(world)
    silent = add_call(world.acme, outcome=None, ended_at=None, state=CallState.IN_PROGRESS)
    login(client, world.user)
    assert press(client, "recording-pauses", over).status_code == 409
    assert client.post(reverse("recording-pauses", args=["acme", silent.pk])).status_code == 409
    for page in (STRIP, f"/b/acme/calls/{over.call_id}/", f"/b/acme/calls/{silent.pk}/"):
        assert "Pause recording" not in client.get(page).content.decode()


def test_wishes_go_one_after_the_other(world, talk):
    with pytest.raises(Conflict, match="not paused"):
        wish(world, talk, pauses.resume)
    wish(world, talk)
    with pytest.raises(Conflict, match="being paused"):
        wish(world, talk, pauses.resume)
    work(world, talk)
    wish(world, talk, pauses.resume)
    with pytest.raises(Conflict, match="being resumed"):
        wish(world, talk)


def test_a_message_that_somebody_leaves_is_not_paused(world, twilio):
    message = talking(world)
    with world.inside():
        Recording.objects.filter(pk=message.pk).update(kind="voicemail")
    with pytest.raises(Conflict):
        wish(world, message)


@pytest.mark.parametrize("name", ["recording-pauses", "recording-resumptions"])
def test_the_call_of_a_colleague_or_of_another_business_is_not_there(world, client, talk, name):
    theirs = talking(world, agent=add_member(world.acme, Role.USER, "second@acme.example"))
    assert press(login(client, world.user), name, theirs).status_code == 404
    assert press(login(client, world.rival_owner), name, talk).status_code == 404


# --- How it is shown


def test_the_line_of_the_recording_says_how_long_it_was_paused(world, client, talk):
    begun = talk.created_at
    with world.inside():
        for start, end in ((5, 35), (40, 50)):
            RecordingPause.objects.create(
                business=world.acme, recording=talk, state="resumed",
                paused_at=begun + timedelta(seconds=start), resumed_at=begun + timedelta(seconds=end),
            )  # fmt: skip
        RecordingPause.objects.create(
            business=world.acme, recording=talk, state="paused", paused_at=begun + timedelta(seconds=55)
        )
        Recording.objects.filter(pk=talk.pk).update(is_complete=True, duration_seconds=60, state="stored")
    page = login(client, world.user).get(f"/b/acme/calls/{talk.call_id}/").content.decode()
    assert "Recorded, 1:00, paused 0:45. Kept here, sealed." in page


def test_the_strip_costs_the_same_with_many(world, client, twilio):
    login(client, world.user)

    def grow():
        recording = talking(world)
        wish(world, recording)

    assert_flat_queries(lambda: client.get(STRIP), grow)
