"""A document is read whole or refused by place and sentence, and reads back as it was written."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.flows import documents, steps
from telephony.flows.documents import Unreadable
from telephony.flows.steps import KINDS, Flow
from telephony.tests.flows import RING, VAN, WHOLE


def refused(document):
    with pytest.raises(Unreadable) as refusal:
        documents.read(document)
    return refusal.value.problems


def document(**changes):
    return documents.write(WHOLE) | changes


def a_step(name, **changes):
    whole = documents.write(WHOLE)
    whole["steps"][name] |= changes
    return whole


def test_a_flow_reads_back_as_it_was_written():
    written = documents.write(WHOLE)
    assert documents.read(json.loads(json.dumps(written))) == WHOLE
    assert documents.write(documents.read(written)) == written


def test_what_is_left_out_has_its_default():
    flow = documents.read({"start": "ring", "steps": {"ring": {"kind": "ring", "to": [VAN]}}})
    assert flow.steps["ring"] == replace(RING, to=(VAN,), no_answer=None)
    assert flow.blocked.spam
    assert documents.read({}) == Flow({})


def test_every_field_of_every_kind_has_a_check():
    for kind in [*KINDS.values(), steps.Blocked, steps.TextBack]:
        assert all("check" in each.metadata for each in fields(kind)), kind


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ([], "flow"),
        (None, "flow"),
        ({"stepz": {}}, "stepz"),
        (document(start="nobody"), "start"),
        (document(start=5), "start"),
        (document(start=["greeting"]), "start"),
        (document(steps=[]), "steps"),
        (document(steps={"Ring 1": {"kind": "ring"}}), "steps"),
        (document(steps={str(n): {} for n in range(41)}), "steps"),
        (document(steps={"ring": {"kind": "dance"}}), "steps.ring.kind"),
        (document(steps={"ring": {"kind": ["ring"]}}), "steps.ring.kind"),
        (document(steps={"ring": "ring"}), "steps.ring.kind"),
        (a_step("ring", seconds=4), "steps.ring.seconds"),
        (a_step("ring", seconds=61), "steps.ring.seconds"),
        (a_step("ring", seconds=True), "steps.ring.seconds"),
        (a_step("ring", seconds="20"), "steps.ring.seconds"),
        (a_step("ring", seconds=10**5000), "steps.ring.seconds"),
        (a_step("ring", to=["911"]), "steps.ring.to"),
        (a_step("ring", to="+15035550190"), "steps.ring.to"),
        (a_step("ring", to=[f"+1503555{n:04}" for n in range(11)]), "steps.ring.to"),
        (a_step("ring", order="loudest"), "steps.ring.order"),
        (a_step("ring", record="yes"), "steps.ring.record"),
        (a_step("ring", no_answer="nobody"), "steps.ring.no_answer"),
        (a_step("ring", no_answer="No Way"), "steps.ring.no_answer"),
        (a_step("ring", volume=11), "steps.ring.volume"),
        (a_step("menu", choices={"x": "ring"}), "steps.menu.choices"),
        (a_step("menu", choices={"12": "ring"}), "steps.menu.choices"),
        (a_step("menu", choices={"1": None}), "steps.menu.choices"),
        (a_step("menu", choices={"1": "nobody"}), "steps.menu.choices.1"),
        (a_step("menu", choices=["ring"]), "steps.menu.choices"),
        (a_step("greeting", text="x" * 1001), "steps.greeting.text"),
        (a_step("greeting", text="a\0b"), "steps.greeting.text"),
        (a_step("greeting", text=5), "steps.greeting.text"),
        (a_step("greeting", language="tlh"), "steps.greeting.language"),
        (document(blocked={"spam": 1}), "blocked.spam"),
        (document(blocked=True), "blocked"),
        (document(text_back={"on": True}), "text_back.on"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(wrong, place):
    assert place in refused(wrong)


def test_all_that_is_wrong_is_named_at_once():
    wrong = a_step("ring", seconds=1, order="x") | {"start": "nobody"}
    assert set(refused(wrong)) == {"steps.ring.seconds", "steps.ring.order", "start"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["start", "steps", "kind", "ring", "to", "next"]) | st.text(max_size=5), inner
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_anything_is_a_flow_or_is_refused(anything):
    try:
        flow = documents.read(anything)
    except Unreadable as refusal:
        flow = Flow({}) if refusal.problems else None
    assert flow is not None
    assert documents.read(documents.write(flow)) == flow


def test_steps_are_told_in_the_order_in_which_a_caller_meets_them():
    order = ["greeting", "hours", "menu", "sales", "voicemail", "ring", "closed"]
    assert WHOLE.in_order() == order
    lonely = replace(WHOLE, start="voicemail")
    assert lonely.in_order()[0] == "voicemail"
    assert lonely.reached() == {"voicemail"}


def test_what_led_to_a_step_that_is_taken_out_leads_on():
    without = WHOLE.without("hours")
    assert without.steps["greeting"].next == "menu"
    assert WHOLE.without("greeting").start == "hours"
    assert WHOLE.without("sales").steps["menu"].choices == {"1": "voicemail"}
    assert WHOLE.without("voicemail").steps["ring"].no_answer is None


def test_a_key_that_led_to_an_end_that_is_taken_out_is_no_key():
    flow = documents.read(a_step("menu", choices={"1": "sales", "2": "voicemail"}))
    assert flow.without("voicemail").steps["menu"].choices == {"1": "sales"}


def test_a_new_step_has_an_id_of_its_own():
    assert WHOLE.fresh_id("ring") == "ring-2"
    assert Flow({}).fresh_id("ring") == "ring"


def test_all_telephones_are_known():
    assert set(WHOLE.rings) == {VAN, "+15035550190"}
