"""Many calls are changed at once, and put back: only what nobody has touched since, only by who did it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts.permissions import Role
from audit.models import Entry
from callcrm.errors import Conflict, Invalid, NotFound
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, add_member, assert_flat_queries
from leads.models import Lead
from telephony import editing
from telephony.bulk import changes
from telephony.callbacks import ledger, settling
from telephony.models import BulkChange, Call, Callback, FeedFrame, Outcome

MISSED = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None}


@pytest.fixture
def calls(world):
    """Three calls: one without a tag, one with another, one that has the tag already."""
    return [add_call(world.acme, add_lead(world.acme), tags=tags) for tags in ([], ["leak"], ["storm"])]


def tags(world, calls):
    with world.inside():
        kept = dict(Call.objects.values_list("pk", "tags"))
    return [kept[call.pk] for call in calls]


def owe(world, count=1):
    """People who called in vain, each owed a call back."""
    calls = [add_call(world.acme, add_lead(world.acme), **MISSED) for _ in range(count)]
    with world.inside():
        for call in calls:
            ledger.follow_call(call, by=None)
    return calls


def open_debts(world):
    with world.inside():
        return Callback.objects.open().count()


def test_a_tag_is_added_where_it_is_missing_and_taken_back(world, calls, change, undo):
    made = change(calls, "tag", "storm")
    assert tags(world, calls) == [["storm"], ["leak", "storm"], ["storm"]]
    assert len(made.before) == 2
    assert undo(made) == changes.Undone(2, 0)
    assert tags(world, calls) == [[], ["leak"], ["storm"]]


def test_a_tag_is_removed_and_comes_back_to_its_place(world, change, undo):
    call = add_call(world.acme, tags=["leak", "storm", "roof"])
    made = change([call], "untag", "storm")
    assert tags(world, [call]) == [["leak", "roof"]]
    undo(made)
    assert tags(world, [call]) == [["leak", "storm", "roof"]]


def test_an_outcome_is_set_and_what_stood_there_comes_back(world, change, undo):
    calls = [add_call(world.acme, disposition=text) for text in (None, "Booked")]
    made = change(calls, "outcome", "Spam")
    with world.inside():
        assert {call.disposition for call in Call.objects.all()} == {"Spam"}
    undo(made)
    with world.inside():
        assert {call.disposition for call in Call.objects.all()} == {None, "Booked"}


def test_what_somebody_has_changed_since_is_left_alone(world, calls, change, undo):
    made = change(calls, "tag", "storm")
    with world.inside():
        editing.update_call(calls[0], {"tags": ["storm", "urgent"]}, by=world.user)
        editing.update_call(calls[1], {"disposition": "Booked"}, by=world.user)
    assert undo(made) == changes.Undone(1, 1)
    assert tags(world, calls) == [["storm", "urgent"], ["leak"], ["storm"]]


def test_every_call_has_it_in_its_history_and_the_feed_tells_of_it(world, calls, change, undo):
    made = change(calls, "tag", "storm")
    undo(made)
    with world.inside():
        for call, times in zip(calls, (2, 2, 0), strict=True):
            entries = Entry.objects.about(world.acme.pk, call.pk).filter(name="call.changed")
            assert [entry.data["fields"] for entry in entries] == [["tags"]] * times
            assert FeedFrame.objects.filter(object_id=call.pk).count() == times


def test_calls_of_others_are_as_if_they_were_not_named(world, calls, change):
    others = add_call(world.acme, agent=world.owner)
    theirs = add_call(world.rival)
    made = change([calls[0], others, theirs], "tag", "storm", by=world.user)
    assert list(made.before) == [str(calls[0].pk)]
    assert tags(world, [others]) == [[]]
    with pytest.raises(NotFound):
        change([others, theirs], "tag", "storm", by=world.user)
    with pytest.raises(NotFound):
        change([others, theirs], "close", "spam", by=world.user)


def test_the_same_key_does_it_once(world, calls, change):
    first = change(calls, "tag", "storm", key="a")
    assert change(calls, "tag", "storm", key="a").pk == first.pk
    with world.inside():
        assert BulkChange.objects.count() == 1
    with pytest.raises(Conflict):
        change(calls, "tag", "leak", key="a")


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("", "storm"),
        ("delete", "storm"),
        ("tag", ""),
        ("tag", "a,b"),
        ("tag", "x" * 41),
        ("tag", "a\x00"),
        ("outcome", " "),
        ("outcome", "x" * 41),
        ("close", "because"),
    ],
)
def test_what_is_nonsense_is_refused_and_nothing_is_changed(world, calls, change, what, value):
    with pytest.raises(Invalid):
        change(calls, what, value)
    assert tags(world, calls) == [[], ["leak"], ["storm"]]


def test_who_types_several_tags_is_told_to_take_one(world, calls, change):
    with pytest.raises(Invalid, match="One tag at a time"):
        change(calls, "tag", "leak, storm")


def test_no_call_and_too_many_are_refused(world, change):
    call = add_call(world.acme)
    with pytest.raises(Invalid):
        change([], "tag", "storm")
    with world.inside(), pytest.raises(Invalid):
        changes.change([call.pk, *(uuid7() for _ in range(200))], "tag", "storm", key="a", by=world.owner)


def test_a_call_that_is_full_of_tags_stays_as_it_is(world, change):
    call = add_call(world.acme, tags=[f"tag {n}" for n in range(20)])
    assert change([call], "tag", "storm").before == {}
    assert len(tags(world, [call])[0]) == 20


def test_debts_are_closed_with_a_reason_and_opened_again(world, change, undo):
    calls = [*owe(world, 2), add_call(world.acme)]
    made = change(calls, "close", "not_needed")
    with world.inside():
        assert {(debt.reason, debt.closed_by_id) for debt in Callback.objects.all()} == {
            ("not_needed", world.owner.pk)
        }
        assert Entry.objects.filter(name="callback.closed").count() == 2
    assert undo(made) == changes.Undone(2, 0)
    assert open_debts(world) == 2


def test_a_debt_that_was_opened_again_meanwhile_is_left_alone(world, change, undo):
    calls = owe(world, 2)
    made = change(calls, "close", "not_needed")
    with world.inside():
        debt = settling.reopen(Callback.objects.get(lead=calls[0].lead), by=world.user)
        settling.close(debt, "not_needed", by=world.owner)
    assert undo(made) == changes.Undone(1, 1)
    assert open_debts(world) == 1


def reached(world, lead):
    with world.inside():
        ledger.follow_call(add_call(world.acme, lead), by=None)


def test_a_person_who_was_reached_or_called_again_meanwhile_is_left_to_the_ledger(world, change, undo):
    """One was reached, one called in vain again, of one nothing is left; with the fourth nothing has happened."""
    calls = owe(world, 4)
    made = change(calls, "close", "not_needed")
    reached(world, calls[0].lead)
    with world.inside():
        ledger.follow_call(add_call(world.acme, calls[1].lead, **MISSED), by=None)
        Callback.objects.get(lead=calls[2].lead).attempts.all().delete()
    assert undo(made) == changes.Undone(3, 1)
    with world.inside():
        debts = {debt.lead_id: debt for debt in Callback.objects.all()}
    of = [debts[call.lead_id] for call in calls]
    assert [debt.is_open for debt in of] == [False, True, False, True]
    assert [debt.misses for debt in of] == [1, 2, 1, 1]
    assert (of[0].is_proven, of[2].reason) == (True, "not_needed")


def test_what_is_opened_together_is_as_if_each_had_been_opened_by_itself(world, change, undo):
    together, alone = owe(world), owe(world)
    made = change(together, "close", "spam")
    with world.inside():
        mine = Callback.objects.get(lead=alone[0].lead)
        settling.reopen(settling.close(mine, "spam", by=world.owner), by=world.owner)
    undo(made)
    with world.inside():
        rows = [Callback.objects.get(lead=call.lead) for call in (*together, *alone)]
        values = ("closed_at", "closed_by_id", "reason", "proof", "proof_kind", "misses", "assigned_to_id")
        assert len({tuple(getattr(row, value) for value in values) for row in rows}) == 1
        assert all(row.opened_at == row.last_missed_at for row in rows)
        told = [
            list(FeedFrame.objects.filter(object_id=row.pk).order_by("pk").values_list("kind", "state"))
            for row in rows
        ]
        said = [
            [entry.name for entry in Entry.objects.about(world.acme.pk, row.lead_id).order_by("pk")]
            for row in rows
        ]
    assert told[0] == told[1]
    assert said[0] == said[1]


def test_opening_many_debts_again_costs_as_many_queries_as_opening_one(world, change, undo):
    few, many = change(owe(world), "close", "spam"), change(owe(world, 12), "close", "spam")
    assert cost(lambda: undo(few)) == cost(lambda: undo(many)) < 30


# --- Who calls back


def holders(world, calls):
    with world.inside():
        kept = dict(Callback.objects.values_list("lead_id", "assigned_to_id"))
    return [kept[call.lead_id] for call in calls]


def test_debts_are_given_to_a_colleague_and_back_to_who_had_them(world, change, undo):
    calls = [*owe(world, 3), add_call(world.acme)]
    with world.inside():
        settling.assign(Callback.objects.get(lead=calls[1].lead), world.admin, by=world.owner)
        settling.assign(Callback.objects.get(lead=calls[2].lead), world.user, by=world.owner)
    made = change(calls, "assign", str(world.user.pk))
    assert holders(world, calls[:3]) == [world.user.pk] * 3
    assert len(made.before) == 2
    with world.inside():
        entries = Entry.objects.filter(name="callback.assigned", data__member_id=str(world.user.pk))
        assert entries.count() == 3
    assert undo(made) == changes.Undone(2, 0)
    assert holders(world, calls[:3]) == [None, world.admin.pk, world.user.pk]


def test_what_is_given_away_is_out_of_sight_and_can_still_be_taken_back(world, change, undo):
    calls = owe(world, 2)
    made = change(calls, "assign", str(world.admin.pk), by=world.user)
    with world.inside():
        assert not Callback.objects.visible_to(world.user).exists()
    assert undo(made, by=world.user) == changes.Undone(2, 0)
    assert holders(world, calls) == [None, None]


def test_what_somebody_has_taken_or_closed_since_stays_and_nobody_gets_a_debt_who_has_left(
    world, change, undo
):
    calls = owe(world, 4)
    gone = add_member(world.acme, Role.USER, "gone@acme.example")
    with world.inside():
        settling.assign(Callback.objects.get(lead=calls[2].lead), gone, by=world.owner)
    made = change(calls, "assign", str(world.user.pk))
    with world.inside():
        settling.assign(Callback.objects.get(lead=calls[0].lead), world.admin, by=world.admin)
        settling.close(Callback.objects.get(lead=calls[1].lead), "spam", by=world.user)
        type(gone).objects.filter(pk=gone.pk).update(removed_at=now())
    assert undo(made) == changes.Undone(1, 3)
    assert holders(world, calls) == [world.admin.pk, world.user.pk, world.user.pk, None]


def test_debts_are_given_to_members_of_the_business_alone(world, change):
    calls = owe(world)
    for stranger in (str(world.rival_owner.pk), "x", "", str(uuid7())):
        with pytest.raises(Invalid):
            change(calls, "assign", stranger)
    assert holders(world, calls) == [None]
    change(calls, "assign", "nobody")
    assert holders(world, calls) == [None]


def test_a_debt_of_somebody_else_is_not_given_away_by_who_does_not_see_it(world, change):
    calls = owe(world)
    with world.inside():
        settling.assign(Callback.objects.get(), world.admin, by=world.owner)
    assert change(calls, "assign", str(world.user.pk), by=world.user).before == {}
    assert holders(world, calls) == [world.admin.pk]


def test_giving_many_debts_costs_as_many_queries_as_giving_one(world, change, undo):
    few, many, to = owe(world), owe(world, 9), str(world.user.pk)
    costs = []
    for calls in (few, many):
        made = []
        costs.append(cost(lambda calls=calls, made=made: made.append(change(calls, "assign", to))))
        costs.append(cost(lambda made=made: undo(made[0])))
    assert costs[:2] == costs[2:]


def test_where_nothing_is_owed_there_is_nothing_to_undo(world, change, undo):
    made = change([add_call(world.acme)], "close", "spam")
    assert not made.can_be_undone
    with pytest.raises(Conflict):
        undo(made)


def test_it_is_undone_once_in_time_and_by_who_did_it(world, calls, change, undo):
    made = change(calls, "tag", "storm", by=world.user)
    with pytest.raises(Conflict, match="Only who"):
        undo(made, by=world.owner)
    with pytest.raises(NotFound):
        undo(made, by=add_member(world.acme, Role.USER, "other@acme.example"))
    with world.inside():
        BulkChange.objects.update(made_at=now() - timedelta(minutes=11))
    with pytest.raises(Conflict):
        undo(made, by=world.user)
    with world.inside():
        BulkChange.objects.update(made_at=now() - timedelta(minutes=9))
    undo(made, by=world.user)
    with pytest.raises(Conflict, match="undone already"):
        undo(made, by=world.user)


def test_what_is_no_longer_his_to_see_is_not_put_back(world, calls, change, undo):
    made = change(calls, "tag", "storm", by=world.user)
    with world.inside():
        Call.objects.filter(pk=calls[0].pk).update(agent=world.owner)
    assert undo(made, by=world.user) == changes.Undone(1, 1)


def test_what_can_no_longer_be_undone_is_forgotten(world, calls, change):
    made = change(calls, "tag", "storm")
    with world.inside():
        changes.trim(world.acme.pk)
        assert BulkChange.objects.filter(pk=made.pk).exists()
        BulkChange.objects.update(made_at=now() - timedelta(hours=1))
        changes.trim(world.acme.pk)
        assert not BulkChange.objects.exists()


def test_many_calls_cost_as_many_queries_as_one(world, change, undo):
    calls, tag = [], iter(range(100))
    assert_flat_queries(
        lambda: undo(change(calls, "tag", f"tag {next(tag)}")), lambda: calls.append(add_call(world.acme))
    )
    few, many = owe(world, 2), owe(world, 9)
    assert cost(lambda: change(few, "close", "spam")) == cost(lambda: change(many, "close", "spam"))


def cost(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def test_what_was_done_so_long_ago_that_it_is_forgotten_is_not_done_again(world, calls, change):
    made = change(calls, "tag", "new", key="sent-twice")
    with world.inside():
        BulkChange.objects.filter(pk=made.pk).delete()
    with pytest.raises(Conflict, match="done before"):
        change(calls, "tag", "new", key="sent-twice")


def test_a_debt_that_opens_while_others_are_closed_is_not_closed_with_them(world, change, monkeypatch):
    [call] = owe(world)
    held = Lead.objects.select_for_update

    def meanwhile(**options):
        """The person was reached, and called in vain once more."""
        monkeypatch.setattr(Lead.objects, "select_for_update", held)
        debt = Callback.objects.open().get(lead=call.lead)
        settling.close(debt, "not_needed", by=world.owner)
        later = add_call(world.acme, call.lead, **MISSED)
        ledger.follow_call(later, by=None)
        return held(**options)

    monkeypatch.setattr(Lead.objects, "select_for_update", meanwhile)
    change([call], "close", "not_needed")
    assert open_debts(world) == 1
