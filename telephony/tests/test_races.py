"""Many deliveries at once, over real connections: one call, one lead, one end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from callcrm.testing import NUMBER, World, add_call, add_lead, ring, sid, signed_post
from callcrm.webhooks.models import Receipt
from leads import editing
from leads.models import Lead, LeadPhone
from telephony.models import Call, Callback, CallbackMiss, CallLeg, CallProblem, Outcome
from telephony.problems import reports
from telephony.tests.debts import answered, deliver, missed

CALLER = "+12065550111"
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run them on a thread and a connection each, and return what they returned or raised."""

    def run(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Exception as error:  # what a racer raised is what the test looks at
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_eight_first_calls_of_one_person_make_one_lead(world: World) -> None:
    answers = at_once([lambda: ring(Client(), CALLER)] * 8)
    assert all(isinstance(answer, str) for answer in answers), answers
    with world.inside():
        assert (Lead.objects.count(), LeadPhone.objects.count(), Call.objects.count()) == (1, 1, 8)
        assert Call.objects.filter(first_time_caller=True).count() >= 1
        assert not Call.objects.filter(lead=None).exists()


def test_one_delivery_eight_times_at_once_is_applied_once(world: World) -> None:
    call = sid("CA")
    answers = at_once([lambda: ring(Client(), CALLER, call_sid=call)] * 8)
    assert answers == [call] * 8
    assert Receipt.objects.filter(state="applied").count() == 1
    with world.inside():
        assert Call.objects.count() == 1


def test_all_deliveries_of_a_call_at_once_end_as_one_answered_call(world: World) -> None:
    call, leg = sid("CA"), sid("CA")
    about = {"CallSid": call, "From": CALLER, "To": NUMBER, "Direction": "inbound"}
    child = {"CallSid": leg, "ParentCallSid": call, "From": CALLER, "To": "+15035550190"}
    posts = [
        ("voice", about | {"CallStatus": "ringing"}),
        ("number-status", child | {"CallStatus": "ringing", "SequenceNumber": "1"}),
        ("number-status", child | {"CallStatus": "in-progress", "SequenceNumber": "2"}),
        ("number-status", child | {"CallStatus": "completed", "SequenceNumber": "3", "CallDuration": "60"}),
        (
            "dial-action",
            about
            | {
                "CallStatus": "in-progress",
                "DialCallStatus": "completed",
                "DialCallSid": leg,
                "DialCallDuration": "60",
            },
        ),
        ("voice-status", about | {"CallStatus": "completed", "CallDuration": "70", "SequenceNumber": "4"}),
    ]
    answers = at_once([lambda p=post: signed_post(Client(), *p).status_code for post in posts * 2])  # type: ignore[misc]  # mypy has no type for p=
    assert set(answers) <= {200, 204}, answers
    assert not Receipt.objects.exclude(state="applied").exists()
    with world.inside():
        found = Call.objects.get()
        assert (found.state, found.outcome, found.talk_seconds) == ("completed", Outcome.ANSWERED, 60)
        assert (CallLeg.objects.count(), Lead.objects.count()) == (1, 1)


def test_a_call_and_a_member_who_adds_the_same_person_end_as_one_lead(world: World) -> None:
    def add() -> Lead:
        return add_lead(world.acme, by=world.owner, name="Nora Quill", phones=[CALLER])

    results = at_once([add, lambda: ring(Client(), CALLER)])
    with world.inside():
        assert Lead.objects.count() == 1, results
        assert Call.objects.get().lead_id == Lead.objects.get().pk


def test_two_members_who_give_one_number_to_two_leads_are_not_both_believed(world: World) -> None:
    one, two = (add_lead(world.acme, name=name) for name in ("Nora Quill", "Otto Vance"))

    def give(lead: Lead) -> Any:
        with world.inside():
            return editing.update(lead, {"phones": [CALLER]}, by=world.owner)

    results = at_once([lambda: give(one), lambda: give(two)])
    assert sum(isinstance(result, Lead) for result in results) == 1, results


def test_deliveries_that_race_after_a_leg_came_first_end_the_call(world: World) -> None:
    """The call's row is there before its caller is known: who waits for its lock must see what was learned."""
    for _ in range(6):
        call = sid("CA")
        about = {"CallSid": call, "From": CALLER, "To": NUMBER, "Direction": "inbound"}
        leg = {"CallSid": sid("CA"), "ParentCallSid": call, "From": CALLER, "To": "+15035550190"}
        signed_post(Client(), "number-status", leg | {"CallStatus": "ringing", "SequenceNumber": "1"})
        ended = {"CallStatus": "completed", "CallDuration": "70", "SequenceNumber": "4"}
        posts = [
            ("voice", about | {"CallStatus": "ringing"}),
            ("voice-status", about | {"CallStatus": "ringing", "SequenceNumber": "0"}),
            ("voice-status", about | {"CallStatus": "in-progress", "SequenceNumber": "1"}),
            ("voice-status", about | ended),
        ]
        at_once([lambda p=post: signed_post(Client(), *p).status_code for post in posts])  # type: ignore[misc]  # mypy has no type for p=
    assert not Receipt.objects.exclude(state="applied").exists()
    with world.inside():
        assert Call.objects.filter(state="completed").exclude(lead=None).exclude(outcome=None).count() == 6


def test_tries_and_evidence_at_once_end_as_one_closed_debt_each_time(world: World) -> None:
    """Neither sees what the other has not committed: the person is locked, and the second one finds the first."""
    begun = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    for n in range(4):
        person, when = f"+1206555012{n}", begun + timedelta(hours=n)
        told = [missed(f"M{n}{m}", when, by=person) for m in range(3)]
        told.append(answered(f"A{n}", when + timedelta(minutes=5), by=person))
        add_lead(world.acme, phones=[person])
        at_once([lambda one=one, at=when: deliver(world, one, at) for one in told])  # type: ignore[misc]  # mypy has no type for one= and at=
    with world.inside():
        assert not Callback.objects.open().exists()
        assert list(Callback.objects.values_list("misses", flat=True)) == [3] * 4
        assert CallbackMiss.objects.count() == 12


def test_what_is_reported_while_somebody_resolves_it_is_a_problem_anew(world: World) -> None:
    call = add_call(world.acme)

    def report() -> CallProblem:
        try:
            with world.inside():
                return reports.report(call, "poor_audio", "It crackles.", by=world.user)
        finally:
            connections.close_all()

    first = report()
    with ThreadPoolExecutor(1) as pool:
        with world.inside():
            reports.resolve(first, "mended", by=world.admin)
            later = pool.submit(report)
            assert somebody_waits_for_us()
        assert later.result(10).pk != first.pk
    with world.inside():
        assert [problem.is_open for problem in CallProblem.objects.order_by("pk")] == [False, True]


def somebody_waits_for_us() -> bool:
    blocked = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(blocked)
            if cursor.fetchone() != (0,):
                return True
        sleep(0.01)
    return False
