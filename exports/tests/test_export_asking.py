"""Who may ask for a file and take it, what is written down of it, and what is asked twice or is nonsense."""

import pytest

from accounts.permissions import Role
from audit.models import Entry
from callcrm.errors import Conflict, Denied, Invalid, NotFound, TooMany
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_member
from exports import asking, taking, writing
from exports.models import Export
from exports.tests.reading import again, taken, waiting

pytestmark = pytest.mark.django_db
State = Export.State


# --- Who may


def test_who_may_not_export_does_not(world, ask):
    with pytest.raises(Denied):
        ask(by=world.user)


def test_nobody_takes_what_another_has_asked_for(world, lead, export):
    made = export()
    for other in (world.owner, add_member(world.acme, Role.ADMIN, "second@acme.example")):
        with world.inside(), pytest.raises(Conflict, match="Somebody else"):
            taking.take(made, by=other)
        with world.inside(), pytest.raises(Conflict, match="Somebody else"):
            asking.again(made, by=other)


def test_who_loses_the_right_meanwhile_gets_no_file(world, lead, ask):
    asked = ask()
    with world.inside():
        type(world.admin).objects.filter(pk=world.admin.pk).update(role=Role.USER)
    writing.carry_out(world.acme.pk, asked.pk)
    found = again(world, asked)
    assert (found.state, found.failure, found.why) == (
        State.FAILED,
        "no_right",
        "Who asked for it may no longer export.",
    )


def test_who_loses_the_right_afterwards_does_not_take_it(world, export):
    made = export()
    world.admin.role = Role.USER
    with world.inside(), pytest.raises(Denied):
        taking.take(made, by=world.admin)


def test_asking_and_each_download_are_in_the_history_without_what_was_filtered(world, lead, export):
    made = export({"tag": "secret word"})
    for _ in range(2):
        taken(world, made)
    with world.inside():
        entries = Entry.objects.about(world.acme.pk, made.pk).order_by("pk")
        assert [entry.name for entry in entries] == [
            "export.asked",
            "export.written",
            "export.downloaded",
            "export.downloaded",
        ]
        assert entries[0].data["filters"] == ["tag"]
        assert "secret" not in str([entry.data for entry in entries])


def test_asking_has_a_limit(world, ask, settings):
    settings.RATE_LIMIT_EXPORTS = "1/h"
    ask()
    with pytest.raises(TooMany):
        ask()


# --- Twice, and nonsense


def test_one_button_is_one_export_however_often_it_is_pressed(world, ask):
    first = ask({"outcome": "missed"}, key="a")
    assert ask({"outcome": "missed"}, key="a").pk == first.pk
    assert waiting() == 1
    with pytest.raises(Conflict):
        ask({"outcome": "answered"}, key="a")


@pytest.mark.parametrize("given", [{"outcome": "odd"}, {"days": "0"}, {"since": "soon"}, {"mine": "no"}])
def test_a_filter_that_is_nonsense_is_refused_at_once(world, ask, given):
    with pytest.raises(Invalid):
        ask(given)
    assert waiting() == 0


def test_of_chosen_calls_there_is_one_at_least_and_one_that_he_sees(world, ask):
    for pks in ([], [uuid7() for _ in range(201)]):
        with pytest.raises(Invalid):
            ask({}, pks)
    with pytest.raises(NotFound):
        ask({}, [add_call(world.rival).pk])
