"""Which hours a business has: the default, changes with their history, and two editors at once."""

from datetime import timedelta

import pytest
from django.db import transaction

from audit.models import Entry
from callcrm.errors import Conflict, Invalid
from callcrm.lib.tenancy import business_scope
from telephony.hours import opening
from telephony.hours.week import WEEKDAYS
from telephony.models import OpeningHours

CHRISTMAS = {"2026-12-25": {"name": "Christmas", "windows": []}}


@pytest.fixture
def acme(world):
    with world.inside():
        yield world.acme


def test_a_business_without_hours_of_its_own_works_from_nine_to_five(acme):
    hours = opening.of(acme)
    assert hours.week == (((540, 1020),),) * 5 + ((), ())
    assert (hours.holidays, hours.zone.key) == ({}, "America/Los_Angeles")
    assert not OpeningHours.objects.exists()


def test_a_change_is_kept_in_one_spelling_and_written_down(acme, world):
    row = opening.change(acme, week={"tue": ["13:00-17:00", "09:00-12:00"]}, by=world.admin)
    assert list(row.week) == list(WEEKDAYS)
    assert row.week["tue"] == ["09:00-12:00", "13:00-17:00"]
    assert row.week["mon"] == []
    assert OpeningHours.objects.get().hours == opening.of(acme)
    [entry] = Entry.objects.of(acme.pk).filter(name="hours.changed")
    assert (entry.actor, entry.data["fields"]) == (f"member:{world.admin.pk}", ["week", "holidays"])


def test_what_is_not_given_stays(acme, world):
    opening.change(acme, week={"sat": ["10:00-13:00"]}, by=world.admin)
    row = opening.change(acme, holidays=CHRISTMAS, by=world.admin)
    assert row.week["sat"] == ["10:00-13:00"]
    assert row.holidays == CHRISTMAS
    entries = Entry.objects.of(acme.pk).filter(name="hours.changed").order_by("at")
    assert [entry.data["fields"] for entry in entries][-1] == ["holidays"]


def test_what_changes_nothing_is_no_change(acme, world):
    first = opening.change(acme, holidays=CHRISTMAS, by=world.admin)
    again = opening.change(acme, holidays=CHRISTMAS, by=world.admin)
    assert again.updated_at == first.updated_at
    assert Entry.objects.of(acme.pk).filter(name="hours.changed").count() == 1


def test_the_second_of_two_editors_is_told(acme, world):
    first = opening.change(acme, week={}, drawn=None, by=world.owner)
    for stale in (None, first.updated_at - timedelta(microseconds=1)):
        with pytest.raises(Conflict):
            opening.change(acme, week={"mon": ["09:00-10:00"]}, drawn=stale, by=world.admin)
    assert OpeningHours.objects.get().week["mon"] == []
    second = opening.change(acme, week={"mon": ["09:00-10:00"]}, drawn=first.updated_at, by=world.admin)
    assert second.updated_at > first.updated_at


def test_of_two_who_set_the_first_hours_one_is_told(acme, world, monkeypatch):
    opening.change(acme, week={}, drawn=None, by=world.owner)
    blind = OpeningHours.objects.none()
    monkeypatch.setattr(OpeningHours.objects, "select_for_update", lambda: blind)
    with pytest.raises(Conflict):
        opening.change(acme, week={"mon": ["09:00-10:00"]}, drawn=None, by=world.admin)
    assert OpeningHours.objects.get().week["mon"] == []


def test_unreadable_hours_are_refused_by_their_place(acme, world):
    with pytest.raises(Invalid) as refused:
        opening.change(acme, week={"mon": ["17:00-09:00"]}, by=world.admin)
    assert list(refused.value.fields) == ["week.mon"]
    assert not OpeningHours.objects.exists()


def test_a_change_that_is_rolled_back_leaves_no_entry(acme, world):
    with transaction.atomic():
        opening.change(acme, week={}, by=world.admin)
        transaction.set_rollback(True)
    assert not Entry.objects.of(acme.pk).filter(name="hours.changed").exists()


def test_no_change_is_kept_that_cannot_be_written_down(acme, world, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("the disk is full")

    monkeypatch.setattr(opening, "record", full)
    with pytest.raises(OSError, match="full"):
        opening.change(acme, week={}, by=world.admin)
    assert opening.row_of(acme) is None


def test_the_rivals_hours_are_its_own(world):
    with world.inside():
        opening.change(world.acme, week={}, by=world.owner)
    with business_scope(world.rival.pk):
        assert opening.row_of(world.acme) is None
        assert opening.of(world.rival).week[0] == ((540, 1020),)
