"""A list of calls becomes a file: masked, whole or not there, its asker's alone, and gone after a day."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.permissions import Role
from audit.models import Entry
from callcrm.errors import Conflict, Denied, Invalid, NotFound, TooMany
from callcrm.lib.crypto import chunks
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, add_member
from exports import asking, lines, taking, writing
from exports.models import Export
from exports.writing import Overtaken
from recordings import storage
from telephony import callbacks, ledger
from telephony.models import Call, Callback, FeedFrame, Outcome

pytestmark = pytest.mark.django_db
State = Export.State
NAME, PHONE = "Dana Riverstone", "+15035550142"
MISSED = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None}


@pytest.fixture(autouse=True)
def kept(tmp_path, settings):
    """An empty folder that is the storage."""
    settings.RECORDINGS_STORAGE_URL = (tmp_path / "kept").as_uri()
    return tmp_path / "kept"


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name=NAME, phones=[PHONE])


@pytest.fixture
def ask(world):
    def act(given=None, pks=None, *, by=None, key=""):
        with world.inside():
            return asking.ask(given or {}, pks, key=key or str(uuid7()), by=by or world.admin)

    return act


@pytest.fixture
def export(world, ask):
    """Ask, let a worker write, and return what came of it."""

    def act(*args, **more):
        asked = ask(*args, **more)
        writing.carry_out(world.acme.pk, asked.pk)
        return again(world, asked)

    return act


def again(world, export):
    with world.inside():
        return Export.objects.select_related("business").get(pk=export.pk)


def taken(world, export, by=None):
    with world.inside():
        return b"".join(taking.take(export, by=by or world.admin).blocks())


def rows(world, export):
    """The lines without the head, each by the names of the columns."""
    return list(csv.DictReader(io.StringIO(taken(world, export).decode("utf-8-sig"))))


def files(kept):
    return [path for path in kept.rglob("*") if path.is_file()]


def waiting():
    return ProcrastinateJob.objects.filter(task_name="exports.tasks.write_export", status="todo").count()


# --- What stands in it


def test_a_line_says_what_the_list_says_and_the_person_stays_masked(world, lead, export):
    at = datetime(2026, 11, 20, 17, 15, 3, tzinfo=UTC)
    values = {"disposition": "Booked", "tags": ["leak", "storm"], "agent": world.user, "ring_seconds": 8}
    add_call(world.acme, lead, started_at=at, **values)
    [line] = rows(world, export())
    assert list(line) == list(lines.COLUMNS)
    assert line["Time"] == "2026-11-20 09:15:03-08:00"
    assert (line["Person"], line["Number"]) == ("Dana R.", "'+1(503)***-**42")
    assert (line["Direction"], line["Status"], line["Source"]) == ("inbound", "Answered", "Google Ads")
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
        callbacks.close(Callback.objects.get(lead=lead), "wrong_number", by=world.owner)
    assert {line["Call back"] for line in rows(world, export())} == {"owed", "closed: wrong number"}


def test_it_begins_with_the_mark_that_excel_wants_and_without_calls_has_a_head_alone(world, export):
    made = export()
    assert (
        taken(world, made)
        == b"\xef\xbb\xbf"
        + ",".join(f'"{name}"' if "," in name else name for name in lines.COLUMNS).encode()
        + b"\r\n"
    )
    assert (made.state, made.written, made.total, made.size) == (State.READY, 0, 0, len(taken(world, made)))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_no_cell_is_a_formula(cell):
    assert lines.guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=b", "12", "O'Hara", "1-2"])
def test_other_cells_stay_as_they_are(cell):
    assert lines.guarded(cell) == cell


def test_a_formula_that_staff_wrote_is_shown_and_not_calculated(world, lead, export):
    add_call(world.acme, lead, disposition="=HYPERLINK(1)", tags=["@leak, roof", '-"x"'])
    [line] = rows(world, export())
    assert line["Outcome"] == "'=HYPERLINK(1)"
    assert line["Tags"] == '\'@leak, roof; -"x"'


# --- Which calls


def test_the_filters_of_the_list_count(world, lead, export):
    wanted = add_call(world.acme, lead, tags=["storm"], **MISSED)
    add_call(world.acme, lead, tags=["storm"])
    add_call(world.acme, lead, **MISSED)
    old = wanted.started_at - timedelta(days=40)
    add_call(world.acme, lead, tags=["storm"], started_at=old, **MISSED)
    made = export({"outcome": "missed", "tag": "storm", "days": "30", "cursor": "x", "q": "Dana"})
    assert [line["Time"][:10] for line in rows(world, made)] == [
        wanted.started_at.astimezone(world.acme.tz).date().isoformat()
    ]
    assert set(made.filters) == {"outcome", "tag", "since"}


def test_of_two_beginnings_the_later_one_counts(world, ask):
    late, early = now() - timedelta(hours=1), datetime(2020, 1, 1, tzinfo=UTC)
    assert ask({"since": late.isoformat(), "days": "30"}).filters["since"] == late.isoformat()
    assert ask({"since": early.isoformat(), "days": "30"}).filters["since"] > early.isoformat()


def test_the_chosen_calls_alone_are_written(world, lead, export):
    calls = [add_call(world.acme, lead, disposition=str(n)) for n in range(3)]
    made = export({"disposition": "2"}, [calls[0].pk, calls[1].pk])
    assert {line["Outcome"] for line in rows(world, made)} == {"0", "1"}


def test_what_begins_after_the_press_is_not_in_it(world, lead, ask):
    before = add_call(world.acme, lead, disposition="before")
    asked = ask()
    add_call(world.acme, lead, disposition="after", started_at=now() + timedelta(seconds=1))
    writing.carry_out(world.acme.pk, asked.pk)
    assert [line["Outcome"] for line in rows(world, again(world, asked))] == [before.disposition]


def test_every_call_is_in_it_once_and_in_order_however_many_batches_it_takes(
    world, lead, export, monkeypatch
):
    monkeypatch.setattr(writing, "BATCH", 3)
    at = now() - timedelta(hours=1)
    for n in range(10):  # some begin at the same moment
        add_call(world.acme, lead, disposition=str(n), started_at=at + timedelta(seconds=n // 4))
    made = export()
    said = [line["Outcome"] for line in rows(world, made)]
    with world.inside():
        inorder = Call.objects.order_by("-started_at", "-id").values_list("disposition", flat=True)
        assert said == list(inorder)
    assert (made.written, made.total, made.is_cut) == (10, 10, False)


def test_at_most_so_many_are_written_and_it_says_that_there_were_more(world, lead, export, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 2)
    monkeypatch.setattr(writing, "MOST_ROWS", 3)
    for _ in range(5):
        add_call(world.acme, lead)
    made = export()
    assert (len(rows(world, made)), made.written, made.total, made.is_cut) == (3, 3, 3, True)


def test_how_far_it_is_is_told_on_the_way(world, lead, ask, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 2)
    monkeypatch.setattr(writing, "TOLD_EVERY", 2)
    seen = []
    for _ in range(5):
        add_call(world.acme, lead)
    asked, batch = ask(), writing._batch

    def watched(claim, cursor):
        found = batch(claim, cursor)
        seen.append(again(world, asked).progress)
        return found

    monkeypatch.setattr(writing, "_batch", watched)
    writing.carry_out(world.acme.pk, asked.pk)
    assert seen == ["Written 2 of 5", "Written 4 of 5", "Written 5 of 5"]
    with world.inside():
        frames = FeedFrame.objects.filter(object_id=asked.pk).order_by("pk")
        assert [frame.state for frame in frames] == ["waiting", "writing", "writing", "writing", "ready"]


def test_a_batch_is_sealed_before_the_next_is_read_so_that_one_is_in_memory(world, lead, ask, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 2)
    for _ in range(5):
        add_call(world.acme, lead)
    happened, batch, seal = [], writing._batch, chunks.seal

    def read(claim, cursor):
        happened.append("read")
        return batch(claim, cursor)

    def sealed(blocks, **options):
        for block in blocks:
            happened.append(block.count(b"\r\n"))
            yield from seal([block], **options)

    monkeypatch.setattr(writing, "_batch", read)
    monkeypatch.setattr(chunks, "seal", sealed)
    writing.carry_out(world.acme.pk, ask().pk)
    assert happened == [1, "read", 2, "read", 2, "read", 1]


# --- Who may


def test_who_may_not_export_does_not(world, ask):
    with pytest.raises(Denied):
        ask(by=world.user)


def test_nobody_takes_what_another_has_asked_for(world, lead, export):
    made = export()
    for other in (world.owner, add_member(world.acme, Role.ADMIN, "second@acme.example")):
        with world.inside(), pytest.raises(Conflict, match="Somebody else"):
            taking.take(made, by=other)
        with world.inside(), pytest.raises(Conflict, match="Somebody else"):
            asking.again(made, by=other)


def test_who_loses_the_right_meanwhile_gets_no_file(world, lead, ask):
    asked = ask()
    with world.inside():
        type(world.admin).objects.filter(pk=world.admin.pk).update(role=Role.USER)
    writing.carry_out(world.acme.pk, asked.pk)
    found = again(world, asked)
    assert (found.state, found.failure, found.why) == (
        State.FAILED,
        "no_right",
        "Who asked for it may no longer export.",
    )


def test_who_loses_the_right_afterwards_does_not_take_it(world, export):
    made = export()
    world.admin.role = Role.USER
    with world.inside(), pytest.raises(Denied):
        taking.take(made, by=world.admin)


def test_asking_and_each_download_are_in_the_history_without_what_was_filtered(world, lead, export):
    made = export({"tag": "secret word"})
    for _ in range(2):
        taken(world, made)
    with world.inside():
        entries = Entry.objects.about(world.acme.pk, made.pk).order_by("pk")
        assert [entry.name for entry in entries] == [
            "export.asked",
            "export.written",
            "export.downloaded",
            "export.downloaded",
        ]
        assert entries[0].data["filters"] == ["tag"]
        assert "secret" not in str([entry.data for entry in entries])


def test_asking_has_a_limit(world, ask, settings):
    settings.RATE_LIMIT_EXPORTS = "1/h"
    ask()
    with pytest.raises(TooMany):
        ask()


# --- Twice, and nonsense


def test_one_button_is_one_export_however_often_it_is_pressed(world, ask):
    first = ask({"outcome": "missed"}, key="a")
    assert ask({"outcome": "missed"}, key="a").pk == first.pk
    assert waiting() == 1
    with pytest.raises(Conflict):
        ask({"outcome": "answered"}, key="a")


@pytest.mark.parametrize("given", [{"outcome": "odd"}, {"days": "0"}, {"since": "soon"}, {"mine": "no"}])
def test_a_filter_that_is_nonsense_is_refused_at_once(world, ask, given):
    with pytest.raises(Invalid):
        ask(given)
    assert waiting() == 0


def test_of_chosen_calls_there_is_one_at_least_and_one_that_he_sees(world, ask):
    for pks in ([], [uuid7() for _ in range(201)]):
        with pytest.raises(Invalid):
            ask({}, pks)
    with pytest.raises(NotFound):
        ask({}, [add_call(world.rival).pk])


# --- Workers that die, storages that fail


def test_a_worker_that_is_killed_leaves_nothing_that_is_served_and_another_begins_anew(
    world, lead, ask, kept, monkeypatch
):
    add_call(world.acme, lead)
    asked, settle = ask(), writing._settle

    def killed(claim):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_settle", killed)
    monkeypatch.setattr(storage.Folder, "delete", lambda self, name: None)  # it was killed: it cleans nothing
    with pytest.raises(KeyboardInterrupt):
        writing.carry_out(world.acme.pk, asked.pk)
    monkeypatch.undo()
    storage_url(kept)
    found = again(world, asked)
    assert (found.state, found.key, len(files(kept))) == (State.WRITING, None, 1)
    with pytest.raises(Conflict):
        taken(world, found)
    before = waiting()
    writing.sweep()
    assert waiting() == before  # its claim has not run out
    with world.inside():
        Export.objects.update(claimed_until=now() - timedelta(seconds=1))
    writing.sweep()
    assert waiting() == before + 1
    monkeypatch.setattr(writing, "_settle", settle)
    writing.carry_out(world.acme.pk, asked.pk)
    assert again(world, asked).state == State.READY
    assert [file.name for file in files(kept)] == [again(world, asked).stored_as]


def storage_url(kept):
    from django.conf import settings

    settings.RECORDINGS_STORAGE_URL = kept.as_uri()


def test_of_two_workers_one_writes_and_who_is_overtaken_leaves_no_file(world, lead, ask, kept, monkeypatch):
    add_call(world.acme, lead)
    asked, count = ask(), writing._count

    def meanwhile(claim):
        """The first is slow: its claim runs out, and a second one does it all."""
        monkeypatch.setattr(writing, "_count", count)
        with world.inside():
            Export.objects.update(claimed_until=now() - timedelta(seconds=1))
        writing.carry_out(world.acme.pk, asked.pk)
        with world.inside(), pytest.raises(Overtaken):
            claim.row()
        count(claim)

    monkeypatch.setattr(writing, "_count", meanwhile)
    writing.carry_out(world.acme.pk, asked.pk)
    found = again(world, asked)
    assert (found.state, found.attempts) == (State.READY, 2)
    assert [file.name for file in files(kept)] == [found.stored_as]
    assert len(rows(world, found)) == 1


def test_while_one_writes_no_other_begins_and_whose_claim_ran_out_is_overtaken(world, ask):
    asked = ask()
    first = writing._claim(world.acme.pk, asked.pk)
    assert writing._claim(world.acme.pk, asked.pk) is None
    with world.inside():
        Export.objects.update(claimed_until=now() - timedelta(seconds=1))
    second = writing._claim(world.acme.pk, asked.pk)
    with world.inside():
        assert (second.row().attempts, second.left) == (2, first.name)
        with pytest.raises(Overtaken):
            first.row()


def test_a_storage_that_refuses_is_named_and_it_can_be_tried_again(world, lead, ask, monkeypatch):
    def full(self, name, blocks):
        raise storage.StorageError("storage_full")

    asked = ask()
    with monkeypatch.context() as broken:
        broken.setattr(storage.Folder, "put", full)
        writing.carry_out(world.acme.pk, asked.pk)
    found = again(world, asked)
    assert (found.state, found.why) == (State.FAILED, "Our storage is full.")
    with world.inside():
        for _ in range(2):
            asking.again(found, by=world.admin)
    assert waiting() == 2
    writing.carry_out(world.acme.pk, asked.pk)
    assert again(world, asked).state == State.READY
    with world.inside(), pytest.raises(Conflict):
        asking.again(found, by=world.admin)


def test_what_kills_every_worker_is_given_up(world, ask):
    asked = ask()
    with world.inside():
        Export.objects.update(state=State.WRITING, attempts=writing.MOST_ATTEMPTS)
    writing.carry_out(world.acme.pk, asked.pk)
    assert again(world, asked).state == State.FAILED


# --- Its end


def test_after_a_day_its_key_and_its_file_are_gone(world, lead, export, kept):
    made = export()
    with world.inside():
        Export.objects.update(ends_at=now())
    found = again(world, made)
    assert found.shown_state == "over"
    with pytest.raises(Conflict):
        taken(world, found)
    taking.end_all(world.acme.pk)
    found = again(world, made)
    assert (found.state, found.key, found.stored_as, files(kept)) == (State.OVER, None, "", [])
    with world.inside():
        assert Entry.objects.filter(name="export.ended").count() == 1


def test_before_that_nothing_of_it_goes(world, lead, export, kept):
    made = export()
    taking.end_all(world.acme.pk)
    assert again(world, made).state == State.READY
    assert len(files(kept)) == 1


def test_a_file_that_the_storage_keeps_today_goes_in_an_hour_and_the_row_in_a_month(
    world, export, kept, monkeypatch
):
    def refuses(self, name):
        raise storage.StorageError("storage_readonly")

    made = export()
    with world.inside():
        Export.objects.update(ends_at=now(), created_at=now() - taking.REMEMBERED - timedelta(seconds=1))
    with monkeypatch.context() as broken:
        broken.setattr(storage.Folder, "delete", refuses)
        taking.end_all(world.acme.pk)
    assert again(world, made).stored_as
    taking.end_all(world.acme.pk)
    assert files(kept) == []
    taking.end_all(world.acme.pk)
    with world.inside():
        assert not Export.objects.exists()


def test_a_file_at_the_place_of_another_does_not_open(world, lead, export, kept):
    add_call(world.acme, lead)
    one, other = export(), export()
    with world.inside():
        one.stored_as = other.stored_as
        with pytest.raises(DecryptError):
            b"".join(taking._open(one).blocks())
