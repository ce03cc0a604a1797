"""A call is delivered in pieces, in any order, twice and at once; it ends as one call, one lead and one outcome."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import Entry
from callcrm.testing import DESTINATION, NUMBER, World, add_lead, ring, sid, signed_post
from callcrm.webhooks.models import Receipt
from leads.models import Lead
from recordings.models import Recording
from telephony import ingest
from telephony.models import Call, CallLeg, Outcome
from telephony.providers.base import (
    CallState,
    CallUpdate,
    Direction,
    LegUpdate,
    RecordingKind,
    RecordingState,
    RecordingUpdate,
    Update,
)

CALLER = "+12065550111"
START = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def _call(state: CallState, second: int, duration: int | None = None) -> CallUpdate:
    return CallUpdate(
        provider_id="CA1",
        account_id="AC1",
        direction=Direction.INBOUND,
        state=state,
        from_e164=CALLER,
        to_e164=NUMBER,
        at=START + timedelta(seconds=second),
        duration=duration,
    )


def _leg(state: CallState, second: int, **said: Any) -> LegUpdate:
    at = START + timedelta(seconds=second)
    return LegUpdate(
        provider_id="CA2",
        account_id="AC1",
        parent_provider_id="CA1",
        state=state,
        to=DESTINATION,
        at=at,
        **said,
    )


ANSWERED: list[Update] = [
    _call(CallState.RINGING, 0),
    _leg(CallState.QUEUED, 1),
    _leg(CallState.RINGING, 2),
    _leg(CallState.IN_PROGRESS, 9),
    _leg(CallState.COMPLETED, 69, duration=60, bridged=True),
    RecordingUpdate(
        provider_id="RE1",
        account_id="AC1",
        call_provider_id="CA1",
        state=RecordingState.COMPLETED,
        kind=RecordingKind.CALL,
        source="DialVerb",
        duration=60,
        channels=2,
    ),
    _call(CallState.COMPLETED, 70, duration=70),
]


def _deliver(world: World, updates: list[Update], received: datetime = START) -> None:
    for update in updates:
        with world.inside():
            ingest.apply([update], ingest.Origin(world.acme.pk, "twilio", received))


def _end_state(world: World) -> tuple[Any, ...]:
    with world.inside():
        call = Call.objects.get(provider_id="CA1")
        leg = CallLeg.objects.get(call=call)
        recording = Recording.objects.get(call=call)
        facts = (
            call.state,
            call.outcome,
            call.started_at,
            call.answered_at,
            call.ended_at,
            call.ring_seconds,
        )
        parts = (
            leg.state,
            leg.bridged,
            leg.answered_at,
            leg.duration_seconds,
            recording.state,
            recording.kind,
        )
        return (
            *facts,
            call.talk_seconds,
            call.duration_seconds,
            call.first_time_caller,
            call.after_hours,
            call.number_id,
            *parts,
        )


@pytest.mark.django_db
def test_an_answered_call_tells_when_it_rang_was_answered_and_ended(world: World) -> None:
    _deliver(world, ANSWERED)
    with world.inside():
        call = Call.objects.get(provider_id="CA1")
        assert (call.state, call.outcome) == ("completed", Outcome.ANSWERED)
        assert (call.started_at, call.ring_seconds, call.talk_seconds, call.duration_seconds) == (
            START,
            9,
            60,
            70,
        )
        assert call.first_time_caller
        assert call.source_id == world.source.pk
        assert call.lead is not None


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(ANSWERED), again=st.lists(st.sampled_from(ANSWERED), max_size=4))
def test_any_order_and_any_repetition_end_the_same(
    world: World, order: list[Update], again: list[Update]
) -> None:
    _forget_calls(world)
    _deliver(world, ANSWERED)
    straight = _end_state(world)
    _forget_calls(world)
    _deliver(world, [*order, *again])
    assert _end_state(world) == straight


def _forget_calls(world: World) -> None:
    with world.inside():
        Call.objects.all().delete()
        Lead.objects.all().delete()


@pytest.mark.django_db
def test_a_call_that_nobody_took_is_missed_and_one_hung_up_early_is_abandoned(world: World) -> None:
    rings: list[Update] = [_call(CallState.RINGING, 0), _leg(CallState.RINGING, 2)]
    _deliver(
        world, [*rings, _leg(CallState.NO_ANSWER, 22, bridged=False), _call(CallState.COMPLETED, 25, 25)]
    )
    assert _outcome(world) == Outcome.MISSED
    _forget_calls(world)
    _deliver(world, [*rings, _leg(CallState.CANCELED, 9, bridged=False), _call(CallState.COMPLETED, 9, 9)])
    assert _outcome(world) == Outcome.ABANDONED
    _forget_calls(world)
    _deliver(world, [*rings, _leg(CallState.BUSY, 4, bridged=False), _call(CallState.COMPLETED, 8, 8)])
    assert _outcome(world) == Outcome.MISSED  # an engaged line sent him away: he did not hang up on us


def _outcome(world: World) -> str | None:
    with world.inside():
        return Call.objects.get(provider_id="CA1").outcome


@pytest.mark.django_db
def test_a_state_never_goes_back(world: World) -> None:
    _deliver(
        world, [_call(CallState.COMPLETED, 70, 70), _call(CallState.RINGING, 0), _call(CallState.BUSY, 71)]
    )
    with world.inside():
        call = Call.objects.get(provider_id="CA1")
    assert (call.state, call.started_at) == ("completed", START)


@pytest.mark.django_db
def test_the_caller_becomes_a_lead_once_and_the_second_call_is_returning(world: World, client: Any) -> None:
    first, second = ring(client, CALLER), ring(client, CALLER)
    with world.inside():
        one, two = (Call.objects.select_related("lead").get(provider_id=call) for call in (first, second))
        assert one.lead_id == two.lead_id
        assert (one.first_time_caller, two.first_time_caller) == (True, False)
        assert one.lead is not None
        assert one.lead.source_id == world.source.pk


@pytest.mark.django_db
def test_a_lead_who_was_added_by_hand_is_recognised_and_calls_for_the_first_time(
    world: World, client: Any
) -> None:
    lead = add_lead(world.acme, name="Nora Quill", phones=[CALLER])
    call = ring(client, CALLER)
    with world.inside():
        found = Call.objects.get(provider_id=call)
        assert (found.lead_id, found.first_time_caller) == (lead.pk, True)


@pytest.mark.django_db
@pytest.mark.parametrize("own", [NUMBER, DESTINATION])
def test_the_business_own_numbers_never_become_leads(world: World, client: Any, own: str) -> None:
    call = ring(client, own)
    with world.inside():
        assert Call.objects.get(provider_id=call).own_from == own
        assert not Lead.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("withheld", ["anonymous", "+266696687", "", "Restricted"])
def test_a_withheld_caller_is_a_call_without_a_lead(world: World, client: Any, withheld: str) -> None:
    call = ring(client, withheld)
    with world.inside():
        found = Call.objects.get(provider_id=call)
        assert found.withheld
        assert found.lead is None
        assert found.number_id == world.number.pk
        assert not Lead.objects.exists()


@pytest.mark.django_db
def test_the_same_delivery_twice_is_one_receipt_one_call_and_the_same_answer(
    world: World, client: Any
) -> None:
    call_sid = sid("CA")
    params = {
        "CallSid": call_sid,
        "From": CALLER,
        "To": NUMBER,
        "Direction": "inbound",
        "CallStatus": "ringing",
    }
    answers = [signed_post(client, "voice", params).content for _ in range(3)]
    assert len(set(answers)) == 1
    assert DESTINATION.encode() in answers[0]
    assert Receipt.objects.count() == 1
    with world.inside():
        assert Call.objects.count() == 1
    assert Entry.objects.filter(name="call.ringing").count() == 1


@pytest.mark.django_db
def test_a_text_is_kept_with_its_writer_and_its_body_is_sealed(world: World, client: Any) -> None:
    from telephony.models import Message

    params = {
        "MessageSid": sid("SM"),
        "From": CALLER,
        "To": NUMBER,
        "Body": "Is the roof done?",
        "NumMedia": "0",
    }
    answer = signed_post(client, "sms", params)
    assert (answer.status_code, b"<Response" in answer.content) == (200, True)
    with world.inside():
        message = Message.objects.select_related("lead").get()
        assert message.lead is not None
        assert repr(message.body) == "<sealed>"
        assert message.body is not None
        assert message.body.reveal() == "Is the roof done?"


@pytest.mark.django_db
def test_an_unknown_number_gets_a_polite_sentence_and_an_entry(world: World, client: Any) -> None:
    params = {"CallSid": sid("CA"), "From": CALLER, "To": "+15035550177", "CallStatus": "ringing"}
    answer = signed_post(client, "voice", params)
    assert (answer.status_code, b"<Say" in answer.content) == (200, True)
    assert Entry.objects.filter(name="call.unknown_number").exists()
