"""A wish that is sent again gets what the first one made; the same key for another wish is a conflict."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils.timezone import now

from accounts import idempotency, tasks
from accounts.models import IdempotencyKey
from callcrm.errors import Conflict, Invalid
from callcrm.testing import World
from telephony.tests.test_races import at_once


def ask(world: World, wish: Any, *, key: str = "k1", by: Any = None, act: Any = uuid4) -> UUID:
    with world.inside():
        return idempotency.once(by or world.user, key, wish, act)


def test_the_same_wish_is_done_once_whatever_the_order_of_its_words(world: World) -> None:
    first = ask(world, {"to": "+15035550142", "tags": ["a"]})
    assert ask(world, {"tags": ["a"], "to": "+15035550142"}, act=pytest.fail) == first


def test_another_wish_with_the_key_is_a_conflict_and_is_not_done(world: World) -> None:
    ask(world, {"to": "+15035550142"})
    with pytest.raises(Conflict) as refused:
        ask(world, {"to": "+15035550143"}, act=pytest.fail)
    assert list(refused.value.fields) == [idempotency.HEADER]


def test_another_key_and_another_member_wish_for_themselves(world: World) -> None:
    made = {ask(world, {}), ask(world, {}, key="k2"), ask(world, {}, by=world.admin)}
    assert len(made) == 3


def test_what_was_refused_has_used_up_no_key(world: World) -> None:
    def refuse() -> UUID:
        raise Invalid

    with pytest.raises(Invalid):
        ask(world, {"to": "x"}, act=refuse)
    assert ask(world, {"to": "+15035550142"})


@pytest.mark.parametrize("text", [None, "", " ", "a b", "x" * 81, "é", "a\n"])
def test_a_key_that_is_none_is_refused(text: str | None) -> None:
    with pytest.raises(Invalid):
        idempotency.read(text)
    assert idempotency.read("x" * 80)


def test_a_key_is_forgotten_after_a_week(world: World) -> None:
    first, kept = ask(world, {}), ask(world, {}, key="k2")
    with world.inside():
        IdempotencyKey.objects.filter(key="k1").update(created_at=now() - timedelta(days=8))
    assert ask(world, {"other": 1}) != first
    with world.inside():
        IdempotencyKey.objects.filter(key="k1").update(created_at=now() - timedelta(days=8))
    tasks.forget_idempotency_keys(timestamp=0)
    with world.inside():
        assert IdempotencyKey.objects.get().made == kept


def test_the_row_tells_nothing_of_the_wish(world: World) -> None:
    """A plain hash of a number is as good as the number."""
    import hashlib
    import json

    wish = {"to": "+15035550142"}
    ask(world, wish)
    with world.inside():
        row = IdempotencyKey.objects.get()
    assert row.digest != hashlib.sha256(json.dumps(wish).encode()).hexdigest()


@pytest.mark.django_db(transaction=True)
def test_four_at_once_make_one_thing(world: World) -> None:
    made: list[UUID] = []

    def act() -> UUID:
        made.append(uuid4())
        return made[-1]

    results = at_once([lambda: ask(world, {"a": 1}, act=act)] * 4)
    assert results == made * 4
