"""What texts and messages say stands at the desk: beside a debt, and alone where nobody can be called back."""

from collections import Counter

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from audit.recording import record
from callcrm import waiting
from callcrm.testing import add_call, add_lead, add_message, assert_flat_queries, login
from leads import editing
from recordings.events import RecordingPlayed
from recordings.listening import playbacks
from recordings.models import Recording
from telephony.callbacks import ledger
from telephony.models import Call, CallbackMiss, Outcome
from tests.desk import DESK, HOUR, names, owe, said, voicemail, withheld

pytestmark = pytest.mark.usefixtures("always_open")


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
