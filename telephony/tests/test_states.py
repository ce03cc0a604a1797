"""In whatever order a provider speaks, a call and a text end in the same state."""

import random
from itertools import permutations

import pytest

from telephony.providers.base import CallState, MessageState


@pytest.mark.parametrize("states", [CallState, MessageState])
def test_ranks_are_distinct_so_that_any_order_ends_alike(states):
    ranks = [state.rank for state in states]
    assert len(set(ranks)) == len(ranks)
    some = random.Random(7).sample(list(states), 4)
    assert len({max(order, key=lambda state: state.rank) for order in permutations(some)}) == 1


def test_the_order_of_call_states_is_the_promised_one():
    best_first = [state.value for state in sorted(CallState, key=lambda state: -state.rank)]
    assert best_first[:5] == ["completed", "busy", "no-answer", "failed", "canceled"]
    assert best_first[5:] == ["in-progress", "ringing", "queued"]
    assert [state for state in CallState if state.is_over] == [CallState(name) for name in best_first[4::-1]]


def test_giving_up_waiting_is_overtaken_by_what_the_provider_says():
    order = sorted(MessageState, key=lambda state: state.rank)
    assert [str(state) for state in order] == (
        ["queued", "sending", "unknown", "sent", "failed", "undelivered", "delivered", "read", "received"]
    )
