"""The timeline of a call that a member asked for: his own telephone first, then the other one, in the order of time."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from django.utils.http import http_date
from django.utils.timezone import now

from callcrm.testing import add_lead, login
from telephony import ingest, moments
from telephony.models import Call, Placement
from telephony.outgoing import stopping, telephones
from telephony.providers.base import CallState, CallUpdate, Direction
from telephony.tests.asking import MOBILE, THEIRS, Line, place
from telephony.tests.test_moments import heads, legs, lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(world, client):
    with world.inside():
        telephones.choose(world.user, MOBILE)
    return Line(client, place(world, lead=add_lead(world.acme, name="Ines Palmer", phones=[THEIRS])))


@pytest.fixture
def page(world, line):
    def read(member=None):
        client = login(type(line.client)(), member or world.user)
        return client.get(f"/b/acme/calls/{line.call.pk}/").content.decode()

    return read


def own(line, state, **said):
    """What the provider tells of the member's own telephone."""
    line.post(f"/webhooks/twilio/voice-status/?call={line.call.pk}", CallStatus=state, **said)


def stamp(ago=0):
    return http_date((now() - timedelta(seconds=ago)).timestamp()).replace("GMT", "+0000")


def rings(line):
    own(line, "initiated")
    own(line, "ringing")


def told(world, line):
    with world.inside():
        call = Call.objects.get(pk=line.call.pk)
        found = moments.of_call(call, call.legs.all(), call.placements.get(), [])
        return [(moment.kind, moment.told) for moment in found]


def test_it_reads_in_order_from_the_asking_to_the_end(world, line, page):
    rings(line)
    [dial] = line.presses()
    line.other(dial[0].get("statusCallback"), "initiated")
    assert heads(page()) == ["Asked for", "Your telephone rang", "Picked up", "Called"]
    line.other(dial[0].get("statusCallback"), "ringing")
    line.other(dial[0].get("url"), "in-progress")
    line.other(dial[0].get("statusCallback"), "in-progress", Timestamp=stamp())
    line.ends(dial, "completed", DialCallDuration="40")
    read = page()
    assert heads(read) == ["Asked for", "Your telephone rang", "Picked up", "Called", "Answered", "Ended"]
    assert lines(read)[-2:] == ["Answered by Ines P.", "Ended after 0:40 of talk"]
    assert "Heard the notice first" in read
    assert [one.split()[0] for one in legs(read)] == ["Rang"]


def test_a_colleague_reads_whose_telephone_it_was(world, line, page):
    rings(line)
    assert heads(page(world.owner)) == ["Asked for", "Telephone rang"]
    assert f"of {world.user.name}" in page(world.owner)


def test_a_provider_that_says_whole_seconds_of_a_slower_clock_is_not_before_the_asking(world, line):
    own(line, "ringing", Timestamp=stamp(5))
    own(line, "in-progress", Timestamp=stamp(5))
    assert [kind for kind, _ in told(world, line)] == ["asked", "own_rang", "own_answered"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("no-answer", "It was not picked up."),
        ("busy", "It was engaged."),
        ("failed", "It could not be reached."),
    ],
)
def test_why_nobody_was_called_stands_with_ones_own_telephone(world, line, state, words):
    rings(line)
    own(line, state)
    assert told(world, line) == [("asked", ""), ("own_rang", words), ("ended", "not reached")]


def test_who_picks_up_and_presses_nothing_reads_that_it_was_that(world, line):
    rings(line)
    line.presses("")
    own(line, "completed", CallDuration="9")
    assert ("own_answered", "1 was not pressed, so nobody else was called.") in told(world, line)


def test_of_a_telephone_that_nobody_told_of_no_time_is_made_up(world, line):
    own(line, "completed", CallDuration="9")
    assert told(world, line) == [
        ("asked", "It was not picked up, or 1 was not pressed."),
        ("ended", "not reached"),
    ]


def test_a_call_that_was_stopped_blames_no_telephone(world, line):
    rings(line)
    with world.inside():
        stopping.stop(line.call, by=world.user)
        Placement.objects.update(stop=Placement.Stop.STOPPED)
    own(line, "canceled")
    assert told(world, line) == [
        ("asked", ""),
        ("own_rang", ""),
        ("stopped", "Nobody else was rung."),
        ("ended", ""),
    ]


def test_a_call_that_was_stopped_says_so_in_its_place_and_of_itself(world, line, page):
    rings(line)
    with world.inside():
        stopping.stop(line.call, by=world.user)
        Placement.objects.update(stop=Placement.Stop.STOPPED)
    own(line, "canceled", CallDuration="1")
    read = page()
    assert heads(read) == ["Asked for", "Your telephone rang", "Stopped", "Ended"]
    assert ("Not reached" in read, "not reached" in read, "Tried for" in read, "Whole call" in read) == (
        False,
    ) * 4
    assert "Stopped after" in read
    client = login(type(line.client)(), world.user)
    listed = client.get("/b/acme/calls/").content.decode()
    assert ('<span class="badge ">Stopped</span>' in listed, "Not reached" in listed) == (True, False)
    with world.inside():
        lead = line.call.lead_id
    assert f"by {world.user.name}, stopped" in client.get(f"/b/acme/leads/{lead}/").content.decode()


def test_what_ended_by_a_slower_clock_was_stopped_before_it_ended(world, line):
    rings(line)
    with world.inside():
        stopping.stop(line.call, by=world.user)
        placed = Placement.objects.get()
        Placement.objects.update(
            stop=Placement.Stop.STOPPED, created_at=placed.created_at - timedelta(hours=1)
        )
    own(line, "canceled", Timestamp=stamp(30))
    with world.inside():
        call = Call.objects.get()
        found = moments.of_call(call, [], call.placements.get(), [])
    ends = [(one.kind, one.at) for one in found if one.kind in ("stopped", "ended")]
    assert ends == [("stopped", call.ended_at), ("ended", call.ended_at)]


def test_a_call_that_reached_somebody_after_all_was_not_stopped(world, line):
    """The worker gave up on stopping; or the talk is told of late."""
    rings(line)
    [dial] = line.presses()
    with world.inside():
        Placement.objects.update(stop=Placement.Stop.STOPPED, stop_wished_at=now())
    line.ends(dial, "completed", DialCallDuration="40")
    assert "stopped" not in [kind for kind, _ in told(world, line)]


def test_in_any_order_and_twice_the_times_of_ones_own_telephone_are_the_same(world, line):
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    said = [
        (CallState.RINGING, 1),
        (CallState.RINGING, 3),
        (CallState.IN_PROGRESS, 7),
        (CallState.IN_PROGRESS, 9),
    ]
    for order in permutations(said):
        with world.inside():
            Placement.objects.update(rang_at=None, picked_up_at=None)
            for state, second in order:
                _say(line, state, at + timedelta(seconds=second))
            kept = Placement.objects.get()
        assert (kept.rang_at, kept.picked_up_at) == (at + timedelta(seconds=1), at + timedelta(seconds=7))


def test_a_clock_that_is_ahead_tells_no_time_after_it_was_heard(world, line):
    with world.inside():
        heard = now()
        _say(line, CallState.RINGING, heard + timedelta(minutes=3), heard)
        assert Placement.objects.get().rang_at == heard


def _say(line, state, at, received_at=None):
    origin = ingest.Origin(
        line.call.business_id, "twilio", received_at or at + timedelta(seconds=1), line.call.pk
    )
    update = CallUpdate(
        provider_id=line.id, account_id="", direction=Direction.OUTBOUND, state=state, from_e164=None,
        to_e164=None, withheld=False, at=at,
    )  # fmt: skip
    ingest.apply([update], origin)
