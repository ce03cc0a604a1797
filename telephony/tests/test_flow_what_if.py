"""A call that nobody makes meets what a real one would, at every hour of a week."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from xml.etree import ElementTree

import pytest

from telephony.flows import lint, walk, what_if
from telephony.flows.steps import Flow, Greeting
from telephony.flows.walk import NOBODY_HERE
from telephony.hours.week import ALWAYS, Hours
from telephony.providers.twilio.answers import document
from telephony.tests.flows import MONDAY_NOON, SUNDAY, WHOLE, ZONE, Links, around, facts, with_step

LINKS = Links()


def tried(flow=WHOLE, keys="", **known):
    return what_if.path(flow, facts(**known), LINKS, document, keys=keys)


def steps_of(found):
    return [stop.step for stop in found.stops]


def test_nobody_answers_and_nothing_is_pressed():
    found = tried()
    assert steps_of(found) == ["greeting", "hours", "menu", "ring", "voicemail"]
    verbs = [[verb.tag for verb in ElementTree.fromstring(each)] for each in found.documents]  # noqa: S314  our own document
    assert verbs == [["Say", "Say", "Gather"], ["Gather"], ["Dial"], ["Say", "Record", "Hangup"]]


def test_a_key_leads_another_way():
    assert steps_of(tried(keys="1")) == ["greeting", "hours", "menu", "sales", "voicemail"]
    assert steps_of(tried(keys="9")) == ["greeting", "hours", "menu", "ring", "voicemail"]
    assert len(tried(keys="91").documents) == 4  # asked again, and the second key is right


def test_one_after_the_other_each_telephone_has_its_document():
    found = tried(with_step("ring", order="in_turn"))
    assert sum("<Dial" in each for each in found.documents) == 2
    assert "20 seconds each, one after the other: 40 s in all." in next(
        stop.does for stop in found.stops if stop.step == "ring"
    )


def test_what_our_people_hear_is_told_with_the_ring():
    does = {stop.step: stop.does for stop in tried(keys="1", source="Google Ads").stops}
    assert does["sales"].endswith("Who answers hears “A call from Google Ads. Press 1 to take the call.”")
    assert "Who answers" not in next(stop.does for stop in tried().stops if stop.step == "ring")


def test_the_document_for_whoever_answers_is_shown_as_it_will_be():
    [press] = tried(keys="1", source="Google Ads").whispers
    assert press == document(walk.whisper(WHOLE, "sales", facts(source="Google Ads"), LINKS))
    assert "<Gather" in press
    assert "A call from Google Ads." in press
    assert tried().whispers == []
    turns = with_step("ring", order="in_turn", whisper="A call.")
    assert len(tried(turns).whispers) == 1
    assert tried(with_step("ring", turns, to=())).whispers == []


def test_what_is_recorded_is_shown_as_it_will_be():
    [dial] = [each for each in tried().documents if "<Dial" in each]
    assert 'record="record-from-answer-dual"' in dial
    [dial] = [each for each in tried(with_step("greeting", notice="")).documents if "<Dial" in each]
    assert "record=" not in dial


def test_after_hours_and_in_words():
    found = tried(at=SUNDAY)
    assert steps_of(found) == ["greeting", "hours", "closed"]
    assert found.stops[1].does == "Closed until Mon 9:00 am."


def test_a_blocked_caller_is_refused():
    found = tried(blocked=True)
    assert [stop.kind for stop in found.stops] == ["blocked"]
    assert "<Reject" in found.documents[0]


def test_where_a_draft_leads_nowhere_the_sentence_is_told():
    found = tried(with_step("ring", no_answer=None))
    assert found.stops[-1].does == NOBODY_HERE.text
    assert tried(Flow({})).stops[-1].does == NOBODY_HERE.text


@pytest.mark.parametrize(
    ("step", "known", "then"),
    [("closed", {"at": SUNDAY}, []), ("menu", {}, ["ring", "voicemail"]), ("voicemail", {}, [])],
)
def test_where_the_words_are_missing_it_says_so_as_the_linter_does_and_goes_on(step, known, then):
    flow = with_step(step, text="")
    [refusal] = lint.refusals(flow, around())
    found = tried(flow, **known)
    stops = {stop.step: stop for stop in found.stops}
    assert stops[step].does == refusal.message == "The caller hears nothing here: write what is said."
    assert [stop.step for stop in found.stops if stop.is_unsaid] == [step]
    assert steps_of(found)[steps_of(found).index(step) + 1 :] == then


def circle(**steps):
    """The flow from its ring on, which leads to "again" where nobody answers."""
    ring = replace(WHOLE.steps["ring"], no_answer="again")
    return Flow({**WHOLE.steps, "ring": ring, **steps}, "ring")


def test_a_call_that_goes_round_says_so_once_and_names_the_step():
    found = tried(circle(again=Greeting(text="Hold on.", next="ring")))
    assert steps_of(found) == ["ring", "again", "ring"]
    assert (found.stops[-1].kind, found.circle) == ("circle", "ring")
    assert found.stops[-1].title == "From here it goes round in a circle"
    assert found.stops[-1].does.startswith("Back to “Ring people”")
    assert len(found.documents) == 2


@pytest.mark.parametrize("order", ["all", "in_turn"])
def test_a_ring_that_leads_to_itself_is_a_circle_and_its_next_telephone_is_none(order):
    found = tried(replace(with_step("ring", order=order, no_answer="ring"), start="ring"))
    assert [stop.kind for stop in found.stops] == ["ring", "circle"]
    assert len(found.documents) == (1 if order == "all" else 2)


def test_greetings_that_lead_to_each_other_are_a_circle():
    flow = Flow({"a": Greeting(text="Round", next="b"), "b": Greeting(text="and round", next="a")}, "a")
    assert steps_of(tried(flow)) == ["a", "b", "a"]
    assert tried(flow).stops[-1].kind == "circle"


def test_a_menu_that_asks_again_is_no_circle_until_it_comes_round_by_itself():
    menu = replace(WHOLE.steps["menu"], choices={"1": "menu", "2": "closed"}, tries=3, otherwise="menu")
    flow = Flow(WHOLE.steps | {"menu": menu}, "menu")
    assert tried(flow).circle == "menu"
    assert len(tried(flow).documents) == 3
    pressed = tried(flow, keys="112")
    assert (steps_of(pressed), pressed.circle) == (["menu", "menu", "menu", "closed"], "")


def test_a_long_way_is_walked_to_its_end():
    steps = {
        f"ring-{n}": replace(
            WHOLE.steps["ring"],
            to=tuple(f"+1503555{100 + each:04}" for each in range(10)),
            order="in_turn",
            no_answer=f"ring-{n + 1}" if n < 3 else "closed",
        )
        for n in range(4)
    }
    found = tried(Flow(WHOLE.steps | steps, "ring-0"))
    assert steps_of(found) == ["ring-0", "ring-1", "ring-2", "ring-3", "closed"]
    assert len(found.documents) == 41


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("", ""),
        ("1", ""),
        ("12", "No menu asked for a second key: 2 was not pressed."),
        ("9345", "No menu asked for a third key: 45 was not pressed."),
    ],
)
def test_keys_that_no_menu_asks_for_are_named(keys, said):
    assert tried(keys=keys).too_many_keys == said


@pytest.mark.parametrize("known", [{"at": SUNDAY}, {"blocked": True}])
def test_a_call_that_meets_no_menu_has_no_use_for_keys(known):
    found = tried(keys="12", **known)
    assert found.too_many_keys == "No menu asked for a key: 12 was not pressed."
    assert (found.pressed, found.unasked) == ("", "12")


def whole_week(flow=WHOLE, **known):
    return what_if.week(flow, facts(**known), LINKS)


def week(flow=WHOLE, **known):
    return whole_week(flow, **known).days


def runs(day):
    return [(run.met.kind, run.start, run.end) for run in day.runs]


def test_the_week_begins_today_and_says_what_calls_meet():
    days = week()
    assert [day.day for day in days] == [date(2026, 11, 23 + n) for n in range(7)]
    assert runs(days[0]) == [
        ("sentence", "midnight", "9 am"),
        ("ring", "9 am", "5 pm"),
        ("sentence", "5 pm", "midnight"),
    ]
    assert runs(days[5]) == [("sentence", "midnight", "midnight")]
    assert (days[0].runs[1].x, days[0].runs[1].width) == ("37.50%", "33.33%")


@pytest.mark.parametrize(
    ("at", "missing"),
    [
        (datetime(2027, 3, 14, 12, tzinfo=UTC), [("ring", "midnight", "2 am"), ("ring", "3 am", "midnight")]),
        (datetime(2026, 11, 1, 12, tzinfo=UTC), [("ring", "midnight", "midnight")]),
    ],
)
def test_on_the_days_when_the_clock_changes_the_hour_that_is_skipped_is_empty(at, missing):
    flow = replace(WHOLE, start="ring")
    assert runs(week(flow, at=at, hours=Hours(ZONE, ALWAYS))[0]) == missing


def test_a_holiday_is_another_day():
    closed = replace(facts().hours, holidays={date(2026, 11, 26): ((10 * 60, 12 * 60),)})
    thursday = week(hours=closed)[3]
    assert runs(thursday)[1] == ("ring", "10 am", "noon")


def test_a_menu_in_front_hides_nothing_of_the_hours():
    steps = WHOLE.steps | {"menu": replace(WHOLE.steps["menu"], otherwise="hours")}
    steps["hours"] = replace(WHOLE.steps["hours"], open="ring", closed="voicemail")
    flow = Flow(steps | {"greeting": replace(WHOLE.steps["greeting"], next="menu")}, "greeting")
    monday = week(flow)[0]
    assert runs(monday) == [
        ("key", "midnight", "9 am"),
        ("ring", "9 am", "5 pm"),
        ("key", "5 pm", "midnight"),
    ]
    assert [run.met.words for run in monday.runs[:2]] == [
        "rings people after a key, without one takes a message",
        "asks for a key, without one rings people",
    ]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("ring", "key"),
        ("menu-2", "key"),  # whose keys ring people
        ("menu", "voicemail"),  # asks the same again
        ("closed", "voicemail"),
        ("nobody", "voicemail"),
    ],
)
def test_a_menu_counts_as_people_where_one_of_its_keys_rings_them(key, kind):
    menu = replace(WHOLE.steps["menu"], otherwise="voicemail")
    steps = WHOLE.steps | {"nobody": replace(WHOLE.steps["ring"], to=())}
    steps |= {"menu": replace(menu, choices={"1": key}), "menu-2": replace(menu, choices={"1": "sales"})}
    assert runs(week(Flow(steps, "menu"))[0]) == [(kind, "midnight", "midnight")]


def test_a_ring_without_telephones_reaches_no_people():
    assert runs(week(replace(with_step("ring", to=()), start="ring"))[0]) == [
        ("sentence", "midnight", "midnight")
    ]


def test_a_menu_without_end_is_nothing_that_reaches_people():
    again = with_step("menu", choices={}, otherwise="menu")
    [run] = week(replace(again, start="menu"))[0].runs
    assert (run.met.kind, run.met.asks) == ("sentence", True)


def test_the_week_adds_up_its_hours():
    found = whole_week()
    assert [(kind, hours) for kind, _, hours in found.kinds] == [("ring", "40"), ("sentence", "128")]
    assert found.asks
    assert not whole_week(with_step("hours", open="ring")).asks


def test_a_week_says_the_same_as_the_path_of_each_moment():
    for day in week():
        for run in day.runs:
            at = datetime.combine(day.day, time(), ZONE) + timedelta(minutes=round(float(run.x[:-1]) * 14.4))
            kinds = [stop.kind for stop in tried(at=at).stops]
            first = next(kind for kind in kinds if kind in ("ring", "voicemail", "sentence"))
            assert (run.met.silent, run.met.asks) == (first, "menu" in kinds)


def test_the_time_of_the_call_is_what_counts_and_not_the_time_of_asking():
    assert steps_of(tried(at=MONDAY_NOON))[2] == "menu"
    assert steps_of(tried(at=SUNDAY))[2] == "closed"
