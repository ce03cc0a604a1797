"""Opening hours as people type them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.hours.typed import shown, typed
from telephony.hours.week import Unreadable

MORNING, AFTERNOON, DAY = (540, 720), (780, 1020), (540, 1020)


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("9:00-12:00, 13:00-17:00", (MORNING, AFTERNOON)),
        ("13-17;9-12", (MORNING, AFTERNOON)),
        ("9-12 and 1-5pm", (MORNING, AFTERNOON)),
        ("9-17", (DAY,)),
        ("9–17", (DAY,)),
        ("09.00 — 17.00", (DAY,)),
        ("9am-5pm", (DAY,)),
        ("9 AM to 5 p.m.", (DAY,)),
        ("9-5pm", (DAY,)),
        ("1-5pm", (AFTERNOON,)),
        ("11-1pm", ((660, 780),)),
        ("12pm-1pm", ((720, 780),)),
        ("12am-1am", ((0, 60),)),
        ("9pm-12am", ((1260, 1440),)),
        ("18:00-00:00", ((1080, 1440),)),
        ("18:00-24:00", ((1080, 1440),)),
        ("Closed", ()),
        ("  closed ", ()),
        ("9 am to noon, 1 pm to 5.30 pm", (MORNING, (780, 1050))),
        ("9:00 am – 17:30", ((540, 1050),)),
        ("Noon to midnight", ((720, 1440),)),
        ("midnight to midnight", ((0, 1440),)),
        ("24h", ((0, 1440),)),
        ("All day", ((0, 1440),)),
    ],
)
def test_what_people_type_is_read(text, windows):
    assert typed(text) == windows


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "9 am to noon"),
        ("open", "closed"),
        ("9", "9 am to noon"),
        ("9-12,", "9 am to noon"),
        ("9h-17h", "9 am to noon"),
        (
            "9-5",
            "write 5 pm for the afternoon; for over midnight write 9 am to midnight, and midnight to 5 am",
        ),
        ("9am-5", "write 5 pm for the afternoon"),
        ("22-6", "10 pm to midnight here and midnight to 6 am on the next day"),
        ("25-26", "no such time as 25: hours go from 0 to 24"),
        (
            "13pm-14pm",
            "no such time as 13 pm: with am or pm, hours go from 1 to 12; 12 am is midnight, 12 pm is noon",
        ),
        ("0am-1pm", "no such time as 0 am: with am or pm, hours go from 1 to 12"),
        ("9:60-10", "no such time as 9:60: minutes go from 00 to 59"),
        ("24:30-24:40", "no such time as 24:30: hours go from 0 to 24, and a day ends at 24:00"),
        (
            "1pm-12pm",
            "1 pm to 12 pm ends before it begins: 12 pm is noon. For the end of the day write midnight",
        ),
        ("12-12", "write two different times"),
        ("9-12, 11-13", "9 am to noon and 11 am to 1 pm overlap: write 9 am to 1 pm."),
        ("٩-١٧", "9 am to noon"),
        ("²-3", "9 am to noon"),
        ("-1-5", "9 am to noon"),
        ("9 in the afternoon-5pm", "9 am to noon"),
        ("9-" + "9" * 50, "9 am to noon"),
    ],
)
def test_what_cannot_be_meant_in_one_way_is_asked_back(text, says):
    with pytest.raises(Unreadable) as refused:
        typed(text, "mon")
    assert refused.value.place == "mon"
    assert says in refused.value.sentence


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ((MORNING, AFTERNOON), "9 am to noon, 1 pm to 5 pm"),
        (((510, 1050),), "8:30 am to 5:30 pm"),
        (((0, 30), (1170, 1440)), "midnight to 12:30 am, 7:30 pm to midnight"),
        (((0, 1440),), "all day"),
        ((), "closed"),
    ],
)
def test_what_was_understood_is_shown_by_the_clock_of_the_pages(windows, says):
    assert shown(windows) == says


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("12am-12pm", ((0, 720),)),
        ("12pm-12am", ((720, 1440),)),
        ("9-12 pm", ((540, 720),)),
        ("12-5pm", ((720, 1020),)),
        ("12:30am-9am", ((30, 540),)),
    ],
)
def test_twelve_am_is_midnight_and_twelve_pm_is_noon(text, windows):
    assert typed(text) == windows


@given(st.lists(st.integers(0, 1440), max_size=8, unique=True).map(sorted))
def test_what_is_shown_is_read_again_as_the_same(points):
    windows = tuple(zip(points[::2], points[1::2], strict=False))
    assert typed(shown(windows)) == windows


@given(st.text(max_size=60) | st.text("0123456789:-,apm .–", max_size=60))
def test_no_text_is_anything_but_read_or_asked_back(text):
    with suppress(Unreadable):
        typed(text)
