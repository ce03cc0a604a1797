"""What stands in a file of calls: what the list says, masked, and nothing that a program would calculate."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcrm.testing import add_call, add_lead
from exports import lines
from exports.models import Export
from exports.tests.reading import files, rows, taken
from telephony.callbacks import ledger, settling
from telephony.models import Callback, Outcome

pytestmark = pytest.mark.django_db
State = Export.State
MISSED = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None}


def test_a_line_says_what_the_list_says_and_the_person_stays_masked(world, lead, export):
    at = datetime(2026, 11, 20, 17, 15, 3, tzinfo=UTC)
    values = {"disposition": "Booked", "tags": ["leak", "storm"], "agent": world.user, "ring_seconds": 8}
    add_call(world.acme, lead, started_at=at, **values)
    [line] = rows(world, export())
    assert list(line) == list(lines.COLUMNS)
    assert line["Time"] == "2026-11-20 09:15:03-08:00"
    assert (line["Person"], line["Number"]) == ("Dana R.", "'+1(503)***-**42")
    assert (line["Direction"], line["Status"], line["Source"]) == ("Incoming", "Answered", "Google Ads")
    assert line["Our number"].startswith("'+1 503-555-0100")
    assert (line["Agent"], line["Rang, seconds"]) == (world.user.name, "8")
    assert (line["Outcome"], line["Tags"]) == ("Booked", "leak; storm")
    assert line["Call back"] == ""


def test_nothing_of_the_person_is_in_the_file_or_in_the_storage(world, lead, export, kept):
    add_call(world.acme, lead)
    content = taken(world, export())
    for plain in (b"Riverstone", b"5550142", b"555-0142"):
        assert plain not in content
    [file] = files(kept)
    assert b"Google" in content
    assert b"Google" not in file.read_bytes()


def test_what_is_owed_is_said(world, lead, export):
    for person in (lead, add_lead(world.acme)):
        call = add_call(world.acme, person, **MISSED)
        with world.inside():
            ledger.follow_call(call, by=None)
    with world.inside():
        settling.close(Callback.objects.get(lead=lead), "wrong_number", by=world.owner)
    assert {line["Call back"] for line in rows(world, export())} == {"owed", "closed: wrong number"}


def test_it_begins_with_the_mark_that_excel_wants_and_without_calls_has_a_head_alone(world, export):
    made = export()
    assert (
        taken(world, made)
        == b"\xef\xbb\xbf" + ",".join(f'"{name}"' for name in lines.COLUMNS).encode() + b"\r\n"
    )
    assert (made.state, made.written, made.total, made.size) == (State.READY, 0, 0, len(taken(world, made)))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "  =1", '"=1', "＝1"])
def test_no_cell_is_a_formula(cell):
    assert lines.guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=b", "12", "O'Hara", "1-2", "'=1", "a; b, c; '=1"])
def test_other_cells_stay_as_they_are(cell):
    assert lines.guarded(cell) == cell


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("x;=1+1", "x;'=1+1"),
        ("x, @SUM(A1)", "x,' @SUM(A1)"),
        ("x\t-1\n+1", "x\t'-1\n'+1"),
        ("\t=1", "'\t'=1"),
        ('x;"=1', "x;'\"=1"),
    ],
)
def test_no_piece_of_a_cell_is_a_formula_where_cells_are_parted_otherwise(cell, shown):
    assert lines.guarded(cell) == shown


ODD = st.lists(st.text("a1 ;,\t\r\n\"'=+-@", max_size=12) | st.text(max_size=12), min_size=1, max_size=4)


@given(ODD)
def test_whatever_is_typed_no_program_finds_a_formula_in_a_line(cells):
    line = lines._written([cells]).decode()
    for piece in re.split("[,;\t\r\n]", line):
        assert not piece.lstrip(' "').startswith(("=", "+", "-", "@"))
    assert next(csv.reader(io.StringIO(line, newline=""))) == [lines.guarded(cell) for cell in cells]


def test_a_formula_that_staff_wrote_is_shown_and_not_calculated(world, lead, export):
    add_call(world.acme, lead, disposition="=HYPERLINK(1)", tags=["@leak, roof", '-"x"', "a", "=2+2"])
    [line] = rows(world, export())
    assert line["Outcome"] == "'=HYPERLINK(1)"
    assert line["Tags"] == "'@leak, roof;' -\"x\"; a;' =2+2"


def test_how_long_a_message_rang_is_not_told(world, lead, export):
    add_call(world.acme, lead, outcome=Outcome.VOICEMAIL, ring_seconds=28)
    [line] = rows(world, export())
    assert line["Rang, seconds"] == ""
