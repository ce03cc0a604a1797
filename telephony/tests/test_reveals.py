"""Texts in which something is hidden can be read whole: for a reason, counted, written down, kept nowhere."""

import pytest

from accounts import visits
from audit.models import Entry
from callcrm.testing import add_call, add_lead, add_message, add_superuser, login
from leads import editing

TEXT = "Call me at (206) 555-0177, ask for Dana."
PLAIN = "555-0177"


@pytest.fixture
def told(world):
    """One of each text about Dana, and a note on somebody who withheld his number: address and history of each."""
    lead = add_lead(world.acme, name="Dana Riverstone")
    call, withheld = add_call(world.acme, lead, note=TEXT), add_call(world.acme, withheld=True, note=TEXT)
    message = add_message(world.acme, lead, TEXT)
    unknown = add_message(world.acme, lead, TEXT, phone=None)
    with world.inside():
        note = editing.add_note(lead, TEXT, by=world.owner)
        unknown.lead, unknown.body = None, TEXT
        unknown.save()
    return {
        "note": (f"notes/{note.pk}/reveals/", lead.pk, "lead.revealed", ["note"]),
        "call": (f"calls/{call.pk}/note-reveals/", lead.pk, "lead.revealed", ["call note"]),
        "text": (f"messages/{message.pk}/reveals/", lead.pk, "lead.revealed", ["text"]),
        "withheld": (f"calls/{withheld.pk}/note-reveals/", withheld.pk, "call.note_revealed", None),
        "unknown": (f"messages/{unknown.pk}/reveals/", unknown.pk, "message.revealed", None),
        "page": f"/b/acme/leads/{lead.pk}/",
    }


KINDS = ["note", "call", "text", "withheld", "unknown"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_shown_whole_for_a_reason_and_it_is_in_the_history(world, client, told, kind):
    path, subject, name, fields = told[kind]
    login(client, world.user)
    asked = client.get(f"/b/acme/{path}")
    assert "Why do you need it?" in asked.content.decode()
    assert PLAIN not in asked.content.decode()
    shown = client.post(f"/b/acme/{path}", {"reason": "call_back"}, headers={"HX-Request": "true"})
    assert TEXT in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    with world.inside():
        [entry] = Entry.objects.about(world.acme.pk, subject).filter(name=name)
    assert (entry.actor, entry.data["reason"]) == (world.user.audit_actor, "call_back")
    assert entry.data.get("fields") == fields
    assert PLAIN not in str(entry.data)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_reason_nothing_is_shown_and_nothing_is_counted(world, client, told, kind):
    path, subject, name, _ = told[kind]
    login(client, world.user)
    answer = client.post(f"/b/acme/{path}", {"reason": "curious"})
    assert answer.status_code == 422
    assert PLAIN not in answer.content.decode()
    with world.inside():
        assert not Entry.objects.about(world.acme.pk, subject).filter(name=name).exists()


def test_texts_count_against_the_one_budget_of_reveals(world, client, told, settings):
    settings.RATE_LIMIT_REVEALS = "2/h"
    login(client, world.user)
    answers = [
        client.post(f"/b/acme/{told[kind][0]}", {"reason": "verify"}) for kind in ("note", "call", "text")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert PLAIN not in answers[2].content.decode()


def test_a_text_to_somebody_elses_person_is_not_there(world, client):
    lead = add_lead(world.acme, assigned_to=world.admin)
    message = add_message(world.acme, lead, TEXT)
    call = add_call(world.acme, lead, agent=world.admin, note=TEXT)
    login(client, world.user)
    for path in (f"messages/{message.pk}/reveals/", f"calls/{call.pk}/note-reveals/"):
        assert client.post(f"/b/acme/{path}", {"reason": "verify"}).status_code == 404


def test_the_timeline_has_an_eye_where_something_is_hidden_and_nowhere_else(world, client, told):
    login(client, world.user)
    page = client.get(told["page"]).content.decode()
    assert PLAIN not in page
    for kind in ("note", "call", "text"):
        assert f'href="/b/acme/{told[kind][0]}"' in page
    lead = add_lead(world.acme, name="Ida Brook")
    add_call(world.acme, lead, note="Two storeys, built in 1984.")
    add_message(world.acme, lead)
    with world.inside():
        editing.add_note(lead, "Has a dog.", by=world.owner)
        cut = editing.add_note(lead, "Brook was not at home.", by=world.owner)
    page = client.get(f"/b/acme/leads/{lead.pk}/").content.decode()
    assert "Two storeys, built in 1984." in page
    assert [line for line in page.split('"') if line.endswith("reveals/")] == [
        f"/b/acme/notes/{cut.pk}/reveals/"
    ] * 2


def test_the_page_of_a_call_says_why_a_note_is_masked_and_how_to_read_it(world, client):
    lead = add_lead(world.acme)
    masked, plain = (add_call(world.acme, lead, note=note) for note in (TEXT, "Has a dog."))
    login(client, world.user)
    page = client.get(f"/b/acme/calls/{masked.pk}/").content.decode()
    assert "are hidden, as everywhere, to protect the caller." in page
    assert "press the eye and choose why you need them" in page
    assert "are hidden" not in client.get(f"/b/acme/calls/{plain.pk}/").content.decode()
    root = add_superuser()
    visits.start(root, world.acme, "To look at a fault.")
    visited = login(client, root).get(f"/b/acme/calls/{masked.pk}/").content.decode()
    assert "You may not open them." in visited
    assert "press the eye" not in visited
