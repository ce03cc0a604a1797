"""The settings of a business."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiSession
from audit.models import Entry
from callcrm.testing import assert_flat_queries, login
from telephony.models import LiveStream

PAGE = "/b/acme/settings/"
GOOD = {"name": "Acme & Daughters", "timezone": "America/Denver", "region": "CA"}


def session_of(member):
    return ApiSession.objects.create(
        member=member, refresh_hash="x", expires_at=timezone.now() + timedelta(days=1)
    )


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("admin", 200), ("user", 403)])
def test_who_runs_the_business_sees_its_settings(world, client, role, status):
    assert login(client, getattr(world, role)).get(PAGE).status_code == status


def test_name_zone_and_country_change_and_the_history_names_the_fields(world, client):
    login(client, world.admin).post(PAGE, GOOD)
    world.acme.refresh_from_db()
    assert (world.acme.name, world.acme.timezone, world.acme.region) == tuple(GOOD.values())
    assert Entry.objects.get(name="business.changed").data["fields"] == ["name", "timezone", "region"]


@pytest.mark.parametrize(
    "bad", [{"name": ""}, {"timezone": "Mars/Base"}, {"region": "XX"}, {"name": "x" * 101}, {"name": "\0"}]
)
def test_wrong_values_are_refused_and_the_page_keeps_the_name(world, client, bad):
    answer = login(client, world.admin).post(PAGE, GOOD | bad)
    assert answer.status_code == 422
    assert b"<b>Acme Roofing</b>" in answer.content
    world.acme.refresh_from_db()
    assert world.acme.name == "Acme Roofing"


def test_it_lists_open_streams_and_programs_of_this_business_alone(world, client):
    with world.inside():
        LiveStream.objects.create(business=world.acme, user=world.user.user, kind="sse", ip="203.0.113.9")
    mine, theirs = session_of(world.user), session_of(world.rival_owner)
    page = login(client, world.admin).get(PAGE).content.decode()
    assert "203.0.113.9" in page
    assert str(mine.pk) in page
    assert str(theirs.pk) not in page
    assert client.post(f"{PAGE}sessions/{theirs.pk}/ends/").status_code == 404
    client.post(f"{PAGE}sessions/{mine.pk}/ends/")
    mine.refresh_from_db()
    assert mine.ended_at is not None


def test_cost_does_not_grow_with_what_is_connected(world, client):
    login(client, world.admin)

    def grow():
        session_of(world.user)
        with world.inside():
            LiveStream.objects.create(business=world.acme, user=world.user.user, kind="sse")

    assert_flat_queries(lambda: client.get(PAGE), grow)
