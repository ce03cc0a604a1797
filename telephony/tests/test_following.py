"""An open list of calls asks what is new to it and how its rows look by now: cheaply, and no more than it may know."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, add_leg, assert_flat_queries, login
from recordings.models import Recording
from telephony.callbacks import ledger
from telephony.models import Callback, Outcome
from telephony.pages import PAGE_SIZE

NEWS, ROWS = "/b/acme/calls/news/", "/b/acme/calls/rows/"
MISSED = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None}


@pytest.fixture
def ask(world, client):
    login(client, world.owner)
    return lambda path, **params: client.get(path, params)


def ids(*calls):
    return ",".join(str(call.pk) for call in calls)


def said(answer):
    """The words of the bar, without its key."""
    return answer.content.decode().partition("<span>")[2].partition("</span>")[0]


def test_nothing_is_new_to_a_page_that_shows_everything(world, ask):
    shown = [add_call(world.acme), add_call(world.acme)]
    assert ask(NEWS, shown=ids(*shown)).content.strip() == b""


@pytest.mark.parametrize(("count", "words"), [(1, "1 new call"), (3, "3 new calls")])
def test_what_came_since_is_counted(world, ask, count, words):
    shown = add_call(world.acme)
    for _ in range(count):
        add_call(world.acme)
    assert said(ask(NEWS, shown=ids(shown))) == words


def test_many_are_counted_up_to_fifty(world, ask):
    shown = add_call(world.acme)
    for _ in range(50):
        add_call(world.acme)
    assert said(ask(NEWS, shown=ids(shown))) == "50 new calls"
    add_call(world.acme)
    assert said(ask(NEWS, shown=ids(shown))) == "50+ new calls"


def test_only_calls_that_match_the_filters_are_new(world, ask):
    shown = add_call(world.acme, **MISSED)
    add_call(world.acme)
    assert said(ask(NEWS, shown=ids(shown), outcome="missed")) == ""
    add_call(world.acme, **MISSED)
    assert said(ask(NEWS, shown=ids(shown), outcome="missed")) == "1 new call"


def test_a_call_that_comes_to_match_is_new_although_it_is_older_than_the_first_row(world, ask):
    earlier = add_call(world.acme, started_at=now() - timedelta(minutes=5), **MISSED)
    shown = [add_call(world.acme, **MISSED)]
    assert said(ask(NEWS, shown=ids(*shown), outcome="missed")) == "1 new call"
    assert said(ask(NEWS, shown=ids(*shown, earlier), outcome="missed")) == ""


def test_what_lies_below_a_full_page_is_not_new(world, ask):
    at = now() - timedelta(hours=2)
    add_call(world.acme, started_at=at)
    shown = [add_call(world.acme, started_at=at + timedelta(minutes=n)) for n in range(1, PAGE_SIZE + 1)]
    assert said(ask(NEWS, shown=ids(*shown))) == ""
    add_call(world.acme)
    assert said(ask(NEWS, shown=ids(*shown))) == "1 new call"


def test_a_row_that_is_shown_and_matches_no_longer_is_not_missed(world, ask):
    shown = [add_call(world.acme, **MISSED), add_call(world.acme)]
    assert said(ask(NEWS, shown=ids(*shown), outcome="missed")) == ""


def test_rows_are_given_by_call_by_recording_and_by_debt(world, ask):
    asked, recorded, owed = (
        add_call(world.acme),
        add_call(world.acme),
        add_call(world.acme, add_lead(world.acme), **MISSED),
    )
    other = add_call(world.acme)
    with world.inside():
        recording = Recording.objects.create(
            business=world.acme, call=recorded, provider_id="RE1", created_at=now()
        )
        ledger.follow_call(owed, by=None)
        debt = Callback.objects.get()
    page = ask(ROWS, call=ids(asked), recording=ids(recording), callback=ids(debt)).content.decode()
    assert [call for call in (asked, recorded, owed, other) if f'id="call-{call.pk}"' in page] == [
        asked,
        recorded,
        owed,
    ]
    assert page.count("Call back</span>") == 1


def test_nobody_is_told_of_calls_that_are_not_his(world, client):
    shown = add_call(world.acme, agent=world.user)
    others = add_call(world.acme, agent=world.owner)
    theirs = add_call(world.rival)
    login(client, world.user)
    assert said(client.get(NEWS, {"shown": ids(shown)})) == ""
    page = client.get(ROWS, {"call": ids(shown, others, theirs)}).content.decode()
    assert f"call-{shown.pk}" in page
    assert f"call-{others.pk}" not in page
    assert f"call-{theirs.pk}" not in page


@pytest.mark.parametrize("path", [f"{NEWS}?shown", f"{ROWS}?call", f"{ROWS}?recording", f"{ROWS}?callback"])
def test_what_is_no_id_or_too_many_is_refused(ask, path):
    address, _, name = path.partition("?")
    for wrong in ("x", ",", "1" * 5000, ",".join(str(uuid7()) for _ in range(51))):
        assert ask(address, **{name: wrong}).status_code == 400
    assert ask(address, **{name: ""}).status_code == 200


def test_a_look_costs_as_much_for_one_call_as_for_many(world, client):
    login(client, world.owner)
    shown, calls = add_call(world.acme), []

    def grow():
        calls.append(add_call(world.acme, add_lead(world.acme), agent=world.user))
        add_leg(calls[-1])

    assert_flat_queries(lambda: client.get(NEWS, {"shown": ids(shown)}), grow)
    assert_flat_queries(lambda: client.get(ROWS, {"call": ids(*calls)}), grow)
