"""Recordings go when their time is over and not before, in every zone; what is held does not go."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import Business
from audit.models import Entry
from callcrm.errors import Invalid
from callcrm.testing import add_call
from recordings import tasks
from recordings.models import Recording
from recordings.retention import deletions, holds
from recordings.retention import rules as retention
from recordings.tests.waiting import again, told
from telephony.models import FeedFrame

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def rule(world, **days):
    with world.inside():
        retention.change(world.acme, days, by=world.owner)


def aged(world, age, **values):
    """A stored recording that began so long before noon."""
    values = {"state": "stored", "next_attempt_at": None, "key": b"wrapped", "sha256": "a" * 64} | values
    return told(world, created_at=NOON - age, **values)


def held(world, recording):
    with world.inside():
        holds.hold(recording, Recording.HoldReason.LAWSUIT, by=world.owner)


def state(world, recording):
    return again(world, recording).state


def going(world, at=NOON):
    with world.inside():
        return set(retention.going(world.acme.pk, at).values_list("pk", flat=True))


# --- The rules


def test_without_a_rule_nothing_ever_goes(world):
    recording = aged(world, 9000 * DAY)
    assert going(world) == set()
    assert retention.sweep_all(world.acme.pk, NOON) == 0
    assert state(world, recording) == "stored"


def test_a_rule_is_of_its_kind_and_its_business_alone(world):
    rule(world, call=30)
    call, voicemail = aged(world, 40 * DAY), aged(world, 40 * DAY, kind="voicemail")
    with world.inside(world.rival):
        theirs = Recording.objects.create(
            business=world.rival, call=_rivals_call(world), provider_id="RE1", created_at=NOON - 99 * DAY
        )
    retention.sweep_all(world.acme.pk, NOON)
    retention.sweep_all(world.rival.pk, NOON)
    assert [state(world, one) for one in (call, voicemail)] == ["deleted", "stored"]
    with world.inside(world.rival):
        assert Recording.objects.get(pk=theirs.pk).state == "pending"


def _rivals_call(world):
    return add_call(world.rival)


@pytest.mark.parametrize("days", [0, -1, 3651, 10**6])
def test_days_that_are_none_are_refused(world, days):
    with world.inside(), pytest.raises(Invalid):
        retention.change(world.acme, {"call": days}, by=world.owner)


def test_a_changed_rule_holds_at_once_and_stands_in_the_history(world):
    recording = aged(world, 40 * DAY)
    rule(world, call=30)
    assert going(world) == {recording.pk}
    rule(world, call=50)
    assert going(world) == set()
    rule(world, call=None)
    rule(world, call=None)
    said = [entry.data["days"] for entry in Entry.objects.filter(name="retention.changed")]
    assert sorted(said) == ["30 days", "50 days", "kept"]
    with world.inside():
        assert Recording.objects.with_rules().get(pk=recording.pk).keep_until is None


def test_a_rule_that_is_rolled_back_was_never_there(world, monkeypatch):
    monkeypatch.setattr(retention, "record", lambda *_, **__: 1 / 0)
    with world.inside(), pytest.raises(ZeroDivisionError):
        retention.change(world.acme, {"call": 1}, by=world.owner)
    with world.inside():
        assert retention.rules_of(world.acme.pk) == {"call": None, "voicemail": None}


# --- What goes


def test_one_goes_at_its_moment_and_not_a_second_before(world):
    rule(world, call=30)
    recording = aged(world, 30 * DAY)
    assert retention.sweep_all(world.acme.pk, NOON - timedelta(seconds=1)) == 0
    assert state(world, recording) == "stored"
    assert retention.sweep_all(world.acme.pk, NOON) == 1
    gone = again(world, recording)
    assert (gone.state, gone.deleted_by, gone.key, gone.sha256) == ("deleted", "retention", None, "")
    assert gone.deleted_at is not None
    [entry] = Entry.objects.filter(name="recording.deleted")
    assert (entry.actor, entry.subject_id, entry.data["rule"]) == ("system", recording.pk, "retention")
    with world.inside():
        assert FeedFrame.objects.filter(object_id=recording.pk, state="deleted").count() == 1
    assert gone.duration_seconds == 5, "the figures keep it"


@pytest.mark.parametrize("what", ["pending", "stored", "failed", "blocked"])
def test_no_state_escapes(world, what):
    rule(world, call=30)
    recording = aged(world, 31 * DAY, state=what)
    retention.sweep_all(world.acme.pk, NOON)
    assert state(world, recording) == "deleted"


@pytest.mark.parametrize("what", ["absent", "deleted"])
def test_what_is_not_there_is_not_deleted(world, what):
    rule(world, call=30)
    recording = aged(world, 31 * DAY, state=what)
    assert retention.sweep_all(world.acme.pk, NOON) == 0
    assert state(world, recording) == what


def test_twice_deletes_once(world):
    rule(world, call=1)
    recording = aged(world, 2 * DAY)
    retention.sweep_all(world.acme.pk, NOON)
    retention.sweep_all(world.acme.pk, NOON)
    assert not retention.expire(world.acme.pk, recording.pk, NOON)
    assert Entry.objects.filter(name="recording.deleted").count() == 1


def test_a_hold_or_a_rule_that_comes_between_the_list_and_the_deletion_counts(world, monkeypatch):
    rule(world, call=1)
    recordings = [aged(world, 2 * DAY), aged(world, 3 * DAY)]
    listed = list(going(world))
    held(world, recordings[0])
    assert not retention.expire(world.acme.pk, recordings[0].pk, NOON)
    rule(world, call=None)
    assert not any(retention.expire(world.acme.pk, pk, NOON) for pk in listed)


def test_one_that_cannot_be_deleted_does_not_keep_the_others(world, monkeypatch):
    rule(world, call=1)
    bad, good = aged(world, 3 * DAY), aged(world, 2 * DAY)
    end = deletions.end

    def breaks(recordings, *args, **kwargs):
        if bad in recordings:
            raise RuntimeError
        end(recordings, *args, **kwargs)

    monkeypatch.setattr(deletions, "end", breaks)
    assert retention.sweep_all(world.acme.pk, NOON) == 1
    assert (state(world, bad), state(world, good)) == ("stored", "deleted")


def test_batches_end_and_bring_everything(world, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    rule(world, call=1)
    call = add_call(world.acme)
    for _ in range(5):
        aged(world, 2 * DAY, call=call)
    tasks.expire_recordings(business_id=str(world.acme.pk), up_to=NOON.isoformat())
    assert len(going(world)) == 3
    [job] = ProcrastinateJob.objects.filter(task_name="recordings.tasks.expire_recordings")
    assert job.args == {"business_id": str(world.acme.pk), "up_to": NOON.isoformat()}
    assert retention.sweep_all(world.acme.pk, NOON) == 3


KINDS = st.sampled_from(["call", "voicemail"])
ONE = st.tuples(
    KINDS, st.integers(0, 400 * 24), st.booleans(), st.sampled_from(["stored", "pending", "failed", "absent"])
)
DAYS = st.one_of(st.none(), st.integers(1, 400))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(recordings=st.lists(ONE, max_size=8), days=st.fixed_dictionaries({"call": DAYS, "voicemail": DAYS}))
def test_nothing_goes_in_its_time_or_under_a_hold_and_nothing_else_stays(world, recordings, days):
    rule(world, **days)
    call = add_call(world.acme)
    made = {}
    for kind, hours, is_held, what in recordings:
        row = aged(world, timedelta(hours=hours), call=call, kind=kind, state=what)
        with world.inside():
            Recording.objects.filter(pk=row.pk).update(held_at=NOON if is_held else None)
        over = days[kind] is not None and hours >= days[kind] * 24
        made[row.pk] = "deleted" if over and not is_held and what != "absent" else what
    retention.sweep_all(world.acme.pk, NOON)
    with world.inside():
        found = dict(Recording.objects.filter(pk__in=made).values_list("pk", "state"))
        Recording.objects.filter(pk__in=made).update(state="absent")
    assert found == made


# --- At night


ZONES = [
    "America/Los_Angeles",
    "Asia/Kathmandu",
    "Europe/Helsinki",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "UTC",
]


def hours(first, days):
    """The moments at which the job comes."""
    return [first + timedelta(hours=n, minutes=11) for n in range(days * 24)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("month", [3, 4, 6, 10, 11])
def test_nothing_waits_a_day_in_any_zone_whatever_its_clocks_do(zone, month):
    business = Business(timezone=zone)
    first = datetime(2026, month, 1, tzinfo=UTC)
    jobs = hours(first, 33)
    for minute in range(0, 30 * 24 * 60, 37):
        due = first + timedelta(minutes=minute)
        gone = next(at for at in jobs if retention.nights_work(business, at) >= due)
        assert gone - due <= DAY, due


@pytest.mark.parametrize("zone", ZONES)
def test_what_is_due_by_day_goes_at_night(zone):
    business = Business(timezone=zone)
    due = datetime(2026, 7, 15, 18, tzinfo=ZoneInfo(zone))
    gone = next(
        at for at in hours(due.astimezone(UTC), 3) if retention.nights_work(business, at) >= due
    ).astimezone(business.tz)
    assert (gone.day, gone.hour) == (16, 4)


@pytest.mark.parametrize("zone", ZONES)
def test_the_page_says_when_the_night_is_over(zone):
    business = Business(timezone=zone)
    for at in hours(datetime(2026, 10, 20, tzinfo=UTC), 30):
        tonight = retention.tonight(business, at)
        assert at < tonight <= at + timedelta(hours=25)
        assert tonight.astimezone(business.tz).hour == 5


def test_the_job_comes_to_those_who_have_a_rule(world):
    rule(world, voicemail=30)
    day = NOON + timedelta(hours=8)  # NOON is four in the morning at acme
    tasks.end_recordings(int(day.timestamp()))
    jobs = ProcrastinateJob.objects.filter(task_name="recordings.tasks.expire_recordings")
    assert [job.args["business_id"] for job in jobs] == [str(world.acme.pk)]
    night = datetime(2026, 11, 20, 4, 11, tzinfo=world.acme.tz)
    tasks.end_recordings(int(night.timestamp()))
    assert {datetime.fromisoformat(job.args["up_to"]) for job in jobs.all()} == {day - retention.LATE, night}


def test_the_job_deletes(world):
    rule(world, call=1)
    recording = told(world, created_at=now() - 2 * DAY)
    tasks.expire_recordings(business_id=str(world.acme.pk), up_to=now().isoformat())
    assert state(world, recording) == "deleted"
