"""Counters are exact: over threads, over a rolled back request, over time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from callcrm.lib.cache import PostgresCache

ROWS = "SELECT count(*) FROM callcrm_counter"


@pytest.fixture
def cache():
    return PostgresCache("default", {})


@pytest.fixture
def real():
    """The cache as the product has it, on its own connection."""
    yield PostgresCache("counters", {})
    connections["counters"].close()


@pytest.mark.django_db
class TestOnOneConnection:
    def test_add_keeps_the_first_and_set_the_last(self, cache):
        assert cache.add("key", 1)
        assert not cache.add("key", 2)
        assert cache.get("key") == 1
        cache.set("key", "word")
        assert cache.get("key") == "word"

    def test_what_has_expired_is_gone_for_every_verb(self, cache):
        cache.set("key", 1, timeout=-1)
        assert cache.get("key", "nothing") == "nothing"
        assert not cache.touch("key")
        with pytest.raises(ValueError, match="no such counter"):
            cache.incr("key")
        assert cache.add("key", 5)
        assert cache.incr("key", 2) == 7

    def test_without_a_timeout_it_stays(self, cache):
        cache.set("key", 1, timeout=None)
        assert cache.incr("key") == 2
        assert not cache.add("key", 9)

    def test_delete_and_clear(self, cache):
        cache.set_many({"a": 1, "b": 2})
        assert cache.delete("a")
        assert not cache.delete("a")
        cache.clear()
        assert cache.get("b") is None

    def test_versions_are_apart(self, cache):
        cache.set("key", 1, version=1)
        assert cache.get("key", version=2) is None

    def test_what_would_need_pickling_is_refused(self, cache):
        with pytest.raises(TypeError):
            cache.set("key", {"a": object})

    def test_expired_rows_are_swept_while_others_are_written(self, cache, monkeypatch):
        monkeypatch.setattr("callcrm.lib.cache.SWEEP_EVERY", 2)
        cache.set("old", 1, timeout=-1)
        cache.set("new", 1)
        with connections["default"].cursor() as cursor:
            cursor.execute(ROWS)
            assert cursor.fetchone() == (1,)


def count_fifty(_: int) -> int:
    try:
        cache = PostgresCache("counters", {})
        return sum(cache.add("hits", 1) or cache.incr("hits") > 0 for _ in range(50))
    finally:
        connections["counters"].close()


@pytest.mark.django_db(transaction=True, databases=["default", "counters"])
class TestOnItsOwnConnection:
    def test_no_hit_is_lost_between_threads(self, real):
        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(count_fifty, range(8))) == 400
        assert real.get("hits") == 400

    def test_only_one_of_many_adds_wins(self, real):
        def add(number: int) -> bool:
            try:
                return PostgresCache("counters", {}).add("lock", number)
            finally:
                connections["counters"].close()

        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(add, range(8))) == 1

    def test_a_count_survives_the_rollback_of_what_it_limits(self, real):
        with transaction.atomic():
            real.set("hits", 1)
            transaction.set_rollback(True)
        assert real.get("hits") == 1
