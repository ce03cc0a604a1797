"""One broken flow for each rule, and the same flow mended; a flow that is right has nothing said of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telephony.flows import lint, simple
from telephony.flows.steps import LANGUAGES, Flow, Greeting, Menu, OpenHours
from telephony.hours.week import ALWAYS, Hours
from telephony.tests.flows import HOURS, OFFICE, RING, SUNDAY, VAN, WHOLE, ZONE, around, with_step

ALWAYS_OPEN = Hours(ZONE, ALWAYS)
NEVER_OPEN = Hours(ZONE, ((),) * 7)
CIRCLE = replace(
    WHOLE,
    steps={
        **WHOLE.steps,
        "ring": replace(RING, no_answer="sorry"),
        "sorry": Greeting(text="Please hold.", next="ring"),
    },
)
TEN = tuple(f"+1503555018{n}" for n in range(10))
TEN_MINUTES = {"to": TEN, "order": "in_turn", "seconds": 60, "mailboxes": False}

BROKEN = {
    "record before notice": (with_step("greeting", notice=""), "record_before_notice", "ring.record"),
    "record beside a notice": (
        with_step("greeting", with_step("hours", closed="ring"), next="hours", notice=""),
        "record_before_notice",
        "ring.record",
    ),
    "greeting leads nowhere": (with_step("greeting", next=None), "dead_end", "greeting.next"),
    "no way on when nobody answers": (with_step("ring", no_answer=None), "dead_end", "ring.no_answer"),
    "menu without a way out": (with_step("menu", otherwise=None), "dead_end", "menu.otherwise"),
    "menu without keys": (with_step("menu", choices={}), "dead_end", "menu.choices"),
    "menu that says nothing": (with_step("menu", text=""), "dead_end", "menu.text"),
    "ring that rings nobody": (with_step("ring", to=()), "dead_end", "ring.to"),
    "voicemail without a word": (with_step("voicemail", text=""), "dead_end", "voicemail.text"),
    "sentence without a word": (with_step("closed", text=""), "dead_end", "closed.text"),
    "nothing at all": (Flow({}), "dead_end", ""),
    "greetings only": (with_step("greeting", next="greeting"), "endless", "greeting.next"),
    "hours only": (with_step("hours", open="hours"), "endless", "hours.open"),
    "round and round": (CIRCLE, "endless", "ring.no_answer"),
    "past a mobile's mailbox": (with_step("ring", seconds=21), "past_the_mailbox", "ring.seconds"),
    "ten telephones for a minute each": (
        with_step("ring", **TEN_MINUTES),
        "rings_too_long",
        "ring.seconds",
    ),
    "open and nowhere to go": (with_step("hours", open=None), "hours_gap", "hours.open"),
    "closed and nowhere to go": (with_step("hours", closed=None), "hours_gap", "hours.closed"),
}


def codes(flow, **known):
    return {problem.code for problem in lint.refusals(flow, around(**known))}


def test_a_flow_that_is_right_has_nothing_said_of_it():
    assert lint.problems(WHOLE, around()) == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_would_strand_a_caller_is_refused_and_says_where(name):
    flow, code, place = BROKEN[name]
    assert (code, place) in {(problem.code, problem.place) for problem in lint.refusals(flow, around())}


def test_every_rule_has_a_flow_that_breaks_it():
    broken = {code for _, code, _ in BROKEN.values()} | {"own_number"}
    warns = {"vague_notice", "unknown_placeholder", "not_transcribed"}
    assert {rule.__name__.strip("_") for rule in lint.RULES} - warns == broken


def test_a_call_that_would_come_back_to_us_is_refused():
    [problem] = lint.refusals(WHOLE, around(own={OFFICE}))
    assert (problem.code, problem.place) == ("own_number", "ring.to")
    assert "without end" in problem.message


def test_a_menu_that_is_empty_is_told_of_once():
    empty = with_step("menu", choices={}, text="", otherwise=None)
    assert [problem.place for problem in lint.refusals(empty, around())] == ["menu.choices"]


def test_a_circle_is_told_of_once_however_many_steps_it_has():
    endless = [problem.step for problem in lint.refusals(CIRCLE, around()) if problem.code == "endless"]
    assert endless == ["ring"]


def test_every_language_can_speak_of_recording():
    assert {language[:2] for language in LANGUAGES} == set(lint.RECORDING)


@pytest.mark.parametrize(
    ("notice", "language", "vague"),
    [
        ("This call may be recorded.", "en-US", False),
        ("Calls are monitored.", "en-GB", False),
        ("Hi there.", "en-US", True),
        ("Dieses Gespräch wird aufgezeichnet.", "de-DE", False),
        ("Guten Tag.", "de-DE", True),
        ("Esta llamada puede ser grabada.", "es-MX", False),
        ("Cet appel peut être enregistré.", "fr-FR", False),
    ],
)
def test_a_notice_that_does_not_speak_of_recording_is_warned_of_and_may_stand(notice, language, vague):
    flow = with_step("greeting", notice=notice, language=language)
    found = [(problem.code, problem.refuses) for problem in lint.problems(flow, around())]
    assert found == ([("vague_notice", False)] if vague else [])


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        ({}, False),
        ({"language": "es-MX"}, True),
        ({"seconds": 121}, True),
        ({"language": "es-MX", "seconds": 600, "transcribe": False}, False),
    ],
)
def test_a_message_that_no_provider_transcribes_is_warned_of_and_may_stand(change, warned):
    found = [
        (problem.code, problem.place, problem.refuses)
        for problem in lint.problems(with_step("voicemail", **change), around())
    ]
    assert found == ([("not_transcribed", "voicemail.transcribe", False)] if warned else [])


@pytest.mark.parametrize(
    ("step", "change", "odd"),
    [
        ("sales", {"whisper": "Call {caller} {source"}, "“{caller}” and “{source”"),
        ("sales", {"whisper": "{source}: a call} from {Source}."}, "“}” and “{Source}”"),
        ("sales", {"whisper": "A call from {source}, {source}."}, ""),
        ("greeting", {"text": "You called us from {source}."}, "“{source}”"),
        ("greeting", {"notice": "This {call} may be recorded."}, "“{call}”"),
        ("voicemail", {"text": "Leave a message, {name}."}, "“{name}”"),
    ],
)
def test_what_stands_in_braces_and_is_not_known_is_warned_of(step, change, odd):
    found = [
        (
            problem.code,
            problem.place,
            problem.refuses,
            problem.message.partition(": ")[2].partition(". Only")[0],
        )
        for problem in lint.problems(with_step(step, **change), around())
    ]
    assert found == ([("unknown_placeholder", f"{step}.{next(iter(change))}", False, odd)] if odd else [])


def test_what_a_blocked_caller_hears_is_looked_at_too():
    flow = replace(WHOLE, blocked=replace(WHOLE.blocked, text="Goodbye, {name}."))
    assert [problem.code for problem in lint.problems(flow, around())] == ["unknown_placeholder"]


def test_a_notice_on_one_way_does_not_excuse_the_other():
    steps = {
        **WHOLE.steps,
        "hours": OpenHours(open="greeting", closed="ring"),
        "greeting": replace(WHOLE.steps["greeting"], next="ring"),
    }
    assert codes(Flow(steps, "hours")) == {"record_before_notice"}


def test_what_is_not_recorded_needs_no_notice():
    quiet = with_step(
        "greeting", with_step("ring", with_step("sales", record=False), record=False), notice=""
    )
    assert codes(quiet) == set()


@pytest.mark.parametrize("change", [{"press_1": True}, {"mailboxes": False}, {"seconds": 20}])
def test_a_long_ring_is_right_where_no_mailbox_can_answer(change):
    assert codes(with_step("ring", **({"seconds": 45} | change))) == set()


def test_of_a_step_that_rings_nobody_no_mailbox_is_spoken_of():
    [problem] = lint.refusals(with_step("ring", to=(), seconds=21), around())
    assert (problem.code, problem.place) == ("dead_end", "ring.to")


def too_long(flow):
    return [problem for problem in lint.refusals(flow, around()) if problem.code == "rings_too_long"]


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, True),
        ({"order": "round_robin"}, True),
        ({"order": "all"}, False),
        ({"to": TEN[:2]}, False),
        ({"to": TEN[:3]}, True),
        ({"seconds": 12}, False),
        ({"seconds": 13}, True),
    ],
)
def test_a_caller_hears_it_ring_for_two_minutes_at_most(change, refused):
    assert bool(too_long(with_step("ring", **(TEN_MINUTES | change)))) == refused


def test_rings_that_follow_each_other_count_together_unless_something_is_said_between():
    minute = replace(RING, to=(OFFICE,), seconds=60, mailboxes=False)
    steps = {
        "ring": replace(minute, no_answer="later"),
        "later": OpenHours(open="again", closed="closed"),
        "again": replace(minute, no_answer="pause"),
        "pause": Greeting(next="last"),
        "last": replace(minute, no_answer="voicemail"),
    }
    [problem] = too_long(replace(WHOLE, steps={**WHOLE.steps, **steps}))
    assert problem.place == "ring.seconds"
    assert "ring for 3 min before anything else" in problem.message
    spoken = steps | {"pause": Greeting(text="Please hold.", next="last")}
    assert too_long(replace(WHOLE, steps={**WHOLE.steps, **spoken})) == []


def test_of_rings_that_come_round_without_end_that_is_what_is_said():
    round_it = with_step("ring", no_answer="ring")
    assert {problem.code for problem in lint.refusals(round_it, around())} == {"endless"}


def test_a_menu_may_lead_back_to_itself_by_a_key_but_not_by_itself():
    again = Menu(text="Again?", choices={"1": "menu"}, otherwise="closed")
    assert codes(replace(WHOLE, steps={**WHOLE.steps, "menu": again})) == set()
    assert "endless" in codes(with_step("menu", otherwise="menu"))


def test_hours_that_never_close_need_no_way_for_closed_ones():
    assert codes(with_step("hours", closed=None), hours=ALWAYS_OPEN) == set()
    assert codes(with_step("hours", open=None), hours=NEVER_OPEN) == set()


def test_a_holiday_is_a_gap_too():
    christmas = Hours(ZONE, ALWAYS, {datetime(2026, 12, 25, tzinfo=UTC).date(): ()})
    [problem] = lint.refusals(with_step("hours", closed=None), around(hours=christmas))
    assert (problem.code, problem.message.partition(" you")[0]) == ("hours_gap", "On Fri, Dec 25, 12:00 am")


def test_the_first_time_that_strands_somebody_is_told_in_the_business_s_clock():
    [problem] = lint.refusals(with_step("hours", open=None), around(at=SUNDAY))
    assert problem.message.startswith("On Mon, Nov 23, 9:00 am you are open")


def test_hours_that_are_empty_are_said_and_not_refused():
    [problem] = lint.problems(WHOLE, around(hours=NEVER_OPEN))
    assert (problem.code, problem.refuses) == ("never_open", False)


def test_a_step_that_no_call_reaches_is_said_and_its_faults_are_not():
    flow = with_step("ring", with_step("menu", otherwise="sales"), to=())
    [problem] = lint.problems(flow, around())
    assert (problem.code, problem.step, problem.refuses) == ("unreached", "ring", False)


def test_a_tracking_number_is_warned_of_even_where_no_call_gets_to():
    flow = with_step("menu", otherwise="sales")
    found = [
        (problem.code, problem.step, problem.refuses) for problem in lint.problems(flow, around(own={OFFICE}))
    ]
    assert found == [("own_number", "ring", False), ("unreached", "ring", False)]
    assert lint.refusals(flow, around(own={OFFICE})) == []


def test_problems_come_in_the_order_in_which_a_caller_meets_them():
    flow = with_step("closed", with_step("greeting", notice=""), text="")
    places = [problem.step for problem in lint.refusals(flow, around())]
    assert places == sorted(places, key=WHOLE.in_order().index)


@pytest.mark.parametrize("telephones", [[], [OFFICE], [OFFICE, VAN]])
@pytest.mark.parametrize("notice", ["", "This call may be recorded."])
def test_the_flow_that_a_number_begins_with_is_right(telephones, notice):
    flow = simple.flow(telephones, notice=notice)
    assert lint.problems(flow, around()) == []
    assert flow.records == bool(telephones and notice)


def test_hours_are_asked_only_where_a_step_asks_them():
    assert isinstance(HOURS, OpenHours)
    assert WHOLE.asks_hours
    assert not simple.flow([OFFICE]).asks_hours
