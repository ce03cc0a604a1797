"""What a load balancer is told, and when."""

import pytest
from django.db import connection
from django.test import Client

from callcrm import health


def test_alive_asks_nothing(client):
    response = client.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
class TestReady:
    def test_without_a_worker_it_is_degraded_and_serves(self):
        response = Client().get("/health/ready")
        assert response.status_code == 200
        assert response.json()["status"] == "degraded"
        assert response.json()["checks"] == {"database": "ok", "queue": "degraded", "storage": "ok"}

    def test_a_live_worker_makes_it_well(self):
        beat(seconds_ago=5)
        assert Client().get("/health/ready").json()["status"] == "ok"

    def test_a_silent_worker_does_not(self):
        beat(seconds_ago=health.HEARTBEAT_SECONDS + 5)
        assert Client().get("/health/ready").json()["checks"]["queue"] == "degraded"

    def test_a_storage_that_takes_nothing_is_told_and_serves(self, settings, tmp_path):
        beat(seconds_ago=5)
        blocked = tmp_path / "file"
        blocked.write_text("")
        settings.RECORDINGS_STORAGE_URL = (blocked / "folder").as_uri()
        response = Client().get("/health/ready")
        assert response.status_code == 200
        assert response.json() == {
            "status": "degraded",
            "checks": {"database": "ok", "queue": "ok", "storage": "degraded"},
        }

    def test_only_a_lost_database_is_down(self, monkeypatch):
        monkeypatch.setattr(health, "_answer", lambda *_: False)
        response = Client().get("/health/ready")
        assert (response.status_code, response.json()["status"]) == (503, "down")


def beat(*, seconds_ago):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


def test_a_method_that_changes_things_is_refused(client):
    assert client.post("/health").status_code == 405
