"""The desk: who is owed a call back by when, the person to speak to, and what each member may see of it."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import visits
from audit.recording import record
from callcrm import waiting
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, add_message, add_superuser, assert_flat_queries, login
from leads import editing
from recordings import playbacks
from recordings.events import RecordingPlayed
from recordings.models import Recording
from telephony import callbacks, ledger, opening
from telephony import editing as editing_calls
from telephony.hours import WEEKDAYS
from telephony.models import Call, Callback, CallbackMiss, Outcome

DESK = "/b/acme/desk/"
HOUR = timedelta(hours=1)
RINGING = {"state": "ringing", "outcome": None, "answered_at": None, "ended_at": None}


@pytest.fixture(autouse=True)
def always_open(world):
    """So that a promise ends an hour after the call, whatever the hour of the test."""
    with world.inside():
        days = {day: ["00:00-24:00"] for day in WEEKDAYS}
        opening.change(world.acme, week=days, by=world.owner)


@pytest.fixture
def desk(world, client):
    login(client, world.user)
    return lambda **query: client.get(DESK, query).content.decode()


def owe(world, hours, name="Dana Riverstone", *, outcome=Outcome.MISSED, to=None):
    lead = add_lead(world.acme, name=name, source=world.source)
    vain = add_call(world.acme, lead, outcome=outcome, answered_at=None, started_at=now() - hours * HOUR)
    with world.inside():
        ledger.follow_call(vain, by=None)
        debt = Callback.objects.select_related("lead").get(lead=lead)
        return callbacks.assign(debt, to, by=world.owner) if to else debt


def names(html):
    return re.findall(r'class="title" href="/b/acme/desk/[^>]+>([^<]+)<', html)


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
    assert ("Spam</span>" in name, "Spam</span>" in queue) == (True, True)
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


def voicemail(world, call, words="I am at the side door.", **values):
    kept = {"kind": "voicemail", "state": "stored", "is_complete": True, "audio_seconds": 9.0}
    with world.inside():
        recording = Recording(business=world.acme, call=call, provider_id="RE1", created_at=call.started_at)
        for name, value in (kept | values).items():
            setattr(recording, name, value)
        recording.make_words_key()
        recording.transcript = words
        recording.save(force_insert=True)
        return recording


def withheld(world, hours=0.0, words="I am at the side door.", **values):
    left = {"withheld": True, "outcome": Outcome.VOICEMAIL, "answered_at": None} | values
    return voicemail(world, add_call(world.acme, started_at=now() - hours * HOUR, **left), words)


def said(html):
    return re.findall(r'<div class="said">“([^”]+)”', html)


def test_a_row_begins_with_the_first_words_of_a_text_or_a_message_without_names_and_numbers(world, desk):
    text = "Dana Riverstone here, 503-555-0142.\nSecond line."
    debt = owe(world, 2)
    message = add_message(world.acme, debt.lead, text)
    with world.inside():
        ledger.follow_text(message, text, by=None)
    spoke = owe(world, 1, "Nora Quill", outcome=Outcome.VOICEMAIL)
    with world.inside():
        call = Call.objects.select_related("lead").get(lead=spoke.lead_id)
    voicemail(world, call, f"Nora Quill. {'My roof leaks. ' * 20}")
    first, second = said(desk())
    assert "here" in first
    assert second.endswith("…")
    assert "roof leaks" in second
    assert len(second) <= 80
    assert not any(word in first + second for word in ("Riverstone", "Quill", "0142", "Second"))


def test_what_a_colleague_was_told_is_read_by_nobody_else_though_the_debt_is_everybodys(world, client):
    """A text is his who looks after the lead, a voicemail his who has the call; a debt may be of neither."""
    wrote = owe(world, 3)
    message = add_message(world.acme, wrote.lead, "Open on Saturday?")
    spoke = owe(world, 2, "Nora Quill", outcome=Outcome.VOICEMAIL)
    with world.inside():
        ledger.follow_text(message, "Open on Saturday?", by=None)
        editing.assign(wrote.lead, world.owner, by=world.owner)
        Call.objects.filter(lead=spoke.lead_id).update(agent=world.owner)
        call = Call.objects.select_related("lead").get(lead=spoke.lead_id)
    voicemail(world, call)
    hidden, shown = (login(client, who).get(DESK).content.decode() for who in (world.user, world.owner))
    assert names(hidden) == names(shown) == ["Dana R.", "Nora Q."]
    assert (said(hidden), len(said(shown))) == ([], 2)


def test_of_many_tries_the_last_is_brought_alone_and_no_picture_of_its_sound(world):
    debt = owe(world, 9)
    for hours in range(1, 6):
        left = {"outcome": Outcome.VOICEMAIL, "answered_at": None, "started_at": now() - hours * HOUR}
        call = add_call(world.acme, debt.lead, **left)
        voicemail(world, call, f"It is the {hours}th.")
        with world.inside():
            ledger.follow_call(call, by=None)
    brought = Counter()

    def count(sender, **_):
        brought[sender] += 1

    with world.inside(), CaptureQueriesContext(connection) as asked:
        post_init.connect(count)
        (row,) = waiting.owed(world.user)
        post_init.disconnect(count)
    assert row.words == "It is the 1th."
    assert (brought[CallbackMiss], brought[Call], brought[Recording]) == (1, 1, 1)
    assert not [query for query in asked if "peaks" in query["sql"]]


def test_a_message_of_nobody_stands_below_until_somebody_has_heard_it(world, client, desk):
    assert "Voicemails" not in desk()
    older, taken = withheld(world, 2.5), withheld(world, 2, "Taken as a file.")
    newer = withheld(world, 1, "Call me.")
    html = desk()
    assert said(html) == ["I am at the side door.", "Taken as a file.", "Call me."]
    assert "oldest 2 h 30 min" in html
    assert f'href="/b/acme/calls/{older.call_id}/"' in html
    with world.inside():
        playbacks.start(older, session="x", by=world.admin)
        playbacks.download(taken, by=world.admin)
    html = desk()
    assert said(html) == ["Call me."]
    assert "oldest 1 h" in html
    with world.inside():
        Recording.objects.filter(pk=newer.pk).update(state="deleted")
    assert "Voicemails" not in desk()


def test_who_waits_longest_stands_above_however_many_came_later_and_what_was_heard_takes_no_place(world):
    first, *rest = [withheld(world, hours) for hours in range(52, 0, -1)]
    with world.inside():
        for one in rest[:2]:
            played = RecordingPlayed(recording_id=one.pk, call_id=one.call_id)
            record(played, by=world.admin, business_id=world.acme.pk)
        rows = waiting.unheard(world.user)
    assert [row.call for row in rows] == [first.call, *(message.call for message in rest[2:11])]


def test_a_message_of_nobody_is_shown_to_whom_its_call_is_and_for_a_week(world, desk):
    withheld(world, agent=world.owner)
    withheld(world, 7.1 * 24)
    assert "Voicemails" not in desk()


def test_longer_lists_of_texts_and_messages_cost_no_more_queries(world, client):
    login(client, world.owner)
    stays = owe(world, 20)

    def grow():
        spoke = owe(world, 1, "Nora Quill", outcome=Outcome.VOICEMAIL)
        message = add_message(world.acme, wrote := add_lead(world.acme), "Open on Saturday?")
        with world.inside():
            ledger.follow_text(message, "Open on Saturday?", by=None)
            call = Call.objects.select_related("lead").get(lead=spoke.lead_id)
        voicemail(world, call)
        withheld(world)
        assert wrote.pk

    assert_flat_queries(lambda: client.get(DESK, {"lead": str(stays.lead_id)}), grow)
