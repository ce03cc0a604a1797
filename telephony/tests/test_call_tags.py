"""The rows of tags follow the calls, whoever writes them; the list by tag is the list of all, without the others."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from callcrm.testing import World, add_call
from telephony import editing
from telephony.models import Call, CallTag

pytestmark = pytest.mark.django_db


def kept(world: World) -> set[tuple[Any, ...]]:
    with world.inside():
        return set(CallTag.objects.values_list("call_id", "tag", "started_at"))


def expected(*calls: Call) -> set[tuple[Any, ...]]:
    return {(call.pk, tag, call.started_at) for call in calls for tag in call.tags}


def test_a_call_has_a_row_for_each_of_its_tags(world: World) -> None:
    call, plain = add_call(world.acme, tags=["leak", "roof"]), add_call(world.acme)
    assert kept(world) == expected(call, plain)
    assert len(kept(world)) == 2


def test_blanks_within_a_tag_are_one(world: World) -> None:
    assert editing.clean_tags([" big  one ", "big one", " "]) == ["big one"]


def test_the_rows_follow_what_staff_change(world: World) -> None:
    call = add_call(world.acme, tags=["leak", "roof"])
    with world.inside():
        call = editing.update_call(call, {"tags": ["roof", "urgent"]}, by=world.user)
    assert kept(world) == expected(call)
    with world.inside():
        call = editing.update_call(call, {"tags": []}, by=world.user)
    assert kept(world) == set()


def test_the_rows_follow_many_calls_at_once_and_the_beginning_of_a_call(world: World) -> None:
    calls = [add_call(world.acme, tags=["leak"]) for _ in range(2)]
    earlier = now() - timedelta(hours=1)
    with world.inside():
        Call.objects.update(tags=["leak", "again"], started_at=earlier)
        again = list(Call.objects.filter(pk__in=[call.pk for call in calls]))
    assert kept(world) == expected(*again)
    assert {at for _, _, at in kept(world)} == {earlier}


def test_a_tag_that_stands_twice_has_one_row_and_goes_with_its_call(world: World) -> None:
    call = add_call(world.acme, tags=["leak", "leak"])
    assert len(kept(world)) == 1
    with world.inside():
        Call.objects.filter(pk=call.pk).delete()
    assert kept(world) == set()


def test_a_change_of_something_else_leaves_the_rows_alone(world: World) -> None:
    call = add_call(world.acme, tags=["leak"])
    with world.inside():
        before = CallTag.objects.get().pk
        editing.update_call(call, {"disposition": "Booked"}, by=world.user)
        assert CallTag.objects.get().pk == before
