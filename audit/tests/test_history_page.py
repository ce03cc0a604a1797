"""The page of the history: in words, with ways to what an entry is about."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts import visits
from audit.events import REGISTRY, sentence_of
from audit.recording import entry_for
from callcrm.testing import add_call, add_lead, add_superuser, login
from leads import editing
from leads.events import LeadCreated
from telephony.events import CallEnded, MessageReceived

HISTORY = "/b/acme/audit/"


@pytest.fixture
def history(world, client):
    login(client, world.owner)
    return lambda query="": client.get(f"{HISTORY}?{query}")


def sentences(answer):
    return [row.sentence for row in answer.context["page"].rows]


def write(world, event, **values):
    entry = entry_for(event, by=None, business_id=world.acme.pk)
    for name, value in values.items():
        setattr(entry, name, value)
    with world.inside():
        entry.save()


def test_a_row_leads_to_the_call_or_the_lead_it_is_about(world, history):
    lead = add_lead(world.acme)
    call = add_call(world.acme, lead)
    write(world, CallEnded(call_id=call.pk, outcome="answered"))
    page = history().content.decode()
    for text in (f'href="/b/acme/calls/{call.pk}/">Open call', f'href="/b/acme/leads/{lead.pk}/">Open lead'):
        assert text in page
    assert f"?subject={call.pk}" in page
    assert f'href="/b/acme/numbers/{world.number.pk}/">Open number' in page


def test_a_text_leads_to_its_lead_whose_history_is_another(world, history):
    lead, message = add_lead(world.acme), uuid4()
    write(world, MessageReceived(message_id=message, lead_id=lead.pk))
    row = history("name=message.received").context["page"].rows[0]
    assert (row.url, row.is_subject) == (f"/b/acme/leads/{lead.pk}/", False)
    assert str(message) not in history("name=message.received").content.decode()


def test_a_deleted_lead_has_no_page_to_open(world, history):
    lead = add_lead(world.acme)
    with world.inside():
        editing.delete(lead, by=world.owner)
    rows = history(f"name=lead.deleted&subject={lead.pk}").context["page"].rows
    assert [row.url for row in rows] == [""]


def test_what_can_be_chosen_is_written_in_words(history):
    chosen = {chip.name: chip for chip in history().context["filters"]}["name"]
    assert sorted(value for value, _ in chosen.options) == sorted(REGISTRY)
    assert not [label for _, label in chosen.options if "." in label or "_" in label]
    assert "Lead status changed" in dict(chosen.options).values()
    assert "Other" not in chosen.headings.values()  # whoever adds a family says where it belongs


def test_codes_are_written_as_words_and_what_people_wrote_is_not():
    revealed = sentence_of("lead.revealed", {"fields": ["phones", "e_mail"], "reason": "call_back"})
    assert revealed == "revealed the phones and e mail (to call back)"
    assert sentence_of("business.changed", {"fields": ["timezone", "region"]}).endswith(
        ": time zone and country"
    )
    denied = {"permission": "view_all_communications", "view": "calls"}
    assert sentence_of("access.denied", denied) == "was refused: may not see the calls and texts of everybody"
    assert sentence_of("access.denied", denied | {"permission": "another right"}).endswith("may not do that")
    assert sentence_of("platform.visit_started", {"reason": "Look at a_b."}).endswith(": Look at a_b.")


def test_visits_of_platform_support_are_found_together(world, history):
    root = add_superuser()
    with world.inside():
        for reason in ("First", "Second"):
            visits.start(root, world.acme, reason)
    found = history("actor=visit")
    assert {row.who for row in found.context["page"].rows} == {"Platform support"}
    assert sum("came in for an hour" in text for text in sentences(found)) == 2
    assert ("visit", "Platform support") in found.context["filters"][2].options


def test_the_days_are_those_of_the_business(world, history):
    lead = add_lead(world.acme)
    old = LeadCreated(lead_id=lead.pk, via="import")
    write(world, old, at=timezone.now() - timedelta(days=3))
    assert "added the lead by import" in sentences(history("days=7"))
    assert "added the lead by import" not in sentences(history("days=1"))
    for wrong in ("0", "2", "x", "\0"):
        assert history(f"days={wrong}").status_code == 400
