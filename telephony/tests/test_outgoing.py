"""A member calls somebody: his telephone first, then the other one, who hears the notice and sees our number."""

from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread
from xml.etree import ElementTree

import pytest
from django.db import connections
from django.utils import timezone

from callcrm.errors import Conflict, Invalid, TooMany
from callcrm.lib.tenancy import business_scope
from callcrm.testing import (
    NUMBER,
    add_call,
    add_lead,
    add_message,
    fresh_number,
    login,
    sid,
)
from leads import editing
from leads.models import Lead
from recordings import consent
from recordings.models import Recording
from telephony import numbers
from telephony.models import Call, Callback, Placement, TrackingNumber
from telephony.outgoing import calling, stopping, telephones
from telephony.tests.asking import MOBILE, THEIRS, Line, miss, place, settled

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name="Ines Palmer", phones=[THEIRS])


@pytest.fixture
def mobile(world):
    with world.inside():
        return telephones.choose(world.user, MOBILE)


def refusal(world, error=Invalid, **values):
    with world.inside(), pytest.raises(error) as refused:
        calling.place(world.acme, values, by=world.user)
    return list(refused.value.fields)


def another_number(world, e164=""):
    with world.inside():
        return numbers.add(world.acme, e164 or fresh_number(), account=world.account, source=world.source)


# --- Who is called, and from which number


def test_the_number_is_the_one_that_the_person_called(world, lead, mobile):
    known = another_number(world)
    add_call(world.acme, lead, number=known)
    assert place(world, lead=lead).number == known


def test_a_number_that_nobody_was_called_from_after_all_is_not_known(world, lead, mobile):
    vain = another_number(world)
    place(world, lead=lead, number=vain)
    with world.inside():
        Call.objects.update(state="failed", outcome="missed")
        Placement.objects.update(state="failed")
    assert place(world, lead=lead).number == world.number


def test_the_later_of_a_call_and_a_text_says_which_number_is_known(world, lead, mobile):
    called, texted = another_number(world), another_number(world)
    add_call(world.acme, lead, number=called, started_at=timezone.now() - timedelta(days=2))
    add_message(world.acme, lead, number=texted)
    assert place(world, lead=lead).number == texted


def test_who_never_called_is_called_from_our_oldest_number(world, lead, mobile):
    another_number(world)
    assert place(world, lead=lead).number == world.number


def test_a_number_out_of_service_calls_nobody(world, lead, mobile):
    known = another_number(world)
    add_call(world.acme, lead, number=known)
    with world.inside():
        numbers.change(known, {"is_active": False}, by=world.owner)
    assert place(world, lead=lead).number == world.number


def test_without_a_number_nobody_is_called(world, lead, mobile):
    with world.inside():
        TrackingNumber.objects.update(is_active=False)
    assert refusal(world, lead=lead) == ["number"]


def test_a_number_that_is_typed_finds_its_lead_and_any_other_becomes_one(world, lead, mobile):
    assert place(world, to="(206) 555-0111").lead == lead
    with world.inside():
        Call.objects.all().delete()
    assert place(world, to="+12065550112").lead != lead
    with world.inside():
        assert Lead.objects.count() == 2


def test_the_call_came_from_what_brought_the_person(world, mobile):
    known = add_lead(world.acme, name="Ines Palmer", source=world.source)
    assert place(world, lead=known).source_id == world.source.pk
    settled(world)
    assert place(world, to=THEIRS).source_id is None


@pytest.mark.parametrize("to", ["911", "112", "9 1 1"])
def test_emergencies_are_not_dialled_from_here(world, mobile, to):
    with world.inside(), pytest.raises(Invalid) as refused:
        calling.place(world.acme, {"to": to}, by=world.user)
    assert "emergency" in refused.value.fields["to"][0]


@pytest.mark.parametrize("to", ["", "12", NUMBER, MOBILE, "+19005550123"])
def test_nonsense_costly_numbers_and_our_own_are_not_dialled(world, mobile, to):
    assert refusal(world, to=to) == ["to"]


def test_a_lead_without_a_number_cannot_be_called(world, mobile):
    assert refusal(world, lead=add_lead(world.acme, name="Nobody", phones=[])) == ["to"]


def test_who_has_no_telephone_is_told_so(world, lead):
    assert refusal(world, lead=lead) == ["telephone"]


def test_one_telephone_takes_one_call_at_a_time(world, lead, mobile):
    place(world, lead=lead)
    refusal(world, Conflict, lead=lead)
    with world.inside():
        Call.objects.update(state="completed")
    refusal(world, Conflict, lead=lead)  # the provider has not been asked yet
    settled(world)
    place(world, lead=lead)


RINGING = {"state": "ringing", "outcome": None, "answered_at": None, "ended_at": None}
TALKING = RINGING | {"state": "in-progress", "answered_at": timezone.now()}


@pytest.mark.parametrize(
    ("facts", "agent", "to_user", "to_owner"),
    [
        (RINGING, None, "This person is calling you right now.", "This person is calling you right now."),
        (TALKING, None, "A colleague is talking to", "A colleague is talking to"),
        (TALKING, "user", "You are talking to", "user is talking to"),
        (RINGING | {"direction": "outbound"}, "admin", "A colleague is calling", "admin is calling"),
        (TALKING | {"direction": "outbound"}, "admin", "A colleague is talking to", "admin is talking to"),
    ],
)
def test_who_asks_for_a_call_is_told_of_one_that_is_going_on(
    world, client, lead, facts, agent, to_user, to_owner
):
    add_call(world.acme, lead, agent=getattr(world, agent) if agent else None, **facts)
    for member, said in ((world.user, to_user), (world.owner, to_owner)):
        login(client, member)
        for headers in ({}, {"HX-Request": "true"}):
            page = client.get(f"/b/acme/calls/outgoing/?lead={lead.pk}", headers=headers).content.decode()
            assert said in page


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_nobody_is_called_who_rings_or_is_rung_at_the_moment(world, lead, mobile, direction):
    call = add_call(world.acme, lead, agent=world.admin, direction=direction, **RINGING)
    refusal(world, Conflict, lead=lead)
    with world.inside():
        Call.objects.filter(pk=call.pk).update(started_at=timezone.now() - timedelta(minutes=5))
    assert place(world, lead=lead).lead == lead, "nothing rings for so long: the word of its end was lost"


@pytest.mark.parametrize("facts", [TALKING, RINGING | {"state": "completed"}])
def test_who_talks_to_us_or_has_hung_up_can_be_called(world, lead, mobile, facts):
    add_call(world.acme, lead, **facts)
    add_call(world.acme, **RINGING)  # of somebody else
    assert place(world, lead=lead).lead == lead


@pytest.mark.django_db(transaction=True)
def test_of_two_members_who_call_a_person_at_once_one_is_told_of_the_other(world, lead, mobile):
    with world.inside():
        telephones.choose(world.owner, "+15035550182")
    gate, told = Barrier(2), []

    def one(member):
        with business_scope(world.acme.pk), suppress(Conflict):
            gate.wait()
            calling.place(world.acme, {"lead": Lead.objects.get(pk=lead.pk)}, by=member)
            told.append(member)
        connections.close_all()

    threads = [Thread(target=one, args=(member,)) for member in (world.user, world.owner)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1
    with world.inside():
        assert Call.objects.count() == 1


def test_calls_are_limited(world, lead, mobile, settings):
    settings.RATE_LIMIT_CALLS = "1/h"
    place(world, lead=lead)
    settled(world)
    refusal(world, TooMany, lead=lead)


def test_without_a_notice_the_call_is_not_recorded(world, lead, mobile):
    silent = another_number(world)
    with world.inside():
        number = TrackingNumber.objects.get(pk=silent.pk)
    assert place(world, lead=lead, number=number).records is False


# --- What is heard


@pytest.fixture
def line(world, client, lead, mobile):
    return Line(client, place(world, lead=lead))


def now(world, call):
    with world.inside():
        return Call.objects.select_related("agent", "lead").get(pk=call.pk)


def test_the_member_presses_a_key_before_anybody_is_called(line):
    heard = line.picks_up()
    [gather, hang_up] = heard
    assert (gather.tag, hang_up.tag) == ("Gather", "Hangup")
    assert gather.find("Say").text == "Press 1 to take the call."
    assert "Ines" not in ElementTree.tostring(heard, encoding="unicode")


@pytest.mark.parametrize("key", ["", "2", "*"])
def test_a_mailbox_that_presses_nothing_is_put_through_to_nobody(line, key):
    assert [verb.tag for verb in line.presses(key)] == ["Hangup"]


def test_the_other_end_is_called_from_our_number_and_recorded_as_the_flow_says(line):
    [dial] = line.presses()
    [number] = dial
    assert (number.text, dial.get("callerId"), dial.get("record")) == (
        THEIRS,
        NUMBER,
        "record-from-answer-dual",
    )
    assert all(f"call={line.call.pk}" in url for url in (dial.get("action"), number.get("url")))


def test_the_other_end_hears_the_notice_first_and_that_is_kept(world, line):
    [dial] = line.presses()
    assert now(world, line.call).notice == ""
    [say] = line.other(dial[0].get("url"), "in-progress")
    assert (say.tag, say.text) == ("Say", numbers.NOTICE)
    told = now(world, line.call)
    assert (told.notice, told.notice_at > told.seen_at) == (numbers.NOTICE, True)


@pytest.mark.parametrize("told", [True, False])
def test_what_was_recorded_without_the_notice_is_not_kept(world, line, told):
    [dial] = line.presses()
    if told:
        line.other(dial[0].get("url"), "in-progress")
    recording = {"RecordingSid": sid("RE"), "RecordingStatus": "completed", "RecordingDuration": "5"}
    line.post(dial.get("recordingStatusCallback"), **recording)
    with world.inside():
        assert consent.may_keep(Recording.objects.select_related("call").get()) is told


def test_without_a_notice_nothing_is_said_and_nothing_recorded(world, client, lead, mobile):
    silent = another_number(world)
    with world.inside():
        from telephony.flows import simple, versions

        versions.put(silent, simple.flow(["+15035550192"], notice=""), by=world.owner)
        number = TrackingNumber.objects.select_related("account", "published").get(pk=silent.pk)
    line = Line(client, place(world, lead=lead, number=number))
    [dial] = line.presses()
    assert dial.get("record") is None
    assert len(line.other(dial[0].get("url"), "in-progress")) == 0


@pytest.mark.parametrize("notice", ["This call is recorded.", ""])
def test_who_picks_up_after_a_stop_is_hung_up_on(world, client, lead, mobile, notice):
    with world.inside():
        from telephony.flows import simple, versions

        versions.put(world.number, simple.flow(["+15035550192"], notice=notice), by=world.owner)
    line = Line(client, place(world, lead=lead))
    [dial] = line.presses()
    with world.inside():
        stopping.stop(line.call, by=world.user)
    [says] = line.other(dial[0].get("url"), "in-progress")
    assert says.tag == "Hangup"


def test_a_call_that_was_talked_is_answered_and_the_members_and_pays_the_debt(world, line, lead):
    miss(world, lead)
    [dial] = line.presses()
    line.other(dial[0].get("statusCallback"), "in-progress")
    [last] = line.ends(dial, "completed", DialCallDuration="40")
    assert last.tag == "Hangup"
    call = now(world, line.call)
    assert (call.outcome, call.agent, call.talk_seconds, call.provider_id) == (
        "answered",
        world.user,
        40,
        line.id,
    )
    with world.inside():
        assert Callback.objects.get().proof == call.pk
        assert Lead.objects.get(pk=lead.pk).last_contact_at == call.started_at


def test_a_call_that_nobody_took_owes_as_much_as_before(world, line, lead):
    miss(world, lead)
    [dial] = line.presses()
    line.other(dial[0].get("statusCallback"), "no-answer")
    line.ends(dial, "no-answer")
    assert now(world, line.call).outcome == "missed"
    with world.inside():
        assert [(debt.is_open, debt.misses) for debt in Callback.objects.all()] == [(True, 1)]
        assert Lead.objects.get(pk=lead.pk).last_contact_at == lead.last_contact_at, "he was not reached"


def test_nobody_is_called_where_the_address_names_another_call(world, client, line):
    line.picks_up()
    settled(world)
    other = place(world, lead=add_lead(world.acme, name="Somebody Else", phones=["+12065550112"]))
    answer = line.post(
        f"/webhooks/twilio/bridge/?call={other.pk}&asked=1", CallStatus="in-progress", Digits="1"
    )
    assert [verb.tag for verb in answer] == ["Hangup"]


def test_who_was_deleted_meanwhile_is_not_called(world, line, lead):
    with world.inside():
        editing.delete(lead, by=world.owner)
    assert [verb.tag for verb in line.picks_up()] == ["Hangup"]
