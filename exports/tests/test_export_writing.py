"""Workers that die, storages that fail, and the end of a file: nothing is served in part, nothing stays."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from audit.models import Entry
from callcrm.errors import Conflict
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.testing import add_call
from exports import asking, taking, writing
from exports.models import Export
from exports.tests.reading import again, files, jobs, lose_jobs, rows, taken, waiting
from exports.writing import Overtaken
from recordings import storage

pytestmark = pytest.mark.django_db
State = Export.State


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
    lose_jobs()
    writing.sweep()
    assert waiting() == 0  # its claim has not run out
    with world.inside():
        Export.objects.update(claimed_until=now() - timedelta(seconds=1))
    writing.sweep()
    assert waiting() == 1
    monkeypatch.setattr(writing, "_settle", settle)
    writing.carry_out(world.acme.pk, asked.pk)
    assert again(world, asked).state == State.READY
    assert [file.name for file in files(kept)] == [again(world, asked).stored_as]


def refuses(self, name):
    raise storage.StorageError("storage_readonly")


def test_what_waits_behind_other_jobs_is_not_asked_for_every_minute(world, ask):
    asked = [ask(), ask()]
    with world.inside():
        Export.objects.update(created_at=now() - writing.LEASE)
    for _ in range(2):
        writing.sweep()
    assert waiting() == 2
    lose_jobs()
    for _ in range(2):
        writing.sweep()
    found = jobs().values_list("args__export_id", flat=True)
    assert sorted(found) == sorted(str(one.pk) for one in asked)


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
        assert (second.row().attempts, second.left) == (2, [first.name])
        with pytest.raises(Overtaken):
            first.row()


def test_who_hangs_through_a_failure_and_a_new_try_is_overtaken_all_the_same(world, ask):
    asked = ask()
    hangs = writing._claim(world.acme.pk, asked.pk)
    with world.inside():
        Export.objects.update(claimed_until=now() - timedelta(seconds=1))
    writing._settle_failed(writing._claim(world.acme.pk, asked.pk), storage.StorageError("storage_full"))
    with world.inside():
        asking.again(asked, by=world.admin)
    third = writing._claim(world.acme.pk, asked.pk)
    with pytest.raises(Overtaken):
        writing._settle(hangs)
    writing._settle_failed(hangs, storage.StorageError("storage_full"))
    found = again(world, asked)
    assert (found.state, found.attempts, found.stored_as) == (State.WRITING, 1, third.name)


def test_what_a_killed_worker_left_is_known_until_it_is_removed(world, ask, kept, monkeypatch):
    """The first is killed with its file in place; the second may not delete it; the last one does, or the end."""
    asked = ask()
    first = writing._claim(world.acme.pk, asked.pk)
    storage.kept_in().put(first.name, [b"left"])
    for tried in (1, 2):
        with world.inside():
            Export.objects.update(claimed_until=now() - timedelta(seconds=1), state=State.WRITING)
        with monkeypatch.context() as broken:
            broken.setattr(storage.Folder, "delete", refuses)
            writing.carry_out(world.acme.pk, asked.pk)
        found = again(world, asked)
        assert (found.why, found.left[0]) == ("Our storage cannot be written.", first.name)
        assert len(found.left) == tried
    with world.inside():
        asking.again(found, by=world.admin)
    writing.carry_out(world.acme.pk, asked.pk)
    assert [file.name for file in files(kept)] == [again(world, asked).stored_as]


def test_what_an_overtaken_worker_puts_after_all_goes_with_the_rest(world, ask, kept):
    asked = ask()
    hangs = writing._claim(world.acme.pk, asked.pk)
    with world.inside():
        Export.objects.update(claimed_until=now() - timedelta(seconds=1))
    writing.carry_out(world.acme.pk, asked.pk)
    storage.kept_in().put(hangs.name, [b"late"])  # and it is killed before it can remove it
    with world.inside():
        Export.objects.update(ends_at=now())
    taking.end_all(world.acme.pk)
    assert files(kept) == []
    assert again(world, asked).names == []


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


def test_with_it_goes_by_what_its_calls_were_found_and_their_number_stays(world, lead, export):
    by = {"tag": "leak", "lead": str(lead.pk)}
    filtered, chosen = export(by), export({}, [add_call(world.acme, lead).pk])
    old = now() - taking.KEPT - timedelta(seconds=1)
    with world.inside():
        failed = Export.objects.create(
            business=world.acme, made_by=world.admin, state=State.FAILED, filters=by, created_at=old
        )
        Export.objects.update(ends_at=now())
    for _ in range(2):
        taking.end_all(world.acme.pk)
    with world.inside():
        found = {row.pk: (row.filtered, row.chosen) for row in Export.objects.filter(filters={}, calls=[])}
    assert found == {filtered.pk: (2, 0), chosen.pk: (0, 1), failed.pk: (2, 0)}


def test_before_that_nothing_of_it_goes(world, lead, export, kept):
    made = export({"tag": "leak"})
    taking.end_all(world.acme.pk)
    assert (again(world, made).state, again(world, made).filters) == (State.READY, {"tag": "leak"})
    assert len(files(kept)) == 1


def test_a_file_that_the_storage_keeps_today_goes_in_an_hour_and_the_row_in_a_month(
    world, export, kept, monkeypatch
):
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
