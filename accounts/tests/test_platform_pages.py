"""Superusers: all businesses by name, none of their data without a visit."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import businesses
from accounts.models import PlatformVisit
from audit.models import Entry
from callcrm.testing import add_call, add_lead, add_superuser, assert_flat_queries, login


@pytest.fixture
def root(world, client):
    user = add_superuser()
    login(client, user)
    return user


def visit(client, business="acme", reason="Ticket 12: calls do not show"):
    return client.post("/platform/visits/", {"business": business, "reason": reason})


def test_without_a_visit_there_is_nothing(world, client, root):
    assert client.get("/b/acme/").status_code == 404
    assert b"Acme Roofing" in client.get("/platform/").content


def test_a_visit_shows_masks_for_an_hour_and_is_in_the_history(world, client, root):
    lead = add_lead(world.acme, name="Robin Vale", phones=["+12065550142"])
    add_call(world.acme, lead)
    assert visit(client).headers["Location"] == "/b/acme/"
    page = client.get("/b/acme/calls/").content.decode()
    assert "Robin V." in page
    assert "Vale" not in page
    assert "5550142" not in page
    assert "You are here as platform support" in page
    assert client.get("/b/rival/").status_code == 404
    entry = Entry.objects.get(name="platform.visit_started")
    assert (entry.business_id, entry.data["reason"]) == (world.acme.pk, "Ticket 12: calls do not show")
    PlatformVisit.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert client.get("/b/acme/calls/").status_code == 404


def test_a_visitor_changes_and_reveals_nothing(world, client, root):
    lead = add_lead(world.acme, name="Robin Vale")
    visit(client)
    for path in ("team/", "settings/", "integrations/", "numbers/"):
        assert client.get(f"/b/acme/{path}").status_code == 403
    answer = client.post(f"/b/acme/leads/{lead.pk}/reveals/", {"fields": "name", "reason": "verify"})
    assert answer.status_code == 403
    assert b"Vale" not in answer.content


def test_a_visit_can_be_ended_before(world, client, root):
    visit(client)
    going_on = PlatformVisit.objects.get()
    assert f"/platform/visits/{going_on.pk}/ends/" in client.get("/b/acme/").content.decode()
    client.post(f"/platform/visits/{going_on.pk}/ends/")
    assert client.get("/b/acme/").status_code == 404
    assert Entry.objects.filter(name="platform.visit_ended", business_id=world.acme.pk).exists()


def test_every_business_has_a_row_with_one_reason_to_write(world, client, root):
    page = client.get("/platform/").content.decode()
    for business in (world.acme, world.rival):
        assert page.count(f'aria-label="Why you visit {business.name}"') == 1
    assert "No business has such a name." in client.get("/platform/?name=nowhere").content.decode()


def test_a_visit_needs_a_reason_and_a_business(world, client, root):
    assert visit(client, reason="  ").status_code == 422
    assert visit(client, business="nowhere").status_code == 404
    assert visit(client, business="\0").status_code == 422
    assert not PlatformVisit.objects.exists()


def test_nobody_ends_the_visit_of_another(world, client, root):
    visit(client)
    login(client, add_superuser("second@platform.example"))
    assert client.post(f"/platform/visits/{PlatformVisit.objects.get().pk}/ends/").status_code == 404


def test_members_are_not_superusers(world, client):
    login(client, world.owner)
    assert client.get("/platform/").status_code == 403
    assert visit(client, "rival").status_code == 403
    assert client.get("/b/rival/").status_code == 404


def test_nobody_is_sent_to_log_in(world, client):
    assert client.get("/platform/").headers["Location"] == "/login?next=/platform/"
    assert visit(client).headers["Location"] == "/login?next=/&unsaved=1"


def test_cost_does_not_grow_with_the_businesses(world, client, root):
    assert_flat_queries(
        lambda: client.get("/platform/"), lambda: businesses.create("One More", owner=world.owner.user)
    )
