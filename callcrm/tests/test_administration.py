"""/admin/: superusers alone, masked, in the scope of their visits, at a flat cost."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts import visits
from accounts.models import ApiSession, PlatformVisit
from audit.models import Entry
from callcrm.administration import site
from callcrm.testing import (
    PASSWORD,
    SECRET,
    add_call,
    add_lead,
    add_leg,
    add_message,
    add_superuser,
    assert_flat_queries,
    login,
    ring,
)
from recordings.models import Recording

MODELS = sorted(f"{model._meta.app_label}/{model._meta.model_name}" for model in site._registry)
FREE = {
    "accounts/user",
    "accounts/business",
    "accounts/platformvisit",
    "audit/entry",
}  # the platform's own rows
NAME, PHONE, EMAIL, BODY = "Robin Vale", "+12065550142", "robin.vale@mail.example", "The gate code is 44WZ11"


@pytest.fixture
def root(world, client):
    user = add_superuser()
    login(client, user)
    return user


@pytest.fixture
def filled(world, client):
    """One row of everything in acme."""
    ring(client, "+12065550143")
    lead = add_lead(world.acme, name=NAME, phones=[PHONE], email=EMAIL, notes=BODY)
    call = add_call(world.acme, lead, note=BODY, agent=world.user)
    add_leg(call)
    add_message(world.acme, lead, BODY)
    ApiSession.objects.create(
        member=world.user, refresh_hash="f" * 64, expires_at=timezone.now() + timedelta(days=1)
    )
    with world.inside():
        Recording.objects.create(
            business=world.acme, call=call, provider_id="RE1", created_at=call.started_at
        )
    return lead


def count(client, model):
    return client.get(f"/admin/{model}/").context["cl"].result_count


def test_nobody_is_sent_to_the_one_log_in(db, client):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/login?next=/admin/"
    back = client.post(
        answer.request["PATH_INFO"] + "?next=/admin/", {"email": "x@y.example", "password": "Wrong-1-x"}
    )
    assert back.status_code == 422


def test_a_superuser_logs_in_there_and_leaves_there(world, client):
    add_superuser()
    client.post("/login?next=/admin/", {"email": "root@platform.example", "password": PASSWORD})
    assert client.get("/admin/").status_code == 200
    assert client.post("/admin/logout/").headers["Location"] == "/login"
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("role", ["owner", "admin", "user"])
def test_members_have_no_business_there(world, client, role):
    login(client, getattr(world, role))
    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get("/admin/accounts/user/", follow=True).status_code == 403


def test_the_first_page_says_which_business_is_open_and_leads_to_the_others(world, client, root):
    first = client.get("/admin/").content.decode()
    assert "You are visiting no business" in first
    assert 'href="/platform/">All businesses' in first
    visits.start(root, world.acme, "Ticket 12")
    assert 'href="/b/acme/"><strong>Acme Roofing</strong>' in client.get("/admin/").content.decode()


@pytest.mark.parametrize("model", [model for model in MODELS if model not in FREE])
def test_without_a_visit_a_business_shows_nothing(filled, client, root, model):
    assert count(client, model) == 0


@pytest.mark.parametrize("model", MODELS)
def test_a_visit_shows_one_business_masked(filled, world, client, root, model):
    visits.start(root, world.acme, "Ticket 12")
    add_lead(world.rival, name="Somebody Else")
    listed = client.get(f"/admin/{model}/")
    assert listed.context["cl"].result_count > 0
    shown = [row.pk for row in listed.context["cl"].result_list]
    pages = [listed] + [client.get(f"/admin/{model}/{pk}/change/") for pk in shown]
    for page in pages:
        assert page.status_code == 200
        for hidden in (NAME, "Vale", PHONE, "5550142", EMAIL, BODY, "44WZ11", SECRET, "f" * 64, "Somebody"):
            assert hidden not in page.content.decode()
        assert "argon2" not in page.content.decode()
        assert "md5$" not in page.content.decode()


def test_the_rows_of_another_business_are_not_there_by_id_either(filled, world, client, root):
    visits.start(root, world.rival, "Ticket 13")
    answer = client.get(f"/admin/leads/lead/{filled.pk}/change/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert count(client, "leads/lead") == 0


def test_a_visit_that_is_over_shows_nothing(filled, world, client, root):
    visits.start(root, world.acme, "Ticket 12")
    assert count(client, "telephony/call") == 2
    PlatformVisit.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert count(client, "telephony/call") == 0


@pytest.mark.parametrize(
    "model", [model for model in MODELS if model not in {"accounts/user", "accounts/business"}]
)
def test_nothing_is_changed_there(filled, world, client, root, model):
    visits.start(root, world.acme, "Ticket 12")
    pk = client.get(f"/admin/{model}/").context["cl"].result_list[0].pk
    for path in ("add/", f"{pk}/delete/"):
        assert client.post(f"/admin/{model}/{path}", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/{model}/{pk}/change/", {"status": "won"}).status_code == 403
    assert client.post(
        f"/admin/{model}/", {"action": "delete_selected", "_selected_action": pk}
    ).status_code in (200, 302)
    assert client.get(f"/admin/{model}/").context["cl"].result_count > 0


def test_a_user_is_switched_off_and_logged_out_and_it_is_in_the_history(world, client, root):
    url = f"/admin/accounts/user/{world.user.user_id}/change/"
    assert client.post(url, {"name": "Una Sato", "email": "stolen@x.example"}).status_code == 302
    user = world.user.user
    version = user.token_version
    user.refresh_from_db()
    assert (user.name, user.is_active, user.email) == ("Una Sato", False, "user@acme.example")
    assert user.token_version == version + 1
    entry = Entry.objects.get(name="user.changed")
    assert (entry.actor, entry.data["fields"]) == (f"user:{root.pk}", ["name", "is_active"])
    assert not LogEntry.objects.exists()


def test_nobody_takes_his_own_powers_away(world, client, root):
    client.post(f"/admin/accounts/user/{root.pk}/change/", {"name": "Root"})
    root.refresh_from_db()
    assert (root.name, root.is_active, root.is_superuser) == ("Root", True, True)


def test_a_change_of_a_business_is_in_its_history(world, client, root):
    url = f"/admin/accounts/business/{world.acme.pk}/change/"
    client.post(url, {"name": "Acme Roofs", "timezone": "America/Denver", "region": "US", "slug": "rival"})
    world.acme.refresh_from_db()
    assert (world.acme.name, world.acme.slug) == ("Acme Roofs", "acme")
    entry = Entry.objects.get(name="business.changed")
    assert (entry.business_id, entry.actor) == (world.acme.pk, f"user:{root.pk}")
    assert client.post(url, {"name": "", "timezone": "Mars/Base"}).status_code == 200


@pytest.mark.parametrize(
    "query", ["?p=x", "?o=9.x", "?name=x", "?lead__name=x", "?q=x", "?all=", "?outcome__exact=y", "?x=1"]
)
def test_odd_queries_are_no_fault(filled, world, client, root, query):
    visits.start(root, world.acme, "Ticket 12")
    for model in ("leads/lead", "telephony/call"):
        assert client.get(f"/admin/{model}/{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize("pk", ["x", "00000000-0000-0000-0000-000000000000", "%F0%9F", "_5F"])
def test_odd_ids_are_no_fault(world, client, root, pk):
    assert client.get(f"/admin/telephony/call/{pk}/change/").status_code == 302


def test_cost_does_not_grow_with_calls_and_leads(world, client, root):
    visits.start(root, world.acme, "Ticket 12")

    def grow():
        lead = add_lead(world.acme, name=NAME, assigned_to=world.user)
        add_leg(add_call(world.acme, lead, agent=world.user))
        add_message(world.acme, lead)

    for model in ("telephony/call", "telephony/callleg", "telephony/message", "leads/lead", "audit/entry"):
        assert_flat_queries(lambda model=model: client.get(f"/admin/{model}/"), grow)


def test_no_list_counts_without_a_limit(filled, world, client, root, django_assert_max_num_queries):
    visits.start(root, world.acme, "Ticket 12")
    with django_assert_max_num_queries(30) as asked:
        client.get("/admin/telephony/call/")
    counts = [query["sql"] for query in asked.captured_queries if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT" in sql for sql in counts)
