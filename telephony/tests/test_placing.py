"""A call is asked for once, whatever the network does, and what became of the asking is known or said to be unknown."""

from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.models import Entry
from callcrm.testing import ACCOUNT_ID, NUMBER, SECRET, add_call, add_lead, sid, signed_post
from telephony.models import WORDS, Call, FeedFrame, Placement
from telephony.outgoing import calling, placing, telephones
from telephony.providers.twilio import client as twilio_client
from tests import carrier as provider

pytestmark = pytest.mark.django_db
MOBILE, THEIRS = "+15035550181", "+12065550111"
State = Placement.State


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name="Ines Palmer", phones=[THEIRS])


@pytest.fixture
def asked(world, lead):
    """A call that Priya has asked for, and nobody has told the provider of."""
    with world.inside():
        telephones.choose(world.user, MOBILE)
        call = calling.place(world.acme, {"lead": lead}, by=world.user)
        return Placement.objects.select_related("call__number", "call__agent").get(call=call)


def work(placement):
    placing.carry_out(placement.business_id, placement.pk)


def look(placement):
    placing.look(placement.business_id, placement.pk)


def again(world, placement):
    with world.inside():
        return Placement.objects.select_related("call").get(pk=placement.pk)


def how_it_is(world, placement):
    found = again(world, placement)
    return found.state, found.failure, found.call.provider_id, found.call.state


def waiting(name):
    return ProcrastinateJob.objects.filter(task_name=f"telephony.tasks.{name}", status="todo")


def row(provider_id, at=None):
    return {"sid": provider_id, "date_created": format_datetime(at or now())}


def slow(monkeypatch):
    """Nobody has patience in a test."""
    monkeypatch.setattr(twilio_client, "START_SECONDS", 0.3)


def test_the_wish_is_kept_and_told_before_the_provider_hears_of_it(world, asked):
    call = asked.call
    assert (call.direction, call.state, call.provider, call.provider_id) == (
        "outbound",
        "queued",
        "twilio",
        None,
    )
    assert (call.agent, call.number) == (world.user, world.number)
    assert how_it_is(world, asked) == (State.WAITING, "", None, "queued")
    assert waiting("place_call").count() == 1
    with world.inside():
        assert FeedFrame.objects.filter(kind="call.changed", object_id=call.pk).exists()
        assert Entry.objects.get(name="call.placed").data["lead_id"] == str(call.lead_id)


def test_twilio_is_asked_to_ring_the_member_and_to_ask_us_what_he_hears(world, asked, twilio):
    made = sid("CA")
    twilio.will(provider.told({"sid": made, "status": "queued"}, 201))
    work(asked)
    [request] = twilio.asked
    form = parse_qs(request.body.decode())
    assert (request.method, request.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT_ID}/Calls.json")
    assert (form["To"], form["From"]) == ([MOBILE], [NUMBER])
    assert form["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    for address, route in ((form["Url"][0], "bridge"), (form["StatusCallback"][0], "voice-status")):
        parts = urlsplit(address)
        assert (parts.path, parts.query) == (f"/webhooks/twilio/{route}/", f"call={asked.call_id}")
    assert THEIRS not in request.body.decode()
    assert how_it_is(world, asked) == (State.PLACED, "", made, "queued")


def test_nothing_is_asked_twice(world, asked, twilio):
    twilio.will(provider.told({"sid": sid("CA")}, 201))
    work(asked)
    work(asked)
    look(asked)
    assert len(twilio.asked) == 1


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (provider.told({"code": 21215, "message": f"{MOBILE} is in another country"}, 400), "error_21215"),
        (provider.told({"code": 20003}, 401), "error_20003"),
        (provider.told([1], 400), "status_400"),
        (provider.told({"code": float("inf")}, 400), "status_400"),
        (provider.told({"code": 10**40}, 400), "status_400"),
        (provider.body(b"[" * 4000, status=400), "status_400"),
        (provider.status(429), "status_429"),
    ],
)
def test_a_refusal_ends_the_call_and_says_why(world, asked, twilio, reply, failure):
    twilio.will(reply)
    work(asked)
    assert how_it_is(world, asked) == (State.FAILED, failure, None, "failed")
    with world.inside():
        call = Call.objects.get(pk=asked.call_id)
        assert (call.outcome, call.ended_at is not None) == ("missed", True)
        assert Entry.objects.get(name="call.not_placed").data["why"] == failure
        assert MOBILE not in again(world, asked).told


@pytest.mark.parametrize(
    "reply", [provider.silence(), provider.status(500), provider.html(), provider.garbage()]
)
def test_where_no_answer_says_it_nobody_asks_again_but_looks(world, asked, twilio, monkeypatch, reply):
    slow(monkeypatch)
    twilio.will(reply)
    work(asked)
    assert how_it_is(world, asked)[0] == State.ASKED
    assert waiting("look_for_call").count() == 1
    made = sid("CA")
    twilio.will(provider.told({"calls": [row(made)]}))
    look(asked)
    assert how_it_is(world, asked) == (State.PLACED, "", made, "queued")
    assert [request.method for request in twilio.asked] == ["POST", "GET"]


@pytest.mark.parametrize(
    "reply",
    [
        provider.told({"calls": 5}),
        provider.told({"page": 0}),
        provider.body(b"[" * 60_000),
        provider.told(
            {"calls": [row("CA1") | {"date_created": "Sat, 01 Jan 99999999999999999999 00:00:00"}]}
        ),
    ],
    ids=["a number", "nothing", "brackets", "a date that is none"],
)
def test_an_answer_that_is_none_leaves_nobody_waiting_for_ever(world, asked, twilio, reply):
    claimed(world, asked)
    twilio.will(reply)
    for _ in range(placing.MOST_LOOKS):
        look(asked)
    assert how_it_is(world, asked)[0] == State.FAILED


def test_a_worker_that_is_killed_after_it_asked_leaves_a_look_behind(world, asked, twilio, monkeypatch):
    def killed(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(twilio_client, "start_call", killed)
    with pytest.raises(KeyboardInterrupt):
        work(asked)
    assert (how_it_is(world, asked)[0], waiting("look_for_call").count()) == (State.ASKED, 1)


def test_a_call_that_is_not_there_was_not_made(world, asked, twilio):
    claimed(world, asked)
    twilio.will(provider.told({"calls": []}))
    look(asked)
    assert how_it_is(world, asked) == (State.FAILED, "not_placed", None, "failed")


def claimed(world, placement):
    with world.inside():
        Placement.objects.filter(pk=placement.pk).update(state=State.ASKED, asked_at=now())


def test_a_call_of_before_between_the_same_two_is_not_taken_for_it(world, asked, twilio):
    claimed(world, asked)
    known = add_call(world.acme).provider_id
    twilio.will(provider.told({"calls": [row(known), row(sid("CA"), now() - timedelta(minutes=2)), "x", {}]}))
    look(asked)
    assert how_it_is(world, asked)[:2] == (State.FAILED, "not_placed")


def test_while_the_provider_is_away_it_is_looked_for_until_nobody_knows(world, asked, twilio):
    claimed(world, asked)
    twilio.will(provider.status(503))
    for n in range(placing.MOST_LOOKS):
        assert how_it_is(world, asked)[0] == State.ASKED, n
        look(asked)
    assert how_it_is(world, asked)[:2] == (State.FAILED, "unknown")
    assert "Nobody knows" in again(world, asked).told


def test_a_wish_that_has_waited_too_long_rings_nobody(world, asked, twilio):
    with world.inside():
        Placement.objects.filter(pk=asked.pk).update(
            created_at=now() - placing.TOO_LATE - timedelta(seconds=1)
        )
    work(asked)
    assert (how_it_is(world, asked)[:2], twilio.asked) == ((State.FAILED, "too_late"), [])


@pytest.mark.django_db(transaction=True)
def test_what_was_lost_with_its_worker_is_settled_by_the_sweep(world, asked, twilio):
    placing.sweep()
    assert how_it_is(world, asked)[0] == State.WAITING  # it is fresh: its job is on the way
    with world.inside():
        Placement.objects.filter(pk=asked.pk).update(created_at=now() - timedelta(minutes=2))
    work(asked)
    assert how_it_is(world, asked)[:2] == (State.FAILED, "too_late")


def test_a_delivery_that_comes_before_the_answer_is_of_the_same_call(world, asked, client, twilio):
    made = sid("CA")
    told(client, asked, made, "ringing")
    assert how_it_is(world, asked) == (State.PLACED, "", made, "ringing")
    twilio.will(provider.told({"sid": made}, 201))
    work(asked)
    with world.inside():
        assert Call.objects.count() == 1
    assert twilio.asked == []


def told(client, placement, call_sid, state, **more):
    about = {
        "CallSid": call_sid,
        "From": NUMBER,
        "To": MOBILE,
        "Direction": "outbound-api",
        "CallStatus": state,
    }
    answer = signed_post(client, "voice-status", about | more, query=f"call={placement.call_id}")
    assert answer.status_code == 204


def test_a_call_that_was_given_up_and_comes_after_all_is_that_call(world, asked, client, twilio):
    claimed(world, asked)
    twilio.will(provider.told({"calls": []}))
    look(asked)
    made = sid("CA")
    told(client, asked, made, "completed", CallDuration="40")
    assert how_it_is(world, asked) == (State.PLACED, "", made, "completed")


def test_a_call_that_was_given_up_lives_again_when_it_comes_about(world, asked, client, twilio):
    claimed(world, asked)
    twilio.will(provider.told({"calls": []}))
    look(asked)
    told(client, asked, sid("CA"), "in-progress")
    with world.inside():
        call = Call.objects.get(pk=asked.call_id)
        assert (call.state, call.outcome, call.ended_at) == ("in-progress", None, None)
        assert call in Call.objects.all().live()


def test_who_was_not_called_was_not_in_contact(world, asked, twilio, lead):
    before = lead.last_contact_at
    twilio.will(provider.told({"code": 21215}, 400))
    work(asked)
    with world.inside():
        lead.refresh_from_db()
        assert lead.last_contact_at == before


def test_a_sweep_asks_nobody_itself_and_one_row_stops_no_other(world, asked):
    with world.inside():
        Placement.objects.filter(pk=asked.pk).update(created_at=now() - timedelta(minutes=2))
    before = waiting("place_call").count()
    placing.sweep()
    assert waiting("place_call").count() == before + 1


def test_a_delivery_cannot_take_a_call_that_is_known_by_another_id(world, asked, client):
    first, second = sid("CA"), sid("CA")
    told(client, asked, first, "ringing")
    told(client, asked, second, "ringing")
    with world.inside():
        assert Call.objects.get(pk=asked.call_id).provider_id == first
        assert Call.objects.filter(provider_id=second).exists()


def test_a_delivery_cannot_take_a_call_of_another_business(world, asked, client):
    from tests.everything import one_of_everything

    theirs = one_of_everything(world.rival, world.rival_owner).placement
    told(client, theirs, sid("CA"), "ringing")
    with world.inside(world.rival):
        assert Call.objects.get(pk=theirs.call_id).provider_id is None


def test_every_failure_has_words(world, asked):
    asked.state = State.FAILED
    for asked.failure in (*WORDS, "error_1", "status_418"):
        assert asked.told.endswith(".")


def test_the_secret_goes_to_the_operators_base_alone(world, asked, twilio):
    twilio.will(provider.redirect("http://127.0.0.1:9/"))
    work(asked)
    assert len(twilio.asked) == 1
    assert SECRET not in twilio.asked[0].path
