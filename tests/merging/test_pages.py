"""The pages and the address of the API by which two cards are merged."""

import pytest

from accounts.permissions import Role
from audit.models import Entry
from callcrm.errors import NotFound
from callcrm.testing import add_call, add_lead, add_member, login
from leads import editing
from leads.models import Lead
from telephony.models import Call
from tests.api import Api, fields, same
from tests.merging.conftest import WORK, plain


@pytest.fixture
def browser(world, client):
    return login(client, world.user)


def test_the_other_card_is_found_by_what_is_typed_and_nothing_typed_stands_in_the_address(
    browser, kept, gone
):
    answer = browser.post(f"/b/acme/leads/{kept.pk}/merge-searches/", {"q": "stone"})
    assert "stone" not in answer.headers["Location"]
    page = browser.get(answer.headers["Location"]).content.decode()
    assert f"?with={gone.pk}" in page
    assert f"?with={kept.pk}" not in page
    assert WORK not in page


def test_the_preview_says_what_moves_and_what_is_asked_and_shows_masks(world, browser, kept, gone):
    for tag in ("one", "two"):
        add_call(world.acme, gone, tags=[tag])
    page = browser.get(f"/b/acme/leads/{kept.pk}/merges/?with={gone.pk}").content.decode()
    assert '<span class="grow">Calls</span><span class="num">2</span>' in page
    assert page.count('type="radio" name="name"') == 2
    assert 'type="radio" name="email"' not in page, "only one of them has one"
    assert "cannot be undone" in page
    for hidden in ("Riverstone", "5550143", "dana@example"):
        assert hidden not in page


def test_a_person_is_not_made_spam_by_who_changes_nothing(world, browser, kept, gone):
    with world.inside():
        Lead.objects.filter(pk=kept.pk).update(status="spam")
        Lead.objects.filter(pk=gone.pk).update(status="contacted")
    page = browser.get(f"/b/acme/leads/{kept.pk}/merges/?with={gone.pk}").content.decode()
    assert '<input type="radio" name="status" value="gone" checked>' in page
    assert '<input type="radio" name="status" value="kept">' in page


def test_calls_that_one_may_not_see_are_not_counted_and_move_all_the_same(world, browser, kept, gone, merge):
    add_call(world.acme, gone, agent=world.admin)
    page = browser.get(f"/b/acme/leads/{kept.pk}/merges/?with={gone.pk}").content.decode()
    assert '<span class="grow">Calls</span><span class="num">0</span>' in page
    assert "move too, and are not counted here" in page
    merge()
    with world.inside():
        assert Call.objects.get().lead_id == kept.pk


def test_a_merge_is_confirmed_and_a_second_press_changes_nothing(world, browser, kept, gone):
    form = {"with": str(gone.pk), "name": "gone"}
    for _ in range(2):
        answer = browser.post(f"/b/acme/leads/{kept.pk}/merges/", form)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/b/acme/leads/{kept.pk}/")
    with world.inside():
        assert plain(kept)[0] == "D. Stone"
        assert Entry.objects.filter(name="lead.merged").count() == 1


def test_a_preview_of_what_cannot_move_has_no_button(world, browser, kept, gone):
    with world.inside():
        more = [(f"+1503555{n:04}", "other") for n in range(150, 159)]
        editing.change_phones(gone, add=more, by=world.user)
    path = f"/b/acme/leads/{kept.pk}/merges/"
    page = browser.get(f"{path}?with={gone.pk}").content.decode()
    assert "This cannot move." in page
    assert "Merge</button>" not in page
    assert browser.post(path, {"with": str(gone.pk)}).status_code == 409


def test_a_rivals_card_can_be_neither_previewed_nor_merged(world, browser, kept):
    theirs = add_lead(world.rival, name="Rita Vale")
    path = f"/b/acme/leads/{kept.pk}/merges/"
    assert browser.get(f"{path}?with={theirs.pk}").status_code == 404
    assert browser.post(path, {"with": str(theirs.pk)}).status_code == 404
    with world.inside(world.rival):
        assert Lead.objects.filter(pk=theirs.pk).exists()


def test_a_known_number_leads_to_a_merge(world, browser, kept, gone):
    answer = browser.post(f"/b/acme/leads/{kept.pk}/edits/", {"add_number": WORK, "add_kind": "work"})
    assert f"/leads/{kept.pk}/merges/?with={gone.pk}" in answer.content.decode()


# --- The API


def test_a_program_merges_and_gets_the_lead_that_stays(world, kept, gone):
    body = {"with": str(gone.pk), "take": {"name": "gone"}}
    answer = Api(world.user).post(f"leads/{kept.pk}/merges/", body)
    assert answer.status_code == 201, answer.content
    assert answer.json()["id"] == str(kept.pk)
    assert answer.json()["name"] == "D. S."
    assert len(answer.json()["phones"]) == 2
    assert Api(world.user).get(f"leads/{gone.pk}/").status_code == 404


def test_a_program_is_told_which_field_is_wrong(world, kept):
    theirs = add_lead(world.rival)
    program = Api(world.user)
    path = f"leads/{kept.pk}/merges/"
    assert "with" in fields(program.post(path, {}))
    for other in (kept.pk, theirs.pk, world.acme.pk):
        answer = program.post(path, {"with": str(other)})
        assert (answer.status_code, "with" in fields(answer)) == (400, True)
    assert "take.name" in fields(program.post(path, {"with": str(kept.pk), "take": {"name": "mine"}}))
    assert same(program.post(path, {"with": str(theirs.pk)})) == same(
        program.post(path, {"with": str(world.acme.pk)})
    )


def test_who_may_edit_may_merge_and_needs_no_right_to_delete(world, kept, gone):
    somebody = add_member(world.acme, Role.USER, "second@acme.example")
    assert Api(somebody).post(f"leads/{kept.pk}/merges/", {"with": str(gone.pk)}).status_code == 201


def test_a_member_who_was_sent_on_still_gets_what_he_wrote_to(world, kept, gone, merge):
    """He had the card open when it went: what he writes is refused and not lost under a key that is gone."""
    merge()
    with world.inside():
        with pytest.raises(NotFound):
            editing.add_note(gone, "Has a dog.", by=world.user)
        with pytest.raises(NotFound):
            editing.update(gone, {"status": "won"}, by=world.user)
