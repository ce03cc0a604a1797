"""What a caller meets, step by step. `golden/` holds the document of each, as a provider gets it.

A document that has changed on purpose is written anew by `GOLDEN=write pytest telephony/tests/test_flow_walk.py`.
"""

import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from telephony.flows import walk
from telephony.flows.steps import Blocked, Flow, Greeting, Order
from telephony.providers.base import Dial, Gather, HangUp, Record, Reject, Say
from telephony.providers.twilio import answers
from telephony.tests.flows import (
    CLOSED,
    HOME,
    MENU,
    OFFICE,
    RING,
    SALES,
    SUNDAY,
    VAN,
    VOICEMAIL,
    WHOLE,
    Links,
    facts,
    with_step,
)

GOLDEN = Path(__file__).parent / "golden"
LINKS = Links()
BARE = Flow(
    {"menu": MENU, "sales": SALES, "ring": RING, "voicemail": VOICEMAIL, "closed": CLOSED},
    "ring",
)
TURNS = with_step("ring", BARE, to=(OFFICE, VAN, HOME), order=Order.IN_TURN.value)


def enter(name, flow=WHOLE, **known):
    return walk.enter(flow, name, facts(**known), LINKS)


def pressed(key, tried=1, flow=WHOLE):
    return walk.after_key(flow, "menu", facts(told=True), LINKS, key=key, tried=tried)


def rung(turn=0, first=0, *, bridged=False, flow=WHOLE):
    return walk.after_ringing(flow, "ring", facts(told=True), LINKS, turn=turn, first=first, bridged=bridged)


DOCUMENTS = {
    "greeting-hours-menu": enter("greeting").actions,
    "closed": enter("greeting", at=SUNDAY).actions,
    "ring-all": enter("ring", told=True).actions,
    "ring-unrecorded": enter("ring").actions,
    "ring-with-whisper": enter("sales", told=True).actions,
    "ring-in-turn": enter("ring", TURNS, told=True).actions,
    "ring-in-turn-next": rung(flow=TURNS).actions,
    "voicemail": enter("voicemail").actions,
    "no-answer": rung().actions,
    "menu-again": pressed("").actions,
    "menu-otherwise": pressed("9", tried=2).actions,
    "key": pressed("1").actions,
    "whisper": walk.whisper(WHOLE, "sales", facts(source="Google Ads"), LINKS),
    "whisper-accepted": walk.whisper_accepted("1"),
    "whisper-refused": walk.whisper_accepted(""),
    "blocked": walk.begin(WHOLE, facts(blocked=True), LINKS).actions,
    "talked": rung(bridged=True).actions,
    "message-taken": walk.after_message().actions,
    "nowhere": enter(None).actions,
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_step_is_the_document_that_was_agreed(name):
    document = ElementTree.fromstring(answers.document(DOCUMENTS[name]))  # noqa: S314  our own
    ElementTree.indent(document)
    text = ElementTree.tostring(document, encoding="unicode") + "\n"
    kept = GOLDEN / f"{name}.xml"
    if os.environ.get("GOLDEN") == "write":
        kept.write_text(text)
    assert text == kept.read_text()


def test_no_document_is_kept_that_nothing_writes():
    assert {path.stem for path in GOLDEN.glob("*.xml")} == set(DOCUMENTS)


def test_who_has_been_told_is_recorded_and_nobody_else():
    told = enter("greeting", with_step("hours", open="ring"))
    assert told.actions[-1].record
    assert told.notice == Say("This call may be recorded.")
    silent = with_step("greeting", with_step("hours", open="ring"), notice="")
    assert not enter("greeting", silent).actions[-1].record
    assert not enter("ring", with_step("ring", record=False), told=True).actions[-1].record


def test_the_last_notice_on_the_way_is_the_one_that_counts():
    second = Greeting(notice="Dieses Gespräch wird aufgezeichnet.", language="de-DE", next="ring")
    flow = replace(
        WHOLE,
        steps={**WHOLE.steps, "second": second, "greeting": replace(WHOLE.steps["greeting"], next="second")},
    )
    assert enter("greeting", flow).notice == Say(second.notice, "de-DE")


@pytest.mark.parametrize(("at", "kind"), [(SUNDAY, HangUp), (facts().at, Gather)])
def test_hours_decide_at_the_moment_of_the_call(at, kind):
    assert isinstance(enter("hours", at=at).actions[-1], kind)


def test_in_turn_each_telephone_rings_alone_until_all_have():
    assert [each.e164 for each in enter("ring", TURNS).actions[-1].destinations] == [OFFICE]
    assert [rung(turn, flow=TURNS).actions[-1].destinations[0].e164 for turn in (0, 1)] == [VAN, HOME]
    assert isinstance(rung(2, flow=TURNS).actions[-1], Record)


def test_in_a_round_robin_the_next_call_begins_with_the_next_telephone():
    robin = with_step("ring", TURNS, order=Order.ROUND_ROBIN.value)
    order = []
    for turn in range(3):
        begun = enter("ring", robin, turn_of=lambda step, turn=turn: turn + 1).actions[-1]
        assert f"first={(turn + 1) % 3}" in begun.action_url
        order.append(begun.destinations[0].e164)
    assert order == [VAN, HOME, OFFICE]
    assert rung(1, 2, flow=robin).actions[-1].destinations[0].e164 == VAN


def test_whose_turn_it_is_is_asked_only_when_a_telephone_rings():
    asked = []
    enter("greeting", with_step("ring", order=Order.ROUND_ROBIN.value), turn_of=asked.append)
    assert asked == []


def test_who_is_turned_away_can_be_told_why():
    flow = replace(WHOLE, blocked=Blocked(text="We do not take calls from this number."))
    assert walk.begin(flow, facts(blocked=True), LINKS).actions[0].text.startswith("We do not")
    assert walk.begin(WHOLE, facts(blocked=True), LINKS).actions == (Reject(),)


@pytest.mark.parametrize(
    ("spam", "withheld", "blocked", "turned_away"),
    [
        (True, False, Blocked(), True),
        (False, True, Blocked(), False),
        (False, True, Blocked(withheld=True), True),
        (True, False, Blocked(spam=False), False),
        (False, False, Blocked(withheld=True), False),
    ],
)
def test_who_is_turned_away(spam, withheld, blocked, turned_away):
    flow = replace(WHOLE, blocked=blocked)
    assert walk.turns_away(flow, spam=spam, withheld=withheld) is turned_away


def test_a_whisper_without_a_key_is_only_said():
    told = with_step("sales", press_1=False)
    assert walk.whisper(told, "sales", facts(source="Yelp"), LINKS) == [Say("A call from Yelp.")]
    assert walk.whisper(with_step("sales", press_1=False, whisper=""), "sales", facts(), LINKS) == []


def test_the_key_is_asked_for_in_the_language_of_the_step():
    german = with_step("sales", language="de-DE", whisper="")
    [gather, _] = walk.whisper(german, "sales", facts(), LINKS)
    assert gather.words == (Say("Drücken Sie die 1, um den Anruf anzunehmen.", "de-DE"),)


@pytest.mark.parametrize("name", ["nobody", "greeting", "", "voicemail"])
def test_a_report_about_a_step_that_cannot_make_it_ends_with_a_sentence(name):
    for stretch in (
        walk.after_key(WHOLE, name, facts(), LINKS, key="1", tried=1),
        walk.after_ringing(WHOLE, name, facts(), LINKS, turn=0, first=0, bridged=False),
    ):
        assert stretch.actions == (walk.NOBODY_HERE, HangUp())
    assert walk.whisper(WHOLE, name, facts(), LINKS) == [HangUp()]


def test_a_flow_that_goes_round_is_cut_and_ends_with_a_sentence():
    circle = Flow({"a": Greeting(text="Round", next="b"), "b": Greeting(text="and round", next="a")}, "a")
    actions = enter("a", circle).actions
    assert actions[-2:] == (walk.NOBODY_HERE, HangUp())
    assert len(actions) == walk.MOST_AT_ONCE + 2


def test_a_ring_without_telephones_says_so():
    assert enter("ring", with_step("ring", to=())).actions == (walk.NOBODY_HERE, HangUp())


@pytest.mark.parametrize(
    ("change", "written_down"),
    [({}, True), ({"transcribe": False}, False), ({"language": "de-DE"}, False), ({"seconds": 121}, False)],
)
def test_a_message_is_written_down_where_a_provider_can(change, written_down):
    record = enter("voicemail", with_step("voicemail", **change)).actions[-1]
    assert bool(record.transcription_url) is written_down


def test_a_stretch_knows_where_it_waits():
    assert enter("greeting").waits_at == "menu"
    assert enter("closed").waits_at is None
    assert isinstance(enter("ring").actions[-1], Dial)
