"""Correcting a person by hand: what is not named stays, what shall go goes, and nothing plain is sent to the form."""

import re

import pytest

from audit.models import Entry
from callcrm.errors import Conflict, Invalid
from callcrm.testing import add_lead, login
from leads import editing
from leads.models import Lead, LeadPhone

MOBILE, WORK, NEW = "+15035550142", "+15035550143", "+15035550144"


@pytest.fixture
def lead(world):
    values = {"name": "Dana Riverstone", "email": "dana@example.com", "notes": "Ask for the garage code."}
    return add_lead(world.acme, phones=[MOBILE, WORK], **values)


@pytest.fixture
def edit(world, client, lead):
    """Send the form of the lead as the browser would, with these changes."""
    login(client, world.user)
    path = f"/b/acme/leads/{lead.pk}/edits/"

    def send(**changes):
        with world.inside():
            kinds = {f"kind_{phone.pk}": phone.kind for phone in LeadPhone.objects.filter(lead=lead)}
        return client.post(
            path, {"source": "", "value": "", "tags": "", "add_kind": "mobile"} | kinds | changes
        )

    send.page = lambda: client.get(path).content.decode()
    return send


def numbers(world, lead):
    with world.inside():
        return [
            (row.number.reveal(), row.kind)
            for row in LeadPhone.objects.filter(lead=lead).select_related("lead")
        ]


def phone_of(world, lead, number):
    with world.inside():
        rows = LeadPhone.objects.filter(lead=lead).select_related("lead")
        return next(row.pk for row in rows if row.number.reveal() == number)


def sealed(world, lead):
    with world.inside():
        row = Lead.objects.get(pk=lead.pk)
        return [value and value.reveal() for value in (row.name, row.email, row.notes)]


def told(world, lead):
    with world.inside():
        return [
            entry.data["fields"]
            for entry in Entry.objects.about(world.acme.pk, lead.pk).filter(name="lead.changed")
        ]


def test_the_form_shows_masks_and_nothing_plain(edit):
    page = edit.page()
    for plain in ("Riverstone", "dana@example", "garage", "5550142", "555-0142"):
        assert plain not in page
    assert "Now: da***@example.com; an empty field leaves it." in page
    assert page.count('name="remove_') == 2


def test_a_form_that_is_sent_as_it_came_changes_nothing(world, lead, edit):
    assert edit().status_code == 302
    assert numbers(world, lead) == [(MOBILE, "other"), (WORK, "other")]
    assert sealed(world, lead) == ["Dana Riverstone", "dana@example.com", "Ask for the garage code."]
    assert told(world, lead) == []


def test_a_number_is_added_and_the_others_stay(world, lead, edit):
    assert edit(add_number="(503) 555-0144", add_kind="work").status_code == 302
    assert numbers(world, lead) == [(MOBILE, "other"), (WORK, "other"), (NEW, "work")]
    assert told(world, lead) == [["phones"]]


def test_one_number_is_removed_and_another_gets_its_kind(world, lead, edit):
    first, second = (phone_of(world, lead, number) for number in (MOBILE, WORK))
    assert edit(**{f"remove_{first}": "on", f"kind_{second}": "work"}).status_code == 302
    assert numbers(world, lead) == [(WORK, "work")]
    other = add_lead(world.acme, phones=[MOBILE])  # nobody's now
    assert numbers(world, other) == [(MOBILE, "other")]


def test_what_is_known_can_be_taken_away(world, lead, edit):
    assert edit(clear_email="on", clear_notes="on").status_code == 302
    assert sealed(world, lead) == ["Dana Riverstone", None, None]
    assert told(world, lead) == [["email", "notes"]]
    assert 'name="clear_email"' not in edit.page()


def test_writing_and_taking_away_at_once_is_asked_about(world, lead, edit):
    answer = edit(email="new@example.com", clear_email="on")
    assert answer.status_code == 422
    assert "not both" in answer.content.decode()
    assert sealed(world, lead)[1] == "dana@example.com"


def test_a_number_of_somebody_else_leads_to_him_and_changes_nothing(world, lead, edit):
    other = add_lead(world.acme, name="Ida Brook", phones=[NEW])
    answer = edit(add_number=NEW, name="Somebody Else")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="/b/acme/leads/{other.pk}/"' in page
    assert "Ida B." in page
    assert numbers(world, lead) == [(MOBILE, "other"), (WORK, "other")]
    assert sealed(world, lead)[0] == "Dana Riverstone"


def test_a_new_lead_with_a_known_number_leads_to_who_has_it(world, client, lead):
    login(client, world.user)
    answer = client.post("/b/acme/leads/new/", {"name": "Ida Brook", "phones": f"{NEW}, {MOBILE}"})
    assert answer.status_code == 422
    assert f'href="/b/acme/leads/{lead.pk}/"' in answer.content.decode()
    assert "Riverstone" not in answer.content.decode()


def test_a_rivals_number_is_nobodys_here(world, client):
    add_lead(world.rival, phones=[MOBILE])
    login(client, world.user)
    assert client.post("/b/acme/leads/new/", {"phones": MOBILE}).status_code == 302


@pytest.mark.parametrize("text", ["12", "hello", "+1"])
def test_an_odd_number_is_named_where_it_was_typed(world, lead, edit, text):
    answer = edit(add_number=text)
    assert answer.status_code == 422
    assert 'id="id_add_number_error"' in answer.content.decode()
    assert len(numbers(world, lead)) == 2


def test_an_odd_amount_is_named(edit):
    answer = edit(value="a lot")
    assert answer.status_code == 422
    assert 'id="id_value_error"' in answer.content.decode()


def test_a_lead_has_at_most_ten_numbers(world, lead):
    more = [(f"+1503555{n:04}", "other") for n in range(150, 159)]
    with world.inside(), pytest.raises(Invalid):
        editing.change_phones(lead, add=more, by=world.user)
    with world.inside():
        editing.change_phones(lead, add=more[:8], by=world.user)
    assert len(numbers(world, lead)) == 10


def test_a_refused_number_leaves_what_was_to_be_removed(world, lead):
    add_lead(world.acme, phones=[NEW])
    with world.inside(), pytest.raises(Conflict):
        editing.change_phones(
            lead, add=[(NEW, "other")], remove=[phone_of(world, lead, MOBILE)], by=world.user
        )
    assert len(numbers(world, lead)) == 2


@pytest.mark.parametrize("page", ["/b/acme/leads/{}/", "/b/acme/desk/?lead={}"])
def test_a_form_that_stood_open_puts_nothing_of_a_colleague_back(world, client, page):
    lead = add_lead(world.acme)
    login(client, world.user)
    html = client.get(page.format(lead.pk)).content.decode()
    hidden = re.findall(
        r'<input type="hidden" name="(status_was|assigned_to_was)"(?: value="([^"]*)")?', html
    )
    assert len(hidden) == 2
    form = {"status": "new", "assigned_to": ""} | dict(hidden)
    with world.inside():
        editing.update(lead, {"assigned_to": world.admin}, by=world.admin)
    client.post(f"/b/acme/leads/{lead.pk}/moves/", form | {"status": "contacted"})
    with world.inside():
        lead.refresh_from_db()
        assert (lead.status, lead.assigned_to_id) == ("contacted", world.admin.pk)
        editing.update(lead, {"status": "won"}, by=world.admin)
    client.post(f"/b/acme/leads/{lead.pk}/moves/", form | {"assigned_to": str(world.user.pk)})
    with world.inside():
        lead.refresh_from_db()
    assert (lead.status, lead.assigned_to_id) == ("won", world.user.pk)
