"""The page of callbacks: the most pressing first, closed with a reason and undone, without scripts."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcrm.lib import times
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, add_member, login
from telephony.callbacks import figures as callback_figures
from telephony.callbacks import ledger, settling
from telephony.callbacks import pages as callback_pages
from telephony.callbacks.ranking import ranked
from telephony.models import Call, Callback, Outcome

PAGE = "/b/acme/callbacks/"
MONDAY = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # noon in Los Angeles
HOUR = timedelta(hours=1)


@pytest.fixture
def noon(monkeypatch):
    for place in (
        "callcrm.lib.times.timezone.now",
        "telephony.callbacks.figures.now",
        "telephony.callbacks.pages.now",
        "telephony.models.callbacks.now",
    ):
        monkeypatch.setattr(place, lambda: MONDAY)
    return MONDAY


@pytest.fixture
def page(world, client):
    login(client, world.user)
    return lambda view="": client.get(PAGE, {"view": view} if view else {}).content.decode()


def owe(world, *tries, name="Dana Riverstone", **values):
    """Let somebody call in vain so many hours before noon."""
    lead = add_lead(world.acme, name=name)
    for hours in tries:
        vain = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None} | values
        missed = add_call(world.acme, lead, started_at=MONDAY - hours * HOUR, **vain)
        with world.inside():
            ledger.follow_call(missed, by=None)
    with world.inside():
        return Callback.objects.select_related("lead").get(lead=lead)


def act(client, debt, what, **data):
    return client.post(f"{PAGE}{debt.pk}/{what}/", data)


def test_overdue_comes_first_then_who_tried_most_then_who_is_due_first(world, noon):
    late, often, later = owe(world, 2.5), owe(world, 2, 1.5), owe(world, 2)
    soon, soon_often = owe(world, 0.9), owe(world, 0.5, 0.4)
    expected = [debt.pk for debt in (often, late, later, soon_often, soon)]
    with world.inside():
        rows = Callback.objects.visible_to(world.owner).open()
        assert [row.pk for row in ranked(rows, cursor="", size=10, at=noon).rows] == expected
        for size in (1, 2, 3):
            found, cursor = [], ""
            while True:
                one = ranked(rows, cursor=cursor, size=size, at=noon + HOUR if cursor else noon)
                found += [row.pk for row in one.rows]
                cursor = one.older
                if not cursor:
                    break
            assert found == expected, size  # although more is overdue by now


def test_a_row_says_how_often_when_and_until_when(world, noon, page):
    owe(world, 2.5, 2, 1)
    owe(world, 0.5, name="Nora Quill", outcome=Outcome.VOICEMAIL)
    drawn = page()
    for words in (
        "Overdue by 1 h 30 min",
        "3 times",
        "Due by 12:30 pm",
        "Once, 1 voicemail",
        "Dana R.",
        "Google Ads",
    ):
        assert words in drawn, words
    assert "Riverstone" not in drawn


def test_the_menu_and_the_page_count_people_and_say_so(world, noon, client, page):
    owe(world, 2.5, 2, 1)
    seen = (
        '<span class="count" title="{0} {1} to call back">{0} {1}<span class="sr"> to call back</span></span>'
    )
    small = (
        '<span class="count" title="{0} {1} to call back">{0}<span class="sr"> {1} to call back</span></span>'
    )
    assert seen.format(1, "person") in page()
    assert "1 person is owed a call, the oldest since" in page()
    owe(world, 0.5, name="Nora Quill")
    assert seen.format(2, "people") in page()
    assert small.format(2, "people") in page(), "below, on a phone"
    assert "2 people are owed a call, the oldest since" in page()


def test_without_debts_the_page_says_what_would_stand_here(world, page):
    assert "Everybody was called back" in page()
    assert "Nothing is yours" in page("mine")
    assert "Nothing was closed yet" in page("closed")
    assert 'class="count"' not in page()
    assert "to call back</span>" not in page()


def test_a_member_closes_with_a_reason_and_undoes_it(world, noon, client, page):
    debt = owe(world, 2)
    answer = act(client, debt, "closings", reason="wrong_number", view="")
    assert (answer.status_code, answer.url) == (302, PAGE)
    drawn = page()
    assert f'action="{PAGE}{debt.pk}/reopenings/"' in drawn  # the toast
    assert "Dana R." not in drawn
    assert "Wrong number" in page("closed")
    assert act(client, debt, "reopenings", view="closed").url == f"{PAGE}?view=closed"
    assert "Dana R." in page()


@pytest.mark.parametrize("reason", ["", "because"])
def test_without_a_reason_it_stays_open(world, client, page, reason):
    debt = owe(world, 2)
    assert act(client, debt, "closings", reason=reason).status_code in (400, 422)
    assert "Dana R." in page()


def test_who_closes_second_is_back_on_his_list_and_told_who_was_quicker(world, client, page):
    debt = owe(world, 2)
    with world.inside():
        settling.close(debt, "wrong_number", by=world.owner)
    typed = {"reason": "other", "words": "Moved away"}
    answer = act(client, debt, "closings", **typed, view="mine")
    assert (answer.status_code, answer.url) == (302, f"{PAGE}?view=mine")
    assert "owner has closed it already: wrong number." in page("mine")
    answer = act(client, debt, "closings", **typed, view="desk")
    assert answer.url == f"/b/acme/desk/?lead={debt.lead_id}"
    with world.inside():
        assert Callback.objects.get(pk=debt.pk).reason == "wrong_number"


def test_who_comes_after_the_call_that_reached_the_person_is_told_so(world, noon, client, page):
    debt = owe(world, 2)
    reached = add_call(world.acme, debt.lead, started_at=MONDAY - HOUR, answered_at=MONDAY - HOUR)
    with world.inside():
        ledger.follow_call(reached, by=None)
    for what, data in (("closings", {"reason": "spam"}), ("assignments", {"to": "me"})):
        assert act(client, debt, what, view="", **data).url == PAGE
        assert settling.REACHED in page()


def test_who_gives_back_what_is_somebody_elses_by_now_changes_nothing_and_is_told(world, client, page):
    debt = owe(world, 2)
    with world.inside():
        settling.assign(debt, world.owner, by=world.owner)
    for member, words in ((world.user, callback_pages.GONE), (world.admin, settling.NOT_YOURS)):
        login(client, member)
        answer = act(client, debt, "assignments", to="nobody", view="mine")
        assert (answer.status_code, answer.url) == (302, f"{PAGE}?view=mine")
        assert words in page("mine")
    with world.inside():
        assert Callback.objects.get(pk=debt.pk).assigned_to_id == world.owner.pk


def test_who_acts_on_a_later_page_stays_there_until_it_is_empty(world, noon, client, page, monkeypatch):
    monkeypatch.setattr(callback_pages, "PAGE_SIZE", 1)
    owe(world, 2.5)
    last = owe(world, 2, name="Nora Quill")
    [cursor] = re.findall(r'cursor=([\w-]+)" rel="next"', page())
    second = f"{PAGE}?cursor={cursor}"
    assert f'name="cursor" value="{cursor}"' in client.get(second).content.decode()
    assert act(client, last, "assignments", to="me", view="", cursor=cursor).url == second
    assert "Nora Q." in client.get(second).content.decode()
    assert act(client, last, "closings", reason="spam", view="", cursor=cursor).url == second
    answer = client.get(second, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Dana R." in answer.content.decode()


def test_a_member_takes_one_and_lets_it_go(world, client, page):
    debt = owe(world, 2)
    act(client, debt, "assignments", to="me")
    assert "Dana R." in page("mine")
    act(client, debt, "assignments", to="nobody")
    assert "Dana R." not in page("mine")
    assert act(client, debt, "assignments", to="everybody").status_code in (400, 422)


def test_what_is_taken_from_a_colleague_is_given_back_to_him_by_the_toast(world, client, page):
    debt = owe(world, 2)
    with world.inside():
        settling.assign(debt, world.user, by=world.user)
    login(client, world.admin)
    act(client, debt, "assignments", to="me")
    undo = f"{PAGE}{debt.pk}/assignments/?to={world.user.pk}"
    assert f'action="{undo}"' in page()
    assert client.post(undo).status_code == 302
    with world.inside():
        assert Callback.objects.get(pk=debt.pk).assigned_to_id == world.user.pk
    with world.inside():
        settling.assign(debt, world.owner, by=world.owner)
    assert client.post(undo).status_code == 302
    assert settling.NOT_YOURS in page(), "it is not the admin's to give"
    assert client.post(f"{PAGE}{debt.pk}/assignments/?to={world.rival_owner.pk}").status_code in (400, 422)


def test_a_debt_is_taken_closed_and_opened_again_on_the_page_of_its_call(world, client, page):
    debt = owe(world, 2)
    with world.inside():
        call = debt.attempts.get().call
    address = f"/b/acme/calls/{call.pk}/"

    def drawn() -> Any:
        return client.get(address).content.decode()

    assert f'action="{PAGE}{debt.pk}/assignments/"' in drawn()
    assert act(client, debt, "assignments", to="me", call=str(call.pk)).url == address
    assert "Give it back" in drawn()
    assert act(client, debt, "closings", reason="spam", call=str(call.pk)).url == address
    undo = f"{PAGE}{debt.pk}/reopenings/?call={call.pk}"
    assert f'action="{undo}"' in drawn()
    assert client.post(undo).url == address
    assert act(client, debt, "assignments", to="nobody", call="nonsense").url == PAGE
    with world.inside():
        settling.assign(debt, world.admin, by=world.admin)
    assert f"{debt.pk}/assignments/" not in drawn()  # a colleague's


def test_what_is_a_colleagues_is_not_there_for_a_user(world, client, page):
    debt = owe(world, 2)
    with world.inside():
        settling.assign(debt, world.admin, by=world.admin)
    assert "Dana R." not in page()
    assert act(client, debt, "closings", reason="spam").status_code == 404
    missing = Callback(pk=uuid7())
    said = [act(client, one, "closings", reason="spam", view="") and page() for one in (debt, missing)]
    assert all(callback_pages.GONE in words for words in said), "and no word of which"


def test_the_rival_cannot_tell_it_exists(world, client):
    debt = owe(world, 2)
    login(client, world.rival_owner)
    assert client.post(f"/b/rival/callbacks/{debt.pk}/closings/", {"reason": "spam"}).status_code == 404


def test_calls_and_people_say_what_is_owed(world, noon, client, page):
    debt = owe(world, 2)
    with world.inside():
        call = Call.objects.get()
    for path, words in (
        ("/b/acme/calls/", "Call back</span>"),
        (f"/b/acme/calls/{call.pk}/", "owed a call back"),
    ):
        assert words in client.get(path).content.decode()
    assert "Owed a call back." in client.get(f"/b/acme/leads/{debt.lead_id}/").content.decode()
    back = {"direction": "outbound", "started_at": MONDAY - HOUR, "answered_at": MONDAY - HOUR}
    reached = add_call(world.acme, debt.lead, **back)
    with world.inside():
        ledger.follow_call(reached, by=None)
    assert "after 1 h<" in client.get("/b/acme/calls/").content.decode()
    assert "Owed a call back." not in client.get(f"/b/acme/leads/{debt.lead_id}/").content.decode()
    assert "after 1 h" in page("closed")


def test_a_call_back_that_another_has_taken_is_not_offered_as_free(world, noon, client, page):
    debt = owe(world, 2)
    with world.inside():
        call = Call.objects.get()
        settling.assign(debt, world.admin, by=world.admin)
    paths = ("calls/", f"calls/{call.pk}/", f"calls/{call.pk}/panel/")
    for member, words in ((world.user, "a colleague calls back"), (world.owner, "admin calls back")):
        login(client, member)
        drawn = [client.get(f"/b/acme/{path}").content.decode() for path in paths]
        assert all(words in text and "owed a call back" not in text for text in drawn), member
        assert "data-call" not in drawn[0], "a row"
        assert "data-call" in drawn[2], "who opens the call can still ring"
        tabs = client.get("/b/acme/calls/counts/?owed=true").content.decode()
        assert re.search('id="tab-owed".*?>1<span', tabs), "the tab counts what it shows"
    login(client, world.admin)
    assert all("admin calls back" not in client.get(f"/b/acme/{path}").content.decode() for path in paths)


def test_a_call_says_how_long_after_it_somebody_was_reached(world, noon, client, page):
    debt = owe(world, 30, 2)
    reached = add_call(world.acme, debt.lead, started_at=MONDAY - HOUR, answered_at=MONDAY - HOUR)
    with world.inside():
        ledger.follow_call(reached, by=None)
    drawn = client.get("/b/acme/calls/").content.decode()
    assert "after 1 h<" in drawn
    assert "after 1 d 5 h<" in drawn
    assert "after 1 d 5 h" in page("closed")


@pytest.mark.parametrize(("later", "rate"), [(timedelta(hours=-2), "67%"), (timedelta(), "50%")])
def test_the_figures_are_of_what_evidence_closed(world, noon, client, monkeypatch, later, rate):
    for hours in (4, 3):
        debt = owe(world, hours)
        reached = add_call(world.acme, debt.lead, started_at=MONDAY - HOUR, answered_at=MONDAY - HOUR)
        with world.inside():
            ledger.follow_call(reached, by=None)
    owe(world, 2)
    with world.inside():
        settling.close(owe(world, 2), "not_needed", by=world.owner)
        settling.close(owe(world, 2), "spam", by=world.owner)
    add_call(world.acme, withheld=True, started_at=MONDAY - HOUR, outcome=Outcome.MISSED, answered_at=None)
    owe(world, 24 * 40)
    monkeypatch.setattr("telephony.callbacks.figures.now", lambda: MONDAY + later)
    with world.inside():
        since = MONDAY - timedelta(days=30)
        found = callback_figures.recovery(Callback.objects.all(), Call.objects.all(), since)
        none = callback_figures.recovery(Callback.objects.none(), Call.objects.none(), since)
    assert (found.opened, found.proven, found.withheld) == (4, 2, 1)
    assert (found.rate, found.time) == (rate, "2 h 30 min")  # one of them was not due before
    assert (none.rate, none.time) == ("–", "–")
    assert "2 h 30 min" in login(client, world.owner).get("/b/acme/").content.decode()


def test_the_count_in_the_menu_stops_at_a_hundred(world, monkeypatch):
    monkeypatch.setattr(callback_figures, "MOST_COUNTED", 2)
    for _ in range(2):
        owe(world, 1)
    with world.inside():
        assert callback_figures.waiting(Callback.objects.all()) == "2"
    owe(world, 1)
    with world.inside():
        assert callback_figures.waiting(Callback.objects.all()) == "2+"


def test_a_debt_of_who_left_shows_his_name(world, client, page):
    leaver = add_member(world.acme, "user", "leaver@acme.example")
    with world.inside():
        settling.close(owe(world, 1), "not_needed", by=leaver)
    assert "by leaver" in page("closed")


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (-2.5, "overdue by 2 h 30 min"),
        (-50, "overdue by 2 d 2 h"),
        (1, "due by 1:00 pm"),
        (24, "due by 12:00 pm tomorrow"),
        (72, "due by 12:00 pm on Thursday"),
        (24 * 9, "due by 12:00 pm on Dec 2"),
    ],
)
def test_a_promise_in_words(world, hours, words):
    assert times.due(MONDAY + hours * HOUR, world.acme.tz, MONDAY) == words


def test_a_promise_in_words_over_a_change_of_the_clock(world):
    friday, monday = (datetime(2026, 10, 31, 0, 30, tzinfo=UTC), datetime(2026, 11, 2, 17, 30, tzinfo=UTC))
    assert times.due(monday, world.acme.tz, friday) == "due by 9:30 am on Monday"
    assert times.due(friday, world.acme.tz, monday) == "overdue by 2 d 17 h"


def test_a_callback_is_given_to_a_colleague_and_undo_needs_no_sight_of_it(world, client, page):
    debt = owe(world, 2)

    def holder():
        with world.inside():
            return Callback.objects.get(pk=debt.pk).assigned_to_id

    for taken, had in ((False, None), (True, world.user.pk)):
        if taken:
            act(client, debt, "assignments", to="me")
        assert f'name="to" value="{world.admin.pk}">admin</button>' in page()
        act(client, debt, "assignments", to=str(world.admin.pk), view="")
        assert holder() == world.admin.pk
        drawn = page()
        assert "admin calls back." in drawn
        assert "Dana R." not in drawn
        [undo] = re.findall(rf'action="({PAGE}{debt.pk}/assignments/[^"]+)"', drawn)
        assert client.post(undo).status_code == 302
        assert holder() == had
        assert "Dana R." in page()


def test_who_has_given_one_away_cannot_take_it_back_once_another_has_said_who_calls(world, client, page):
    debt = owe(world, 2)
    act(client, debt, "assignments", to=str(world.admin.pk), view="")
    [undo] = re.findall(rf'action="({PAGE}{debt.pk}/assignments/[^"]+)"', page())
    with world.inside():
        settling.assign(debt, world.owner, by=world.admin)
    assert client.post(undo, {"view": ""}).status_code == 302
    assert callback_pages.GONE in page()
    with world.inside():
        assert Callback.objects.get(pk=debt.pk).assigned_to_id == world.owner.pk


def test_the_desk_gives_to_a_colleague_too_and_names_the_lead_and_the_call_back_apart(world, client):
    debt = owe(world, 2)
    html = login(client, world.owner).get(f"/b/acme/desk/?lead={debt.lead_id}").content.decode()
    person = html[html.index('id="person-acts"') :]
    assert "Who calls back: </span>Nobody yet" in person
    assert "Lead assigned to" in person
    assert f'name="to" value="{world.user.pk}">user</button>' in person
    answer = act(client, debt, "assignments", to=str(world.user.pk), view="desk")
    assert answer.url == f"/b/acme/desk/?lead={debt.lead_id}"
    html = client.get(answer.url).content.decode()
    assert f"{debt.pk}/assignments/?to=nobody" in html
