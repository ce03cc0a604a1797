"""A call that somebody has asked for ends when he says so, whatever the network and the clock do meanwhile."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections
from django.test import Client
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.models import Entry
from callcrm.errors import Conflict, Denied
from callcrm.testing import NUMBER, add_call, add_lead, add_leg, login, sid, signed_post
from telephony.models import Call, Placement
from telephony.outgoing import calling, placing, stopping, telephones
from telephony.tests.asking import MOBILE, THEIRS
from tests import carrier as provider
from tests.api import Api

pytestmark = pytest.mark.django_db
State, Stop = Placement.State, Placement.Stop


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name="Ines Palmer", phones=[THEIRS])


@pytest.fixture
def asked(world, lead):
    """A call that Priya has asked for, and nobody has told the provider of."""
    with world.inside():
        telephones.choose(world.user, MOBILE)
        return calling.place(world.acme, {"lead": lead}, by=world.user)


@pytest.fixture
def ringing(world, asked, twilio):
    """Her telephone rings."""
    twilio.will(provider.told({"sid": sid("CA"), "status": "queued"}, 201))
    placing.carry_out(world.acme.pk, placement(world, asked).pk)
    twilio.asked.clear()
    return asked


def placement(world, call):
    with world.inside():
        return Placement.objects.select_related("call").get(call=call)


def stop(world, call, by=None):
    with world.inside():
        stopping.stop(call, by=by or world.user)


def work(world, call):
    stopping.carry_out(world.acme.pk, placement(world, call).pk)


def how_it_is(world, call):
    found = placement(world, call)
    return found.state, found.stop, found.call.state, found.call.outcome


def told(client, call, call_sid, state, route="voice-status", **more):
    about = {"CallSid": call_sid, "From": NUMBER, "To": MOBILE, "Direction": "outbound-api"}
    return signed_post(client, route, about | {"CallStatus": state} | more, query=f"call={call.pk}")


def waiting():
    return ProcrastinateJob.objects.filter(task_name="telephony.tasks.stop_call", status="todo")


def canceled():
    return provider.told({"status": "canceled"})


def test_what_no_provider_was_asked_for_is_never_placed(world, asked, twilio):
    stop(world, asked)
    placing.carry_out(world.acme.pk, placement(world, asked).pk)
    assert how_it_is(world, asked) == (State.FAILED, Stop.STOPPED, "canceled", "missed")
    assert (twilio.asked, waiting().count()) == ([], 0)
    with world.inside():
        assert Entry.objects.get(name="call.stopped").actor == world.user.audit_actor


def test_a_telephone_that_rings_is_silenced_by_a_job(world, ringing, twilio):
    twilio.will(canceled())
    stop(world, ringing)
    assert how_it_is(world, ringing)[:3] == (State.PLACED, Stop.WISHED, "queued")
    assert (twilio.asked, waiting().count()) == ([], 1)
    work(world, ringing)
    assert how_it_is(world, ringing) == (State.PLACED, Stop.STOPPED, "canceled", "missed")
    assert [asked.body.decode() for asked in twilio.asked] == ["Status=canceled"]
    with world.inside():
        names = Entry.objects.filter(subject_id=ringing.pk).values_list("name", flat=True)
        assert {"call.stop_wished", "call.stopped"} <= set(names)


def test_twice_and_late_is_once(world, ringing, twilio):
    twilio.will(canceled())
    for _ in range(2):
        stop(world, ringing)
    assert waiting().count() == 1
    for _ in range(2):
        work(world, ringing)
    stop(world, ringing)
    assert (len(twilio.asked), how_it_is(world, ringing)[1]) == (1, Stop.STOPPED)
    with world.inside():
        assert Entry.objects.filter(name__in=["call.stop_wished", "call.stopped"]).count() == 2


def test_a_call_that_ended_by_itself_is_stopped(world, ringing, client, twilio):
    stop(world, ringing)
    with world.inside():
        ringing.refresh_from_db()
    told(client, ringing, ringing.provider_id, "no-answer")
    work(world, ringing)
    assert how_it_is(world, ringing)[1:3] == (Stop.STOPPED, "no-answer")
    assert twilio.asked == []
    stop(world, ringing)


def test_a_call_whose_id_nobody_knows_is_ended_as_soon_as_somebody_does(world, asked, client, twilio):
    with world.inside():
        Placement.objects.update(state=State.ASKED, asked_at=now())
    stop(world, asked)
    work(world, asked)
    assert (how_it_is(world, asked)[:2], twilio.asked) == ((State.ASKED, Stop.WISHED), [])
    before = waiting().count()
    told(client, asked, sid("CA"), "ringing")
    assert waiting().count() == before + 1
    twilio.will(canceled())
    work(world, asked)
    assert how_it_is(world, asked)[:3] == (State.PLACED, Stop.STOPPED, "canceled")


def test_a_stopped_call_that_was_given_up_and_comes_after_all_is_ended(world, asked, client, twilio):
    with world.inside():
        Placement.objects.update(state=State.ASKED, asked_at=now())
    stop(world, asked)
    twilio.will(provider.told({"calls": []}))
    placing.look(world.acme.pk, placement(world, asked).pk)
    work(world, asked)
    assert how_it_is(world, asked)[:2] == (State.FAILED, Stop.STOPPED)
    told(client, asked, sid("CA"), "ringing")
    assert how_it_is(world, asked)[1] == Stop.WISHED
    twilio.will(canceled())
    work(world, asked)
    assert how_it_is(world, asked)[1:3] == (Stop.STOPPED, "canceled")


def test_who_presses_1_after_stop_calls_nobody(world, ringing, client):
    with world.inside():
        ringing.refresh_from_db()
    about = {"route": "bridge", "Digits": "1"}
    assert b"<Dial" in _keyed(client, ringing, about)
    stop(world, ringing)
    assert b"<Dial" not in _keyed(client, ringing, about | {"Digits": "1", "Again": "1"})


def _keyed(client, call, about):
    who = {"CallSid": call.provider_id, "From": NUMBER, "To": MOBILE, "CallStatus": "in-progress"}
    return signed_post(client, "bridge", who | about, query=f"call={call.pk}&asked=1").content


def test_stop_ends_a_call_whose_other_side_rings(world, ringing, client, twilio):
    with world.inside():
        ringing.refresh_from_db()
    told(client, ringing, ringing.provider_id, "in-progress")
    stop(world, ringing)
    twilio.will(provider.told({"code": 21220}, 400), provider.told({"status": "completed"}))
    work(world, ringing)
    assert how_it_is(world, ringing)[1] == Stop.STOPPED
    assert [asked.body.decode() for asked in twilio.asked] == ["Status=canceled", "Status=completed"]
    told(client, ringing, ringing.provider_id, "completed", CallDuration="9")
    assert how_it_is(world, ringing)[2:] == ("completed", "missed")


def test_whoever_talks_already_is_told_to_hang_up(world, ringing):
    add_leg(ringing)
    with world.inside():
        Call.objects.filter(pk=ringing.pk).update(answered_at=now())
    with pytest.raises(Conflict, match="Hang up"):
        stop(world, ringing)


def put_through(world, call, **more):
    add_leg(call)
    with world.inside():
        Call.objects.filter(pk=call.pk).update(answered_at=now(), **more)


def test_who_is_put_through_before_the_provider_hears_of_the_stop_talks_on(world, ringing, twilio):
    twilio.will(provider.status(503))
    stop(world, ringing)
    work(world, ringing)
    twilio.asked.clear()
    put_through(world, ringing)
    work(world, ringing)
    assert twilio.asked == []
    assert how_it_is(world, ringing)[1] == Stop.FAILED
    with world.inside():
        assert "put through" in placement(world, ringing).why_not_stopped


def test_a_talk_that_is_over_before_the_stop_was_never_stopped(world, ringing, twilio):
    stop(world, ringing)
    put_through(world, ringing, state="completed", outcome="answered", ended_at=now())
    work(world, ringing)
    assert (twilio.asked, how_it_is(world, ringing)[1]) == ([], Stop.FAILED)
    with world.inside():
        assert not Entry.objects.filter(name="call.stopped").exists()


def test_a_stop_that_fails_in_ways_nobody_knew_is_told_so_often_and_no_more(world, ringing, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    stop(world, ringing)
    monkeypatch.setattr("telephony.providers.twilio.client.end_call", fail)
    for _ in range(stopping.MOST_TRIES):
        with pytest.raises(ZeroDivisionError):
            work(world, ringing)
    work(world, ringing)
    assert how_it_is(world, ringing)[1] == Stop.FAILED


@pytest.mark.parametrize("reply", [provider.silence(), provider.status(503), provider.status(429)])
def test_while_the_provider_is_away_it_is_told_again_and_again(world, ringing, twilio, monkeypatch, reply):
    from telephony.providers.twilio import client as twilio_client

    monkeypatch.setattr(twilio_client, "STOP_SECONDS", 0.2)
    twilio.will(reply)
    stop(world, ringing)
    for n in range(1, stopping.MOST_TRIES):
        work(world, ringing)
        assert (how_it_is(world, ringing)[1], waiting().count()) == (Stop.WISHED, n + 1)
    work(world, ringing)
    assert how_it_is(world, ringing)[1:3] == (Stop.FAILED, "queued")
    twilio.will(canceled())
    stop(world, ringing)
    work(world, ringing)
    assert how_it_is(world, ringing)[1] == Stop.STOPPED


def test_a_refusal_is_said_on_the_page(world, ringing, client, twilio):
    twilio.will(provider.told({"code": 20003, "message": MOBILE}, 401))
    stop(world, ringing)
    work(world, ringing)
    page = login(client, world.user).get(f"/b/acme/calls/{ringing.pk}/").content.decode()
    assert "Not stopped.</b> The provider refused our account" in page
    with world.inside():
        assert Entry.objects.get(name="call.not_stopped").data["why"] == "error_20003"


def test_what_was_lost_with_its_worker_is_told_by_the_sweep(world, ringing):
    stop(world, ringing)
    stopping.sweep()
    assert waiting().count() == 1
    with world.inside():
        Placement.objects.update(stop_wished_at=now() - stopping.LOST_AFTER - timedelta(seconds=1))
    stopping.sweep()
    assert waiting().count() == 2


def test_only_who_has_asked_may_stop_it(world, ringing, client):
    with pytest.raises(Denied):
        stop(world, ringing, by=world.owner)
    address = f"/b/acme/calls/{ringing.pk}/stops/"
    assert login(client, world.owner).post(address).status_code == 403
    assert address not in client.get("/b/acme/calls/").content.decode()
    assert how_it_is(world, ringing)[1] == Stop.NOT_WISHED


def test_a_call_that_nobody_asked_for_here_is_not_stopped(world):
    with pytest.raises(Conflict, match="asked for here"):
        stop(world, add_call(world.acme, state="ringing", outcome=None, answered_at=None, agent=world.user))


@pytest.mark.parametrize("where", ["calls/", "calls/{call}/", "desk/?lead={lead}", "leads/", "leads/{lead}/"])
def test_while_it_rings_there_is_a_button_that_stops_it(world, ringing, lead, client, where):
    page = login(client, world.user).get("/b/acme/" + where.format(call=ringing.pk, lead=lead.pk))
    assert f'action="/b/acme/calls/{ringing.pk}/stops/"' in page.content.decode()
    stop(world, ringing)
    page = client.get("/b/acme/" + where.format(call=ringing.pk, lead=lead.pk)).content.decode()
    assert f"calls/{ringing.pk}/stops/" not in page
    assert "Being stopped" in page


def test_a_press_leads_to_the_call_or_stays_at_the_desk(world, ringing, lead, client):
    address = f"/b/acme/calls/{ringing.pk}/stops/"
    answer = login(client, world.user).post(address)
    assert answer.headers["Location"] == f"/b/acme/calls/{ringing.pk}/"
    assert client.post(address, {"view": "desk"}).headers["Location"] == f"/b/acme/desk/?lead={lead.pk}"


def press(client, call, **headers):
    return client.post(f"/b/acme/calls/{call.pk}/stops/", follow=not headers, headers=headers)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_press_says_how_far_the_stopping_is(world, ringing, twilio, client, headers):
    login(client, world.user)
    for _ in range(2):
        shown = press(client, ringing, **headers).content.decode()
        assert "is being told to end the call" in shown
        assert "Being stopped…" in shown
    twilio.will(canceled())
    work(world, ringing)
    shown = press(client, ringing, **headers).content.decode()
    assert "The call was stopped. The other one was not put through." in shown
    assert "Being stopped…" not in shown


def test_a_call_that_was_never_placed_says_so(world, asked, client):
    assert "stopped before any telephone rang" in press(login(client, world.user), asked).content.decode()


def test_a_call_that_ended_by_itself_was_over_already(world, ringing, client):
    told(client, ringing, placement(world, ringing).call.provider_id, "no-answer")
    assert "The call was over already." in press(login(client, world.user), ringing).content.decode()


def test_with_scripts_the_button_gives_way_to_what_is_so(world, ringing, client):
    shown = press(login(client, world.user), ringing, **{"HX-Request": "true"}).content.decode()
    assert "<button" not in shown.split("<hx-partial")[0]
    assert '<hx-partial hx-target=".toasts" hx-swap="beforeend"><div class="toast" data-brief>' in shown


def test_a_program_stops_what_it_has_asked_for(world, ringing, twilio):
    answer = Api(world.user).post(f"calls/{ringing.pk}/stops/")
    assert (answer.status_code, answer.json()["state"]) == (201, "queued")
    twilio.will(canceled())
    work(world, ringing)
    assert Api(world.user).post(f"calls/{ringing.pk}/stops/").json()["state"] == "canceled"


@pytest.mark.django_db(transaction=True)
def test_stop_and_the_worker_that_places_it_at_once_end_the_same(world, asked, twilio):
    """Whoever is first: nobody's telephone rings on."""
    twilio.will(provider.told({"sid": sid("CA")}, 201))
    pk, gate = placement(world, asked).pk, Barrier(2)

    def both(act):
        gate.wait()
        act()
        connections.close_all()

    client = login(Client(), world.user)
    acts = [
        lambda: placing.carry_out(world.acme.pk, pk),
        lambda: client.post(f"/b/acme/calls/{asked.pk}/stops/"),
    ]
    threads = [Thread(target=both, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if twilio.asked:
        assert how_it_is(world, asked)[:2] == (State.PLACED, Stop.WISHED)
        assert waiting().exists()
    else:
        assert how_it_is(world, asked)[:2] == (State.FAILED, Stop.STOPPED)
