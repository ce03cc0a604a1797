"""The timeline of a person: what happened stays in sight, however often somebody looked; all of it in words."""

import pytest

from audit.events import sentence_of
from callcrm import timeline
from callcrm.testing import add_call, add_lead, login, ring
from leads import editing, intake, reveals
from leads.reveals import Reason


@pytest.fixture
def lines(world, client):
    """What the page of a lead says beside calls and texts, newest first."""
    login(client, world.owner)

    def read(lead):
        moments = client.get(f"/b/acme/leads/{lead.pk}/").context["timeline"]
        return [(moment.head, moment.text) if moment.kind == "entry" else moment.kind for moment in moments]

    return read


def look(world, lead, *fields, by=None, reason="call_back"):
    with world.inside():
        reveals.reveal(lead, fields, reason, by=by or world.user)


def test_reveals_next_to_each_other_are_one_line_for_each_who_looked(world, lines):
    lead = add_lead(world.acme, name="Dana Riverstone", by=world.owner)
    for reason in ("call_back", "verify", "call_back"):
        look(world, lead, "phones", reason=reason)
        look(world, lead, "phones", "email", by=world.admin)
    with world.inside():
        editing.add_note(lead, "Has a dog.", by=world.owner)
    look(world, lead, "name")
    assert lines(lead) == [
        (world.user.name, "revealed the name (to call back)"),
        "note",
        (world.admin.name, "revealed the phones and e-mail, 3 times"),
        (world.user.name, "revealed the phones, 3 times"),
        (world.owner.name, "added the lead by hand"),
    ]


def test_many_reveals_push_nothing_away(world, lines, settings, monkeypatch):
    monkeypatch.setattr(timeline, "SHOWN", 3)
    lead = add_lead(world.acme, by=world.owner)
    add_call(world.acme, lead)
    for _ in range(8):
        look(world, lead, "phones")
    shown = lines(lead)
    assert "call" in shown
    assert (world.owner.name, "added the lead by hand") in shown


def test_who_called_became_a_lead_by_calling(world, client, lines):
    ring(client, "+15035550142")
    with world.inside():
        lead = intake.find(world.acme.pk, "+15035550142").lead
    assert ("Became a lead", "by calling") in lines(lead)
    page = client.get(f"/b/acme/leads/{lead.pk}/").content.decode()
    assert "<dt>Phone</dt>" in page
    assert "<dt>Other</dt>" not in page


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("lead.changed", {"fields": ["name", "email"]}, "changed the name and e-mail"),
        ("lead.changed", {"fields": ["name", "value", "tags"]}, "changed the name, expected value and tags"),
        ("lead.changed", {"fields": ["phones"]}, "changed the phones"),
        ("lead.created", {"via": "call"}, "added the lead for a new caller"),
        ("lead.created", {"via": "the API"}, "added the lead through the API"),
        ("lead.created", {}, "added the lead ?"),
        ("message.revealed", {"reason": "legal"}, "revealed the text (for a legal request)"),
    ],
)
def test_the_history_speaks_in_words(name, data, said):
    assert sentence_of(name, data) == said


def test_every_reason_has_words():
    told = {sentence_of("lead.revealed", {"fields": ["name"], "reason": reason}) for reason in Reason.values}
    assert len(told) == len(Reason.values)
    assert not [text for text in told for reason in Reason.values if f"({reason})" in text]
