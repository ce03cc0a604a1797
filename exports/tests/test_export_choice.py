"""Which calls are in a file: those that the list shows by its filters, or those that were chosen, each once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from callcrm.lib.crypto import chunks
from callcrm.testing import add_call
from exports import writing
from exports.tests.reading import again, rows
from telephony.models import Call, FeedFrame, Outcome

pytestmark = pytest.mark.django_db
MISSED = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None}


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
