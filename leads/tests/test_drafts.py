"""What is being written about a person is kept for its writer, until it is a note or a day is over."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils.timezone import now

from accounts import visits
from accounts.permissions import GRANTS, Permission, Role
from audit.models import Entry
from callcrm.errors import NotFound
from callcrm.testing import add_lead, add_superuser, login
from leads import drafts, editing, merging
from leads.models import DRAFT_KEPT, NoteDraft
from telephony.tasks import trim_feed

TYPED = "Wants a quote, call +1 503 555 0142"


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name="Dana Riverstone")


@pytest.fixture
def write(world, lead):
    """Type at the desk, as this member."""

    def send(text=TYPED, member=None, what="note-drafts"):
        return login(Client(), member or world.user).post(f"/b/acme/leads/{lead.pk}/{what}/", {"body": text})

    return send


def kept(world, lead, member=None):
    with world.inside():
        return drafts.of(lead, member or world.user)


def count(world):
    with world.inside():
        return NoteDraft.objects.count()


def test_what_was_typed_stands_in_the_box_again_on_both_pages(world, lead, write):
    assert write().status_code == 204
    for page in (f"/b/acme/desk/?lead={lead.pk}", f"/b/acme/leads/{lead.pk}/"):
        html = login(Client(), world.user).get(page).content.decode()
        assert f"{TYPED}</textarea>" in html
        assert "Draft, seen by you alone" in html


def test_nobody_else_sees_it_not_even_the_owner(world, lead, write):
    write()
    for member in (world.owner, world.admin):
        html = login(Client(), member).get(f"/b/acme/desk/?lead={lead.pk}").content.decode()
        assert "Wants a quote" not in html
        assert kept(world, lead, member) == ""
    write("Mine.", world.owner)
    assert (kept(world, lead), kept(world, lead, world.owner)) == (TYPED, "Mine.")


def test_it_is_sealed_where_it_lies_and_stands_in_no_history(world, lead, write):
    before = Entry.objects.count()
    write()
    with world.inside(), connection.cursor() as cursor:
        cursor.execute("SELECT body FROM leads_notedraft")
        assert b"quote" not in bytes(cursor.fetchone()[0])
    assert Entry.objects.exclude(name__startswith="login").count() == before


def test_the_last_word_of_two_tabs_stays(world, lead, write):
    write("One")
    write("Another")
    assert (kept(world, lead), count(world)) == ("Another", 1)


def test_an_emptied_box_leaves_nothing(world, lead, write):
    write()
    assert write("  \n").status_code == 204
    assert count(world) == 0


def test_the_note_takes_its_place_and_what_was_typed_before_comes_too_late(world, lead, write):
    write()
    assert write(f"{TYPED}\r\non Tuesday.", what="notes").status_code == 302
    assert count(world) == 0
    write(f"{TYPED}\non")  # was under way when the note was sent
    assert count(world) == 0
    write("Something else")
    assert kept(world, lead) == "Something else"


def test_anothers_note_leaves_mine_alone(world, lead, write):
    write()
    write(TYPED, world.owner, what="notes")
    assert kept(world, lead) == TYPED
    write(f"{TYPED[:5]}")
    assert kept(world, lead) == TYPED[:5]


@pytest.mark.parametrize("text", ["x" * 5_001, "a\0b"])
def test_what_could_be_no_note_is_refused(world, lead, write, text):
    write()
    assert write(text).status_code == 422
    assert kept(world, lead) == TYPED


def test_a_day_later_it_is_gone(world, lead, write):
    write()
    with world.inside():
        NoteDraft.objects.update(saved_at=now() - DRAFT_KEPT - timedelta(seconds=1))
    assert kept(world, lead) == ""
    trim_feed(0)
    assert count(world) == 0


def test_it_goes_with_the_person_and_moves_with_his_card(world, lead, write):
    write()
    twin = add_lead(world.acme, name="D. Riverstone", phones=[])
    with world.inside():
        drafts.keep(twin, "Of the twin", by=world.user)
        drafts.keep(twin, "Of the owner", by=world.owner)
        merging.merge(lead, twin, {}, by=world.owner)
    assert (kept(world, lead), kept(world, lead, world.owner)) == (TYPED, "Of the owner")
    with world.inside():
        editing.delete(lead, by=world.owner)
        with pytest.raises(NotFound):
            drafts.keep(lead, "Too late", by=world.user)
    assert count(world) == 0


def test_drafts_are_in_nobodys_way_when_cards_are_merged(world, lead):
    """One that cannot be opened is lost, and one of long ago gives way."""
    twin = add_lead(world.acme, name="D. Riverstone", phones=[])
    with world.inside():
        drafts.keep(twin, "Of the user", by=world.user)
        drafts.keep(twin, "Of the owner", by=world.owner)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE leads_notedraft SET body = set_byte(body, 40, get_byte(body, 40) # 1) WHERE member_id = %s",
                [world.owner.pk],
            )
        drafts.keep(lead, "Of long ago", by=world.user)
        NoteDraft.objects.filter(lead=lead).update(saved_at=now() - DRAFT_KEPT - timedelta(seconds=1))
        merging.merge(lead, twin, {}, by=world.owner)
    assert (kept(world, lead), kept(world, lead, world.owner)) == ("Of the user", "")


def test_who_may_only_look_has_no_draft(world, lead, write, monkeypatch):
    write()
    root = add_superuser()
    visits.start(root, world.acme, "Ticket 12")
    guest = login(Client(), root)
    assert guest.post(f"/b/acme/leads/{lead.pk}/note-drafts/", {"body": TYPED}).status_code == 403
    monkeypatch.setitem(GRANTS, Role.USER, GRANTS[Role.USER] - {Permission.EDIT_CUSTOMERS})
    assert kept(world, lead) == ""
    assert count(world) == 1


def test_a_draft_is_kept_by_nobody_of_another_business_and_read_at_no_address(world, lead, write, client):
    write()
    visitor = login(client, world.rival_owner).post(f"/b/acme/leads/{lead.pk}/note-drafts/", {"body": "x"})
    assert visitor.status_code == 404
    assert login(client, world.user).get(f"/b/acme/leads/{lead.pk}/note-drafts/").status_code == 405
    assert count(world) == 1
