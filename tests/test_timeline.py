"""The timeline of a person: what happened stays in sight, however often somebody looked; all of it in words."""

import re
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from audit.events import sentence_of
from callcrm import timeline
from callcrm.testing import add_call, add_lead, assert_flat_queries, login, ring, sid
from leads import editing, intake, reveals
from leads.reveals import Reason
from recordings.models import Recording
from telephony.models import Call
from telephony.outgoing import calling as outgoing
from telephony.outgoing import telephones


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


def test_who_called_out_is_not_said_to_have_answered(world, client):
    lead = add_lead(world.acme, by=world.owner)
    out = {"direction": "outbound", "agent": world.user}
    vain = {"outcome": "missed", "answered_at": None, "talk_seconds": None}
    add_call(world.acme, lead, **out)
    add_call(world.acme, lead, **out | vain)
    add_call(world.acme, lead, agent=world.user)
    add_call(world.acme, lead, **vain)
    login(client, world.owner)
    moments = client.get(f"/b/acme/leads/{lead.pk}/").context["timeline"]
    assert {moment.text for moment in moments if moment.kind == "call"} == {
        f"by {world.user.name}, answered, talked 1:00",
        f"by {world.user.name}, not reached",
        f"answered by {world.user.name} in 8 s, talked 1:00, from Google Ads",
        "waited 8 s, from Google Ads",
    }


@pytest.mark.parametrize("ahead", [-300, -1, 0, 1, 300])
def test_who_called_became_a_lead_after_that_call_and_before_the_next_whatever_the_clock_of_the_provider(
    world, client, lines, ahead
):
    """Three calls are told of at once; the provider says that each began a little after the one before."""
    for n in range(3):
        at = format_datetime(timezone.now() + timedelta(seconds=ahead + 10 * n))
        ring(client, "+15035550142", Timestamp=at)
    with world.inside():
        lead = intake.find(world.acme.pk, "+15035550142").lead
    assert lines(lead) == ["call", "call", ("Became a lead", "by calling"), "call"]


def test_who_is_called_for_the_first_time_was_added_before(world, lines):
    with world.inside():
        telephones.choose(world.user, "+15035550181")
        call = outgoing.place(world.acme, {"to": "+12065550111"}, by=world.user)
        Call.objects.filter(pk=call.pk).update(started_at=call.started_at.replace(microsecond=0))
    assert lines(call.lead) == ["call", (world.user.name, "added the lead by hand")]


VOICEMAIL = {"outcome": "voicemail", "answered_at": None, "talk_seconds": None}


def leave(world, lead, **values):
    """The lead leaves a message."""
    call = add_call(world.acme, lead, **VOICEMAIL)
    fields = {"kind": "voicemail", "state": "stored", "is_complete": True, "audio_seconds": 23.4} | values
    with world.inside():
        at = {"provider_id": sid("RE"), "created_at": call.started_at}
        left = Recording(business=world.acme, call=call, **at | fields)
        left.make_words_key()
        left.transcript = "This is Nora, call 206 555 0147."
        left.save()
    return call


@pytest.mark.parametrize("page", ["leads/{}/", "desk/?lead={}"])
def test_a_message_is_told_with_its_length_its_words_and_the_way_to_hear_it(world, client, page):
    """Masked as everywhere, his name and number too."""
    lead = add_lead(world.acme, name="Nora Field")
    older, _ = leave(world, lead), leave(world, lead)
    html = login(client, world.owner).get(f"/b/acme/{page.format(lead.pk)}").content.decode()
    told, before = re.findall(r"<b>Left a message</b>.*?</li>", html, re.DOTALL)
    assert '<span class="muted">0:23, from Google Ads</span>' in told
    assert "“This is N., call +1 (206) •••-••47" in told
    assert 'href="#latest">Listen<' in told, "its player is on this page"
    assert f'href="/b/acme/calls/{older.pk}/">Listen<' in before


def test_of_a_message_that_is_gone_nothing_is_offered_to_hear(world, client):
    leave(world, lead := add_lead(world.acme), state="deleted", deleted_by="retention", deleted_days=30)
    html = login(client, world.owner).get(f"/b/acme/leads/{lead.pk}/").content.decode()
    assert "deleted by the retention rule (30 days), from Google Ads" in html
    assert "Listen" not in html


def test_more_messages_cost_no_more_queries(world, client):
    lead = add_lead(world.acme)
    login(client, world.owner)
    assert_flat_queries(lambda: client.get(f"/b/acme/leads/{lead.pk}/"), lambda: leave(world, lead))
