"""Whatever happens, in whatever order it is told: every missed call belongs to exactly one debt, closed for cause."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcrm.testing import World
from leads.models import Lead
from telephony.callbacks import settling
from telephony.callbacks.ledger import is_owed
from telephony.models import Call, Callback, CallbackMiss, Message, Reason
from telephony.providers.base import Direction
from telephony.tests.debts import ANNA, BELA, OUT, answered, deliver, missed, text, voicemail

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
WAYS: dict[str, Any] = {
    "missed": missed,
    "hung up": lambda name, at, **who: missed(name, at, seconds=5, **who),
    "voicemail": voicemail,
    "answered": answered,
    "called back": lambda name, at, **who: answered(name, at, way=OUT, **who),
    "called back in vain": lambda name, at, **who: missed(name, at, way=OUT, **who),
    "text": text,
    "our text": lambda name, at, **who: text(name, at, way=OUT, **who),
}
PEOPLE = st.sampled_from([ANNA, BELA])
HAPPENED = st.lists(st.tuples(st.sampled_from(sorted(WAYS)), PEOPLE), min_size=1, max_size=7)
often = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def told(happened: list[tuple[str, str]]) -> list[Any]:
    """What is delivered of it: one thing every ten minutes."""
    found: list[Any] = []
    for n, (way, person) in enumerate(happened):
        found += WAYS[way](f"X{n}", START + timedelta(minutes=10 * n), by=person)
    return found


def forget(world: World) -> None:
    with world.inside():
        for model in (Call, Message, Lead):
            model.objects.all().delete()


def hold(world: World) -> None:
    """What must be true at any moment."""
    with world.inside():
        owed = {call.pk for call in Call.objects.all() if is_owed(call)}
        links = list(CallbackMiss.objects.select_related("callback", "call", "message"))
        assert sorted(link.call_id for link in links if link.call_id) == sorted(owed)
        texts = Message.objects.filter(direction=Direction.INBOUND).values_list("pk", flat=True)
        assert sorted(link.message_id for link in links if link.message_id) == sorted(texts)
        for debt in Callback.objects.prefetch_related("attempts"):
            _hold_of(debt)
        for link in links:
            assert (link.call or link.message).lead_id == link.callback.lead_id


def _hold_of(debt: Callback) -> None:
    tries = list(debt.attempts.all())
    times = [one.at for one in tries]
    assert (debt.misses, debt.opened_at, debt.last_missed_at) == (len(tries), min(times), max(times))
    calls = Call.objects.filter(lead=debt.lead, answered_at__isnull=False)
    proofs = dict(calls.values_list("pk", "started_at"))
    sent = Message.objects.filter(lead=debt.lead, direction=Direction.OUTBOUND)
    proofs |= dict(sent.values_list("pk", "created_at"))
    after = sorted((at, pk) for pk, at in proofs.items() if at > min(times))
    if debt.is_open:
        assert after == []
    elif debt.proof:
        assert (proofs[debt.proof], debt.proof) == after[0]
        assert proofs[debt.proof] > max(times)
    else:
        assert debt.closed_by_id
        assert debt.reason in Reason.values


def parts(world: World) -> Any:
    """How the tries are parted into debts and what closed each, whatever the ids are."""
    with world.inside():
        names: dict[Any, str | None] = dict(Call.objects.values_list("pk", "provider_id")) | dict(
            Message.objects.values_list("pk", "provider_id")
        )
        found = []
        for debt in Callback.objects.prefetch_related("attempts"):
            tries = sorted(str(names[one.call_id or one.message_id]) for one in debt.attempts.all())
            found.append((tries, names.get(debt.proof), debt.due_at))
        return sorted(found)


@pytest.mark.django_db
@often
@given(HAPPENED, st.data())
def test_every_missed_call_belongs_to_exactly_one_debt_in_any_order(
    world: World, happened: list[tuple[str, str]], data: st.DataObject
) -> None:
    forget(world)
    updates = told(happened)
    deliver(world, updates, START)
    hold(world)
    straight = parts(world)
    forget(world)
    order = data.draw(st.permutations(updates))
    deliver(world, [*order, *data.draw(st.lists(st.sampled_from(updates), max_size=4))], START)
    hold(world)
    assert parts(world) == straight


@pytest.mark.django_db
@often
@given(HAPPENED, st.data())
def test_members_who_close_and_undo_meanwhile_lose_nothing(
    world: World, happened: list[tuple[str, str]], data: st.DataObject
) -> None:
    forget(world)
    for update in data.draw(st.permutations(told(happened))):
        deliver(world, [update], START)
        _meddle(world, data)
        with world.inside():
            opened = Callback.objects.open().order_by("lead_id").values_list("lead_id", flat=True)
            assert all(one != other for one, other in pairwise(opened))
    with world.inside():
        linked = CallbackMiss.objects.exclude(call=None).values_list("call_id", flat=True)
        assert sorted(linked) == sorted(call.pk for call in Call.objects.all() if is_owed(call))
        for debt in Callback.objects.closed():
            assert bool(debt.proof) != bool(debt.reason and debt.closed_by_id)


REASONS = [reason for reason in Reason.values if reason != Reason.SPAM]  # while marked, nothing new is owed


def _meddle(world: World, data: st.DataObject) -> None:
    act = data.draw(st.sampled_from(["nothing", "nothing", "close", "reopen"]))
    with world.inside():
        rows = Callback.objects.order_by("opened_at")
        row = (rows.open() if act == "close" else rows.exclude(reason="")).first()
        if act == "close" and row:
            reason = data.draw(st.sampled_from(REASONS))
            settling.close(row, reason, "Moved" if reason == Reason.OTHER else "", by=world.user)
        elif act == "reopen" and row:
            settling.reopen(row, by=world.user)
