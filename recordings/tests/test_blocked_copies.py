"""What nobody was told of is never heard: where the provider shall keep no copy, it goes there unfetched."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts import businesses
from audit.models import Entry
from callcrm.errors import Conflict
from callcrm.testing import add_call, add_lead
from recordings import copies, fetching
from recordings.models import Recording, RetentionRule
from recordings.retention import holds, rules
from recordings.tests.waiting import again, attempt, jobs, now_due, told
from tests import carrier as provider

pytestmark = pytest.mark.django_db
JOB = "delete_provider_copy"


@pytest.fixture
def strict(world):
    """The business wants no copy at the provider."""
    businesses.change(world.acme, {"delete_at_provider": True}, by=world.owner)


def untold(world, **values):
    call = add_call(world.acme, add_lead(world.acme), notice="", flow=world.number.published)
    return told(world, call, **values)


def deleted(world, recording):
    now_due(world, recording)
    copies.delete(recording.business_id, recording.pk)
    return again(world, recording)


def lifted(world, recording):
    with world.inside():
        holds.lift(recording, by=world.owner)
    return again(world, recording)


def test_it_is_deleted_at_the_provider_once_and_never_fetched(world, twilio, strict):
    twilio.will(provider.status(204))
    blocked = attempt(world, untold(world))
    assert (blocked.state, blocked.provider_copy) == ("blocked", "leaving")
    assert blocked.told.endswith("The provider's copy is being deleted.")
    [job] = jobs(JOB)
    assert job.args["recording_id"] == str(blocked.pk)
    gone = deleted(world, blocked)
    assert (gone.state, gone.provider_copy, gone.next_attempt_at) == ("blocked", "gone", None)
    assert gone.told.endswith("The provider's copy is deleted.")
    deleted(world, gone)
    assert [asked.method for asked in twilio.asked] == ["DELETE"]
    assert Entry.objects.filter(name="recording.blocked_copy_deleted").count() == 1
    assert not Entry.objects.filter(name="recording.provider_copy_deleted").exists()


def test_unless_the_business_wants_that_it_stays_where_it_is(world, twilio):
    blocked = attempt(world, untold(world))
    assert (blocked.provider_copy, blocked.next_attempt_at, jobs(JOB).count()) == ("kept", None, 0)
    assert blocked.told == "Not kept: the caller was not told that the call is recorded."


def test_a_provider_that_refuses_or_is_late_is_asked_again_and_the_recording_says_so(world, twilio, strict):
    twilio.will(provider.status(500), provider.status(404), provider.status(204))
    blocked = attempt(world, untold(world))
    tried = deleted(world, blocked)
    assert (tried.provider_copy, tried.failure) == ("leaving", "status_500")
    assert tried.told.endswith("is being deleted. The provider had a fault.")
    assert now() < tried.next_attempt_at <= now() + timedelta(minutes=1)
    assert deleted(world, blocked).failure == "status_404", "it may yet come"
    assert deleted(world, blocked).provider_copy == "gone"


def test_the_sweep_asks_again_for_what_has_lost_its_job(world, twilio, strict):
    blocked = attempt(world, untold(world))
    jobs(JOB).delete()
    now_due(world, blocked)
    fetching.sweep()
    assert [job.args["recording_id"] for job in jobs(JOB)] == [str(blocked.pk)]
    assert not jobs().exists()


def test_what_is_held_is_not_deleted_until_the_hold_is_lifted(world, twilio, strict):
    recording = untold(world)
    with world.inside():
        holds.hold(recording, Recording.HoldReason.COMPLAINT, by=world.owner)
    blocked = attempt(world, recording)
    assert (blocked.state, blocked.provider_copy, jobs(JOB).count()) == ("blocked", "kept", 0)
    assert lifted(world, blocked).provider_copy == "leaving"
    assert jobs(JOB).count() == 1


def test_once_it_leaves_there_is_nothing_to_hold_and_once_it_is_gone_nothing_to_end(world, twilio, strict):
    twilio.will(provider.status(204))
    blocked = attempt(world, untold(world))
    with world.inside():
        with pytest.raises(Conflict, match="nothing left"):
            holds.hold(blocked, Recording.HoldReason.COMPLAINT, by=world.owner)
        RetentionRule.objects.create(business=world.acme, kind="call", days=1)
        later = now() + timedelta(days=2)
        assert rules.going(world.acme.pk, later).count() == 1
        deleted(world, blocked)
        assert rules.going(world.acme.pk, later).count() == 0
        assert Recording.objects.with_rules().get().keep_until is None
