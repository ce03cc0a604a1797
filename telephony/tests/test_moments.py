"""What the timeline of a call says, in which order, and how each telephone that was rung is told of."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from callcrm.lib import times
from callcrm.lib.masking import mask_phone
from callcrm.testing import add_call, add_lead, add_leg, assert_flat_queries, login
from recordings.listening.waveform import POINTS
from recordings.models import Recording
from recordings.retention import deletions
from telephony.models import Outcome

LIST = "/b/acme/calls/"
VAIN = {"outcome": Outcome.VOICEMAIL, "answered_at": None, "talk_seconds": None}


def heads(html):
    return re.findall(r'<div class="head"><div><b>([^<]+)</b>', html)


def lines(html):
    """The head of each line with what stands beside it."""
    found = re.findall(r'<div class="head"><div><b>([^<]+)</b> <span class="muted">([^<]*)</span>', html)
    return [" ".join(line).strip() for line in found]


def legs(html):
    rung = re.findall(r'<span class="grow num">(Rang.*?)</(?:li|div)>', html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in rung]


def heard(html):
    """When the notice was heard, as the timeline and the passport say."""
    return re.findall(r'(?:Heard the notice first, |English \(US\), )\s*<time[^>]*datetime="([^"]+)"', html)


@pytest.fixture
def told(world, client):
    """Return what the panel and the page of a call tell; they must tell the same."""
    login(client, world.owner)

    def both(call, read=heads):
        panel, page = (client.get(f"{LIST}{call.pk}/{end}").content.decode() for end in ("panel/", ""))
        assert read(panel) == read(page)
        return read(page)

    return both


@pytest.fixture
def leave(world):
    def recorded(call, seconds, **values):
        at = call.started_at + timedelta(seconds=seconds)
        fields = {"provider_id": "RE1", "created_at": at, "is_complete": True} | values
        with world.inside():
            return Recording.objects.create(business=world.acme, call=call, **fields)

    return recorded


def test_a_recording_stands_where_it_began_and_not_where_it_was_told_of(world, told, leave):
    call = add_call(world.acme, add_lead(world.acme))
    leave(call, 8)
    assert told(call) == ["Incoming call", "Answered", "Recording", "Ended"]


def test_what_began_after_the_end_is_told_after_it(world, told, leave):
    call = add_call(world.acme, add_lead(world.acme))
    leave(call, 69)
    assert told(call) == ["Incoming call", "Answered", "Ended", "Recording"]


def test_a_message_comes_after_the_telephones_that_nobody_answered(world, told, leave):
    call = add_call(world.acme, add_lead(world.acme), **VAIN)
    leave(call, 40, kind="voicemail", provider_id="RE2")
    leave(call, 4, state="absent")
    assert told(call) == ["Incoming call", "Voicemail", "Ended"]


def test_that_nothing_was_recorded_is_told_where_it_is_all_there_is(world, told, leave):
    call = add_call(world.acme, add_lead(world.acme))
    leave(call, 8, state="absent")
    assert "Recording" in told(call)


@pytest.mark.parametrize(
    ("state", "rang", "words"),
    [
        ("no-answer", 12, "Rang +1 503-555-0190 12 s No answer"),
        ("busy", 0, "Rang +1 503-555-0190 Busy"),
        ("canceled", 70, "Rang +1 503-555-0190 1 min 10 s Not answered"),
        ("completed", 30, "Rang +1 503-555-0190 Picked up, not put through"),
        ("ringing", None, "Rang +1 503-555-0190 Ringing"),
    ],
)
def test_each_telephone_says_how_long_it_rang_and_what_came_of_it(world, told, state, rang, words):
    call = add_call(world.acme, add_lead(world.acme), **VAIN)
    ended = None if rang is None else call.started_at + timedelta(seconds=rang)
    add_leg(call, state=state, bridged=False, answered_at=None, ended_at=ended, duration_seconds=None)
    assert told(call, legs) == [words]


def test_who_answered_is_named_with_how_long_it_rang_and_was_talked(world, told):
    call = add_call(world.acme, add_lead(world.acme), agent=world.user)
    add_leg(call, member=world.user)
    assert told(call, legs) == [f"Rang {world.user.name} 8 s Answered 1:00"]


def test_a_leg_that_was_told_of_once_it_was_over_claims_no_length_of_ringing(world, told):
    call = add_call(world.acme, add_lead(world.acme))
    add_leg(call, started_at=call.ended_at)
    assert told(call, legs) == ["Rang +1 503-555-0190 Answered 1:00"]


def test_a_call_that_was_logged_by_hand_rang_nobody_here(world, told):
    assert told(add_call(world.acme, add_lead(world.acme), provider="manual")) == ["Answered", "Ended"]


def test_it_is_the_number_that_was_called_and_not_the_advertisement(world, told):
    call = add_call(world.acme, add_lead(world.acme))
    assert told(call, lines)[0] == "Incoming call on +1 503-555-0100"
    with world.inside():
        world.number.label = "Storm season ad"
        world.number.save()
    assert told(call, lines)[0] == "Incoming call on the number “Storm season ad”"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("missed", "nobody answered"),
        ("abandoned", "before anybody answered"),
        ("voicemail", "with a message"),
    ],
)
def test_the_end_says_how_it_ended(world, told, outcome, words):
    call = add_call(world.acme, add_lead(world.acme), **VAIN | {"outcome": outcome})
    assert told(call, lines)[-1] == f"Ended {words}"


def test_many_legs_and_recordings_cost_what_one_does(world, client, leave):
    call = add_call(world.acme, add_lead(world.acme))
    login(client, world.owner)
    made = iter(range(100))

    def grow():
        add_leg(call, member=world.user)
        leave(call, 8, provider_id=f"RE{next(made)}")

    assert_flat_queries(lambda: client.get(f"{LIST}{call.pk}/panel/"), grow)
    assert_flat_queries(lambda: client.get(f"{LIST}{call.pk}/"), grow)


def test_a_telephone_that_was_masked_when_it_rang_is_not_masked_again(world, told):
    call = add_call(world.acme, add_lead(world.acme))
    add_leg(call, to=mask_phone("+12125550147"))
    assert told(call, legs)[0].startswith("Rang +1 (212) •••-••47 ")


@pytest.mark.parametrize(("rule", "by"), [("retention", ""), ("card_data", ", by {}")])
def test_a_recording_that_is_gone_says_when_it_went_and_who_deleted_it(world, told, leave, rule, by):
    call = add_call(world.acme, add_lead(world.acme), started_at=datetime(2026, 1, 9, 12, tzinfo=UTC))
    gone = leave(call, 8, state="stored")
    with world.inside():
        who = None if rule == "retention" else world.admin
        deletions.end([gone], Recording.Rule(rule), by=who)
        Recording.objects.update(deleted_at=datetime(2026, 2, 8, 18, 30, tzinfo=UTC))
    [said] = told(call, lambda html: re.findall(r'<p class="sub">(On .*?)</p>', html, re.DOTALL))
    said = " ".join(re.sub(r"<[^>]+>", "", said).split())
    assert said == f"On Feb 8, 10:30 am{by.format(world.admin.name)}."


def test_many_that_were_deleted_cost_what_one_does(world, client, leave):
    call = add_call(world.acme, add_lead(world.acme))
    login(client, world.owner)
    made = iter(range(100))

    def grow():
        gone = leave(call, 8, state="stored", provider_id=f"RE{next(made)}")
        with world.inside():
            deletions.end([gone], Recording.Rule.CARD_DATA, by=world.admin)

    assert_flat_queries(lambda: client.get(f"{LIST}{call.pk}/"), grow)


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_notice_is_never_heard_before_the_one_who_hears_it_is_there(world, told, direction):
    """The provider says whole seconds of its own clock, and the notice is of ours."""
    began = datetime(2026, 11, 20, 15, 1, 54, tzinfo=UTC)
    early = {"direction": direction, "started_at": began, "notice_at": began - timedelta(seconds=0.2)}
    call = add_call(world.acme, add_lead(world.acme), **early)
    reached = began + timedelta(seconds=4 if direction == "outbound" else 0)
    add_leg(call, started_at=reached)
    assert told(call, heard) == [times.iso(reached)] * 2


@pytest.mark.parametrize(
    ("direction", "who", "others", "icon"),
    [("inbound", "Caller", "Person called", "incoming"), ("outbound", "Person called", "Caller", "outgoing")],
)
def test_the_page_of_a_call_speaks_of_whoever_is_at_the_other_end(
    world, client, direction, who, others, icon
):
    call = add_call(world.acme, add_lead(world.acme), direction=direction)
    page = login(client, world.owner).get(f"{LIST}{call.pk}/").content.decode()
    assert (f"<h2>{who}</h2>" in page, f"<h2>{others}</h2>" in page) == (True, False)
    assert f"of this {who.lower()}" in page
    [badge] = re.findall(r'<span class="badge ok">(.*?)Answered</span>', page, re.DOTALL)
    assert f"phone-{icon}" in badge


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ("inbound", "Above the line the caller, below it your people."),
        ("outbound", "Above the line your people, below it the person called."),
    ],
)
def test_the_picture_says_whose_side_is_which(world, client, leave, direction, words):
    """The side whose call the other was dialled from is the first."""
    call = add_call(world.acme, add_lead(world.acme), direction=direction)
    leave(call, 8, state="stored", peaks=bytes(2 * POINTS), audio_seconds=60.0)
    page = login(client, world.owner).get(f"{LIST}{call.pk}/").content.decode()
    assert re.findall(r"Above the line[^<.]+\.", page) == [words]
