"""The desk: who is owed a call back by when, the person to speak to, and what each member may see of it."""

import re

import pytest
from django.utils.timezone import now

from accounts import visits
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, add_superuser, assert_flat_queries, login
from leads import editing
from telephony import editing as editing_calls
from telephony.callbacks import settling
from telephony.models import Call, Outcome, TrackingNumber
from tests.desk import DESK, HOUR, names, owe

RINGING = {"state": "ringing", "outcome": None, "answered_at": None, "ended_at": None}


pytestmark = pytest.mark.usefixtures("always_open")


def chosen(html):
    return re.search(r'id="person-name">([^<]+)<', html)[1]


def test_who_is_due_first_stands_first_with_the_time_left(world, desk):
    owe(world, 0.5, "Nora Quill", outcome=Outcome.VOICEMAIL)
    owe(world, 2.5, "Dana Riverstone")
    owe(world, 1.2, "Ira Penn")
    html = desk()
    assert names(html) == ["Dana R.", "Ira P.", "Nora Q."]
    assert "oldest 2 h 30 min" in html
    assert "3 owed" in html
    assert "Overdue by 1 h 30 min" in html
    assert "Once, 1 voicemail · Google Ads" in re.sub(r"\s+·", " ·", html)
    assert "Due by" in html
    assert "Always open" in html


def test_the_first_one_is_chosen_until_the_address_names_another(world, desk):
    first, second = owe(world, 2, "Dana Riverstone"), owe(world, 1, "Nora Quill")
    stranger = add_lead(world.acme, name="Ira Penn")
    assert chosen(desk()) == "Dana R."
    assert chosen(desk(lead=second.lead_id)) == "Nora Q."
    assert chosen(desk(lead=stranger.pk)) == "Ira P."
    html = desk(lead=second.lead_id)
    assert html.count('aria-current="true"') == 1
    assert f'<li id="owed-{first.pk}">' in html


def test_a_call_of_ours_is_not_said_to_ring_in_nor_to_come_from_an_advertisement(world, desk):
    with world.inside():
        TrackingNumber.objects.filter(pk=world.number.pk).update(label="Front desk")
    ours = RINGING | {"direction": "outbound", "agent": world.user}
    call = add_call(world.acme, add_lead(world.acme, name="Dana Riverstone"), **ours)
    html = desk(lead=call.lead_id)
    assert "<b>Calling now</b>" in html
    card = html.split(f'id="live-{call.pk}"')[1].split("</li>")[0]
    assert "Calling" in card
    assert "user, from Front desk<" in card
    assert "Google Ads" not in card
    assert "inging" not in html


@pytest.mark.parametrize("place", ["desk/?lead={}", "leads/{}/"])
def test_whom_a_colleague_calls_back_is_not_said_to_be_owed_nothing(world, client, place):
    debt = owe(world, 2, "Dana Riverstone")
    with world.inside():
        settling.assign(debt, world.admin, by=world.admin)
    path = f"/b/acme/{place.format(debt.lead_id)}"
    html = login(client, world.user).get(path).content.decode()
    assert "<b>Owed a call back.</b> A colleague calls back." in html
    assert "Not owed" not in html
    assert "assignments/" not in html
    assert "A colleague" not in login(client, world.owner).get(path).content.decode()


def test_from_a_person_the_list_and_the_next_of_it_are_links_that_need_no_script(world, desk):
    first, second = owe(world, 2, "Dana Riverstone"), owe(world, 1, "Nora Quill")
    stranger = add_lead(world.acme, name="Ira Penn")
    next_of_first = f'href="/b/acme/desk/?lead={second.lead_id}#person">Next<span class="sr">: Nora Q.</span>'
    assert next_of_first in desk()
    last = desk(lead=second.lead_id)
    assert 'href="#queue"' in last
    assert ">Next<" not in last
    assert f'?lead={first.lead_id}#person">Next<' in desk(lead=stranger.pk)


def test_without_debts_the_desk_says_what_would_stand_here(desk):
    html = desk()
    assert "Nobody waits for a call back." in html
    assert "Nobody owed a call" in html
    assert "Nobody is chosen" in html
    assert "oldest" not in html


def test_a_user_sees_what_is_his_and_nobodys_and_the_owner_sees_all(world, client):
    owe(world, 3, "Dana Riverstone", to=world.owner)
    owe(world, 2, "Nora Quill", to=world.user)
    owe(world, 1, "Ira Penn")
    mine = login(client, world.user).get(DESK).content.decode()
    assert names(mine) == ["Nora Q.", "Ira P."]
    assert "oldest 2 h" in mine
    everything = login(client, world.owner).get(DESK).content.decode()
    assert names(everything) == ["Dana R.", "Nora Q.", "Ira P."]


def test_no_more_than_25_are_shown_and_a_link_leads_to_all(world, desk):
    for _ in range(26):
        owe(world, 1)
    html = desk()
    assert len(names(html)) == 25
    assert "26 owed" in html
    assert 'href="/b/acme/callbacks/">All' in html


def test_the_desk_of_another_business_and_a_lead_of_another_are_not_there(world, client):
    foreign = add_lead(world.rival, by=world.rival_owner)
    login(client, world.owner)
    assert client.get("/b/rival/desk/").status_code == 404
    assert client.get(DESK, {"lead": str(foreign.pk)}).status_code == 404
    assert client.get(DESK, {"lead": str(uuid7())}).status_code == 404
    assert login(client, world.rival_owner).get(DESK).status_code == 404


@pytest.mark.parametrize("odd", ["x", "\x00", "9" * 5000, "[]", "٣", "../..", "{{ lead }}"])
def test_what_is_no_id_is_refused(world, client, odd):
    assert login(client, world.owner).get(DESK, {"lead": odd}).status_code in (400, 404, 422)


def test_whom_one_speaks_to_comes_before_who_is_due(world, desk):
    owe(world, 2, "Dana Riverstone")
    for agent, name in ((world.admin, "Ira Penn"), (world.user, "Nora Quill")):
        add_call(world.acme, add_lead(world.acme, name=name), agent=agent, **RINGING)
    assert chosen(desk()) == "Nora Q."


def test_who_rings_is_offered_in_the_strip_and_named_ringing_beside_him(world, desk):
    debt = owe(world, 2)
    link = f'<a href="{DESK}?lead={debt.lead_id}#person">Dana R.</a>'
    assert link not in desk()
    add_call(world.acme, debt.lead, **RINGING)
    html = desk()
    assert link in html
    assert '1 call going on<span class="sr">, Dana R. is ringing' in html
    assert "data-ringing" in html
    assert "Ringing now" in html


def test_the_strip_leads_to_the_person_at_the_desk_alone(world, client):
    lead = add_lead(world.acme, name="Dana Riverstone")
    call = add_call(world.acme, lead, **RINGING)
    login(client, world.owner)
    at_desk = client.get("/b/acme/calls/live/?on=desk").content.decode()
    elsewhere = client.get("/b/acme/calls/live/").content.decode()
    assert f"{DESK}?lead={lead.pk}#person" in at_desk
    assert 'data-refetch="always"' in at_desk
    assert f'href="/b/acme/calls/{call.pk}/"' in elsewhere
    assert "desk" not in elsewhere


def test_the_acts_stand_before_what_has_happened(world, desk):
    """So that they are reached at once on a phone, and by keys, where columns follow each other."""
    owe(world, 2)
    html = desk()
    places = [html.index(f'id="{part}"') for part in ("person-now", "person-acts", "what-happened")]
    assert places == sorted(places)


def test_an_outgoing_call_rings_nobody_here(world, desk):
    add_call(world.acme, add_lead(world.acme), direction="outbound", **RINGING)
    assert "data-ringing" not in desk()


def test_what_is_done_at_the_desk_leads_back_to_it(world, client):
    first, second = owe(world, 2), owe(world, 1, "Nora Quill")
    login(client, world.user)
    at_first = f"{DESK}?lead={first.lead_id}"
    person = f"/b/acme/leads/{first.lead_id}"
    debt = f"/b/acme/callbacks/{first.pk}"
    note = client.post(f"{person}/notes/", {"body": "Has a dog.", "view": "desk"})
    move = client.post(f"{person}/moves/", {"status": "contacted", "assigned_to": "", "view": "desk"})
    take = client.post(f"{debt}/assignments/", {"to": "me", "view": "desk"})
    assert [answer.url for answer in (note, move, take)] == [at_first] * 3
    assert "Has a dog." in client.get(at_first).content.decode()
    close = client.post(f"{debt}/closings/", {"reason": "not_needed", "view": "desk"})
    assert close.url == DESK
    assert chosen(client.get(DESK).content.decode()) == "Nora Q."
    assert "Not owed a call back." in client.get(at_first).content.decode()
    assert second.is_open


def test_a_call_of_ours_that_did_not_reach_him_leaves_the_outcome_to_the_call_before(world, client):
    debt = owe(world, 2)
    with world.inside():
        his = Call.objects.get()
    vain = {"direction": "outbound", "outcome": "missed", "answered_at": None, "talk_seconds": None}
    add_call(world.acme, debt.lead, started_at=now() - HOUR, **vain)
    at_him = f"{DESK}?lead={debt.lead_id}"
    assert f'action="/b/acme/calls/{his.pk}/edits/"' in login(client, world.user).get(at_him).content.decode()
    talked = add_call(world.acme, debt.lead, direction="outbound")
    assert f'action="/b/acme/calls/{talked.pk}/edits/"' in client.get(at_him).content.decode()


def test_the_outcome_of_the_last_call_is_said_at_the_desk_and_nothing_else_of_it_changes(world, client):
    debt = owe(world, 2)
    earlier = add_call(world.acme, debt.lead, started_at=now() - 5 * HOUR, disposition="Quote")
    with world.inside():
        last = Call.objects.exclude(pk=earlier.pk).get()
        editing_calls.update_call(last, {"tags": ["leak"], "note": "Has a dog."}, by=world.owner)
    at_him = f"{DESK}?lead={debt.lead_id}"
    edits = f"/b/acme/calls/{last.pk}/edits/"
    assert f'action="{edits}"' in login(client, world.user).get(at_him).content.decode()
    answer = client.post(edits, {"disposition": "Booked", "disposition_was": "", "view": "desk"})
    assert answer.url == at_him
    with world.inside():
        last.refresh_from_db()
        earlier.refresh_from_db()
        assert (last.disposition, last.tags, last.note.reveal()) == ("Booked", ["leak"], "Has a dog.")
    assert earlier.disposition == "Quote"
    html = client.get(at_him).content.decode()
    assert 'value="Booked"' in html
    assert '<option value="Booked">' in html


def test_a_person_without_a_call_has_no_outcome(world, desk):
    assert 'id="outcome"' not in desk(lead=add_lead(world.acme).pk)


def test_spam_is_marked_at_the_desk_and_taken_back_there(world, client):
    debt = owe(world, 2)
    at_him, person = f"{DESK}?lead={debt.lead_id}", f"/b/acme/leads/{debt.lead_id}"
    login(client, world.user)
    assert f'href="{person}/merges/"' in client.get(at_him).content.decode()
    assert client.post(f"{person}/spam-marks/", {"view": "desk"}).url == at_him
    html = client.get(at_him).content.decode()
    assert "<span>Unmark <span" in html
    name, queue = (
        re.search(f'id="{part}"(.*?)</section>', html, re.DOTALL)[1] for part in ("person", "queue")
    )
    assert ("Spam</span>" in name, "Dana R." in queue) == (True, False)  # and owed nothing
    undo = re.search(r'<form method="post" action="([^"]+spam-releases/)">.*?</form>', html, re.DOTALL)
    assert 'name="view" value="desk"' in undo[0]
    assert client.post(undo[1], {"view": "desk"}).url == at_him
    assert client.post(f"{person}/spam-marks/").url == f"{person}/"


def test_a_visitor_is_offered_no_act(world, client):
    debt = owe(world, 2)
    root = add_superuser()
    visits.start(root, world.acme, "To look at a fault.")
    html = login(client, root).get(f"{DESK}?lead={debt.lead_id}").content.decode()
    assert "Open lead" in html
    assert not [
        act for act in ("outcome", "follow-up", "spam", "debt", "note") if f'data-act="{act}"' in html
    ]


def test_the_desk_shows_the_last_eight_moments(world, desk):
    debt = owe(world, 2)
    with world.inside():
        for n in range(9):
            editing.add_note(debt.lead, f"Note {'abcdefghi'[n]}.", by=world.owner)
    html = desk()
    assert "Note i." in html
    assert "Note b." in html
    assert "Note a." not in html


def test_a_longer_list_and_a_longer_past_cost_no_more_queries(world, client):
    login(client, world.owner)
    debt = owe(world, 20)

    def grow():
        owe(world, 2, "Nora Quill", to=world.user)
        owe(world, 1, outcome=Outcome.VOICEMAIL)
        add_call(world.acme, debt.lead, started_at=now() - 21 * HOUR, agent=world.user)
        add_call(world.acme, debt.lead, **RINGING)
        with world.inside():
            editing.add_note(debt.lead, "Has a dog.", by=world.owner)

    assert_flat_queries(lambda: chosen(client.get(DESK).content.decode()), grow)


def test_the_promise_is_told_in_the_time_of_the_business(world, desk):
    shown = owe(world, 0.5).due_at.astimezone(world.acme.tz)
    assert f"Due by {shown.hour % 12 or 12}:{shown:%M}" in desk()
