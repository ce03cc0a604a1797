"""Ids rise, whatever the clock does and however many threads ask."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from callcrm.lib import ids


def test_an_id_is_version_seven_of_rfc_9562_and_tells_its_millisecond():
    before = time.time_ns() // 1_000_000
    made = ids.uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_ids_of_one_process_rise_even_within_a_millisecond():
    made = [ids.uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_rise_when_the_clock_steps_back(monkeypatch):
    first = ids.uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000)
    assert ids.uuid7() > first


def test_a_full_tail_moves_to_the_next_millisecond():
    ms, tail = ids._following(5, 5, (1 << 74) - 1)
    assert ms == 6
    assert tail < 1 << 73


def test_the_parts_stand_where_the_rfc_puts_them():
    made = ids._assemble(0x017F22E279B0, 0xCC3 << 62 | 0x18C4DC0C0C07398F)
    assert made == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")  # RFC 9562, appendix A.6


def test_threads_never_get_the_same_id():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.uuid7(), range(20_000)))
    assert len(set(made)) == len(made)


def test_a_forked_child_does_not_continue_its_parents_ids():
    reader, writer = os.pipe()
    ids._last_tail = 7 << 70
    child = os.fork()
    if child == 0:
        os.write(writer, str(ids._last_tail).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 64) == b"0"


def test_an_id_of_an_earlier_moment_sorts_to_it():
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    made = [ids.uuid7_at(moment + timedelta(milliseconds=n)) for n in range(100)]
    assert made == sorted(made)
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert made[-1] < ids.uuid7()
