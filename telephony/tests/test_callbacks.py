"""A debt opens with what nobody answered, and closes by evidence or by a member who says why; by nothing else."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from audit.models import Entry
from callcrm.errors import Conflict, Invalid, NotFound
from callcrm.testing import DESTINATION, add_call, add_lead
from leads import editing
from leads.models import Lead
from telephony.callbacks import settling
from telephony.models import Call, Callback, CallbackMiss, FeedFrame, Outcome
from telephony.providers.base import CallState, MessageState
from telephony.tests.debts import (
    ANNA,
    BELA,
    OUT,
    answered,
    call,
    call_id,
    debts,
    deliver,
    leg,
    missed,
    text,
    voicemail,
)

TEN = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # a Friday, ten o'clock in Los Angeles
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def tell(world):
    """Deliver what happened."""
    return lambda *updates: deliver(world, [one for some in updates for one in some], TEN)


@pytest.fixture
def owed(world, tell):
    """Anna has called in vain."""
    tell(missed("CA1", TEN))
    [debt] = debts(world)
    return debt


def events(world):
    entries = Entry.objects.of(world.acme.pk).filter(name__startswith="callback.").order_by("at", "id")
    return [entry.name.removeprefix("callback.") for entry in entries]


def act(world, verb, *args, **values):
    with world.inside():
        return verb(*args, by=world.user, **values)


# --- What opens one


def test_a_missed_call_opens_a_debt_that_is_due_in_an_open_hour(world, owed):
    assert (owed.state, owed.misses, owed.opened_at, owed.due_at) == ("open", 1, TEN, TEN + HOUR)
    assert events(world) == ["opened"]
    with world.inside():
        frame = FeedFrame.objects.get(kind="callback.changed")
        assert (frame.object_id, frame.state) == (owed.pk, "open")


def test_a_person_who_tries_again_and_again_is_owed_one_call(world, tell):
    tell(
        missed("CA1", TEN),
        voicemail("CA2", TEN + HOUR),
        text("SM1", TEN + 2 * HOUR),
        missed("CA3", TEN + 3 * HOUR),
    )
    [debt] = debts(world)
    assert (debt.misses, debt.voicemails, debt.texts) == (4, 1, 1)
    assert (debt.opened_at, debt.last_missed_at) == (TEN, TEN + 3 * HOUR)
    assert debt.due_at == TEN + HOUR  # the first promise holds


def test_two_people_are_owed_a_call_each(world, tell):
    tell(missed("CA1", TEN), missed("CA2", TEN + MINUTE, by=BELA))
    assert [debt.misses for debt in debts(world)] == [1, 1]


def test_who_hangs_up_early_is_owed_too(world, tell):
    tell(missed("CA1", TEN, seconds=6))
    [debt] = debts(world)
    assert [one.kind for one in debt.attempts.all()] == [Outcome.ABANDONED]


def test_who_withholds_his_number_is_owed_nothing(world, tell):
    tell(missed("CA1", TEN, by=None))
    assert debts(world) == []


def test_our_own_telephones_are_owed_nothing(world, tell):
    tell(missed("CA1", TEN, by=DESTINATION))
    assert debts(world) == []


def test_a_call_of_ours_that_nobody_took_opens_nothing_and_closes_nothing(world, owed, tell):
    tell(missed("CA2", TEN + MINUTE, way=OUT), missed("CA3", TEN, way=OUT, by=BELA))
    [debt] = debts(world)
    assert (debt.state, debt.misses) == ("open", 1)


def test_spam_that_calls_is_owed_nothing_and_what_was_owed_before_is_closed(world, owed, tell):
    with world.inside():
        editing.set_status(Lead.objects.get(), Lead.Status.SPAM, by=world.user)
    tell(missed("CA2", TEN + MINUTE))
    [debt] = debts(world)
    assert (debt.state, debt.reason, debt.misses) == ("closed", "spam", 1)


def test_a_blocked_call_is_owed_nothing(world, tell):
    tell([call("CA1", TEN, CallState.RINGING)])
    with world.inside():
        Call.objects.update(is_blocked=True)
    tell([call("CA1", TEN + MINUTE, CallState.COMPLETED)])
    assert debts(world) == []


@pytest.mark.parametrize(
    ("body", "opens"),
    [("STOP", 0), (" stop. ", 0), ("Please stop by tomorrow", 1), (None, 1), ("cancel", 1)],
)
def test_a_text_wants_an_answer_unless_it_is_a_word_to_the_carrier(world, tell, body, opens):
    tell(text("SM1", TEN, body=body), text("SM1", TEN, body=body))
    assert len(debts(world)) == opens


# --- What closes one


@pytest.mark.parametrize("way", ["inbound", "outbound"])
def test_an_answered_call_closes_it_in_either_direction(world, owed, tell, way):
    tell(answered("CA2", TEN + 12 * MINUTE, **({"way": OUT} if way == "outbound" else {})))
    [debt] = debts(world)
    assert (debt.state, debt.proof, debt.proof_kind) == ("closed", call_id(world, "CA2"), "call")
    assert debt.took == timedelta(minutes=12, seconds=9)
    assert (debt.reason, debt.closed_by_id) == ("", None)
    assert events(world) == ["opened", "proven"]


def test_it_closes_while_they_still_talk(world, owed, tell):
    tell(answered("CA2", TEN + MINUTE)[:2])
    [debt] = debts(world)
    assert debt.state == "closed"


def test_a_call_that_began_before_is_no_evidence(world, tell):
    tell(answered("CA1", TEN - MINUTE), missed("CA2", TEN))
    assert [debt.state for debt in debts(world)] == ["open"]


def test_a_text_of_ours_closes_it_once_it_is_sent_and_no_longer_when_it_never_arrived(world, owed, tell):
    at = TEN + MINUTE
    tell(text("SM1", at, way=OUT, state=MessageState.QUEUED))
    assert debts(world)[0].is_open
    tell(text("SM1", at, way=OUT, state=MessageState.SENT))
    assert debts(world)[0].proof_kind == "text"
    tell(text("SM1", at, way=OUT, state=MessageState.UNDELIVERED))
    assert debts(world)[0].is_open
    assert events(world) == ["opened", "proven", "unproven"]


def test_an_answered_call_answers_a_text(world, tell):
    tell(text("SM1", TEN), answered("CA1", TEN + MINUTE))
    [debt] = debts(world)
    assert (debt.texts, debt.state) == (1, "closed")


def test_after_evidence_a_new_try_is_a_new_debt(world, owed, tell):
    tell(answered("CA2", TEN + MINUTE), missed("CA3", TEN + HOUR))
    assert [debt.state for debt in debts(world)] == ["closed", "open"]


def test_a_year_closes_nothing(world, owed, tell):
    tell(missed("CA9", TEN + timedelta(days=366), by=BELA))
    assert [debt.state for debt in debts(world)] == ["open", "open"]


# --- Whatever comes late


def test_evidence_that_was_told_of_first_closes_what_is_told_of_late(world, tell):
    tell(answered("CA2", TEN + HOUR), missed("CA1", TEN))
    [debt] = debts(world)
    assert (debt.proof, debt.due_at) == (call_id(world, "CA2"), TEN + HOUR)


def test_evidence_between_two_tries_that_comes_late_parts_them(world, tell):
    tell(missed("CA1", TEN), missed("CA3", TEN + 2 * HOUR))
    [before] = debts(world)
    tell(answered("CA2", TEN + HOUR))
    first, second = debts(world)
    assert (first.pk, first.state, first.misses) == (before.pk, "closed", 1)
    assert (second.state, second.misses, second.due_at) == ("open", 1, TEN + 3 * HOUR)


def test_a_missed_call_that_was_answered_after_all_was_never_owed(world, owed, tell):
    tell([leg("CA1", TEN, CallState.COMPLETED)])
    assert debts(world) == []
    assert events(world) == ["opened", "withdrawn"]


def test_the_others_stay_owed_when_one_of_several_was_answered_after_all(world, tell):
    tell(missed("CA1", TEN), missed("CA2", TEN + MINUTE), missed("CA3", TEN + HOUR))
    tell([leg("CA2", TEN + MINUTE, CallState.COMPLETED)])
    first, second = debts(world)  # the answered one is evidence for what came before it
    assert (first.misses, first.proof) == (1, call_id(world, "CA2"))
    assert (second.misses, second.state) == (1, "open")


def test_a_missed_call_of_which_a_message_is_found_late_stays_one_try(world, owed, tell):
    tell(voicemail("CA1", TEN)[-1:])
    [debt] = debts(world)
    assert (debt.pk, debt.misses, debt.voicemails) == (owed.pk, 1, 1)


def test_everything_twice_is_everything_once(world, owed, tell):
    tell(missed("CA1", TEN) * 3, answered("CA2", TEN + HOUR) * 3)
    assert [debt.misses for debt in debts(world)] == [1]
    assert events(world) == ["opened", "proven"]


# --- What members do


def test_a_member_closes_it_with_a_reason(world, owed):
    closed = act(world, settling.close, owed, "wrong_number")
    assert (closed.state, closed.closed_by_id, closed.proof) == ("closed", world.user.pk, None)
    [entry] = Entry.objects.of(world.acme.pk).filter(name="callback.closed")
    assert (entry.actor, entry.data["reason"]) == (world.user.audit_actor, "wrong_number")
    assert entry.subject_id == owed.lead_id


@pytest.mark.parametrize("reason", ["", "because", "OTHER"])
def test_without_a_reason_nobody_closes_it(world, owed, reason):
    with pytest.raises(Invalid):
        act(world, settling.close, owed, reason)
    assert debts(world)[0].is_open


def test_it_is_closed_once(world, owed):
    act(world, settling.close, owed, "spam")
    with pytest.raises(Conflict):
        act(world, settling.close, owed, "not_needed")


def test_later_evidence_leaves_a_members_closing_as_it_is(world, owed, tell):
    act(world, settling.close, owed, "reached_otherwise")
    tell(answered("CA2", TEN + HOUR))
    [debt] = debts(world)
    assert (debt.reason, debt.proof) == ("reached_otherwise", None)


def test_a_try_after_a_members_closing_is_a_new_debt(world, owed, tell):
    act(world, settling.close, owed, "not_needed")
    tell(missed("CA2", TEN + HOUR))
    assert [debt.state for debt in debts(world)] == ["closed", "open"]


def test_an_undone_closing_is_an_open_debt_again(world, owed):
    act(world, settling.close, owed, "duplicate")
    again = act(world, settling.reopen, owed)
    assert (again.pk, again.state, again.reason, again.closed_by_id) == (owed.pk, "open", "", None)
    assert (again.opened_at, again.due_at) == (owed.opened_at, owed.due_at)
    assert events(world) == ["opened", "closed", "reopened"]


def test_undoing_joins_what_is_owed_by_now(world, owed, tell):
    act(world, settling.close, owed, "duplicate")
    tell(missed("CA2", TEN + HOUR))
    again = act(world, settling.reopen, owed)
    [debt] = debts(world)
    assert (debt.pk, debt.misses, again.pk) == (owed.pk, 2, owed.pk)


def test_undoing_finds_the_evidence_that_came_meanwhile(world, owed, tell):
    act(world, settling.close, owed, "duplicate")
    tell(answered("CA2", TEN + HOUR))
    assert act(world, settling.reopen, owed).is_proven


def test_what_is_proven_or_open_is_not_opened(world, owed, tell):
    with pytest.raises(Conflict):
        act(world, settling.reopen, owed)
    tell(answered("CA2", TEN + HOUR))
    with pytest.raises(Conflict):
        act(world, settling.reopen, owed)


def test_a_member_takes_it_on_and_lets_it_go(world, owed):
    assert act(world, settling.assign, owed, world.user).assigned_to_id == world.user.pk
    assert act(world, settling.assign, owed, world.user).assigned_to_id == world.user.pk
    assert act(world, settling.assign, owed, None).assigned_to_id is None
    assert events(world) == ["opened", "assigned", "assigned"]


def test_nobody_else_takes_it_on(world, owed):
    with pytest.raises(Invalid):
        act(world, settling.assign, owed, world.rival_owner)


def test_a_closed_one_is_taken_on_by_nobody(world, owed):
    act(world, settling.close, owed, "spam")
    with pytest.raises(Conflict):
        act(world, settling.assign, owed, world.user)


def test_a_call_that_a_member_closed_and_that_was_answered_after_all_was_never_owed(world, owed, tell):
    act(world, settling.close, owed, "not_needed")
    tell([leg("CA1", TEN, CallState.COMPLETED)])
    assert debts(world) == []


def test_with_the_person_goes_what_he_is_owed(world, owed, tell):
    with world.inside():
        editing.delete(Lead.objects.get(), by=world.owner)
    assert debts(world) == []
    with pytest.raises(NotFound):
        act(world, settling.close, owed, "not_needed")
    tell(missed("CA1", TEN))
    with world.inside():
        assert Call.objects.get().outcome == Outcome.MISSED


# --- Who sees which


def test_a_user_sees_what_is_his_or_nobodys(world, owed):
    def seen(member):
        with world.inside():
            return Callback.objects.visible_to(member).count()

    act(world, settling.assign, owed, world.admin)
    assert [seen(member) for member in (world.owner, world.admin, world.user)] == [1, 1, 0]
    act(world, settling.assign, owed, world.user)
    assert seen(world.user) == 1
    with world.inside(world.rival):
        assert not Callback.objects.exists()


# --- What the database holds by itself


def test_a_person_cannot_have_two_open_debts(world, owed):
    with world.inside(), pytest.raises(IntegrityError), transaction.atomic():
        Callback.objects.create(
            business=world.acme, lead=owed.lead, opened_at=TEN, due_at=TEN, last_missed_at=TEN
        )


def test_a_call_cannot_belong_to_two_debts(world, owed):
    with world.inside(), pytest.raises(IntegrityError), transaction.atomic():
        CallbackMiss.objects.create(
            business=world.acme, callback=owed, call=Call.objects.get(), kind="missed", at=TEN
        )


@pytest.mark.parametrize(
    "values", [{"closed_at": TEN}, {"reason": "spam"}, {"proof": uuid4()}], ids=["time", "reason", "proof"]
)
def test_nothing_is_closed_without_evidence_or_a_reason(world, owed, values):
    with world.inside(), pytest.raises(IntegrityError), transaction.atomic():
        Callback.objects.filter(pk=owed.pk).update(**values)


# --- Calls of before there were debts


def test_calls_of_before_are_taken_up_once(world):
    anna, bela = (add_lead(world.acme, phones=[number]) for number in (ANNA, BELA))
    vain = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None}
    for lead, days in ((anna, 3), (anna, 2), (bela, 2), (anna, 40)):
        add_call(world.acme, lead, started_at=TEN - timedelta(days=days), **vain)
    add_call(world.acme, bela, started_at=TEN - timedelta(days=1))
    since = TEN - timedelta(days=14)
    assert [settling.take_up(world.acme, since=since) for _ in range(2)] == [3, 0]
    assert [(debt.lead_id, debt.misses, debt.state) for debt in debts(world)] == [
        (anna.pk, 2, "open"),
        (bela.pk, 1, "closed"),
    ]
