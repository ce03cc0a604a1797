"""Log-in, log-out and `/`, as a browser meets them."""

import pytest
from django.conf import settings
from django.test import Client

from accounts import businesses, team
from audit.models import Entry
from callcrm.testing import PASSWORD, add_superuser, login

SESSION = settings.SESSION_COOKIE_NAME


def enter(client, email="owner@acme.example", password=PASSWORD, address="/login", **more):
    return client.post(address, {"email": email, "password": password, **more})


def test_a_member_of_one_business_is_led_to_it(world, client):
    assert enter(client).headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/b/acme/"
    assert client.get("/b/acme/").status_code == 200


def test_a_log_in_is_in_the_history_of_the_business(world, client):
    enter(client)
    entry = Entry.objects.get(name="auth.logged_in")
    assert (entry.business_id, entry.actor) == (world.acme.pk, f"user:{world.owner.user_id}")
    assert entry.data["method"] == "page"


def test_who_has_several_businesses_chooses(world, client):
    businesses.create("Second & Sons", owner=world.owner.user)
    enter(client)
    page = client.get("/")
    assert page.status_code == 200
    assert b"/b/acme/" in page.content
    assert b"Second &amp; Sons" in page.content
    assert b"Rival" not in page.content


def test_who_has_none_reads_what_to_do(world, client):
    world.user.delete()
    enter(client, "user@acme.example")
    page = client.get("/")
    assert page.status_code == 200
    assert b"No business yet" in page.content


def test_a_superuser_lands_in_the_admin(world, client):
    add_superuser()
    assert enter(client, "root@platform.example").headers["Location"] == "/admin/"


def test_nobody_is_sent_to_log_in_and_back(world, client):
    asked = client.get("/b/acme/calls/?outcome=missed")
    assert asked.headers["Location"] == "/login?next=/b/acme/calls/%3Foutcome%3Dmissed"
    answer = enter(client, address=asked.headers["Location"])
    assert answer.headers["Location"] == "/b/acme/calls/?outcome=missed"


def test_who_sent_something_after_his_session_ended_is_told_that_it_is_lost(world, client):
    sent = client.post("/b/acme/hours/", headers={"Referer": "http://testserver/b/acme/hours/"})
    address = sent.headers["Location"]
    assert "What you sent last was not saved." in client.get(address).content.decode()
    assert enter(client, address=address).headers["Location"] == "/b/acme/hours/"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/login",
        "/login?x=1",
        "\0",
    ],
)
def test_next_leads_nowhere_else(world, client, target):
    assert enter(client, next=target).headers["Location"] == "/"
    assert client.get("/login", {"next": target.replace("\0", "")}).headers["Location"] == "/"


def test_a_wrong_password_shows_the_form_again_without_it(world, client):
    page = enter(client, password="Not-The-One-9")
    assert page.status_code == 422
    assert b"do not belong together" in page.content
    assert b"Not-The-One-9" not in page.content
    assert SESSION not in page.cookies


def test_wrong_and_unknown_give_the_same_page(world):
    pages = [
        enter(Client(), email, "Wrong-Word-1") for email in ("owner@acme.example", "nobody@acme.example")
    ]
    shown = [page.content.replace(b"owner@", b"").replace(b"nobody@", b"") for page in pages]
    tokens = [page.context["csrf_token"] for page in pages]
    assert shown[0].replace(str(tokens[0]).encode(), b"") == shown[1].replace(str(tokens[1]).encode(), b"")


def test_the_page_waits_after_five_failures_and_says_how_long(world, client):
    for _ in range(5):
        enter(client, password="Not-The-One-9")
    answer = enter(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert SESSION not in answer.cookies


def test_where_the_limit_is_generous_the_account_is_locked_at_one_address_all_the_same(
    world, client, settings
):
    settings.RATE_LIMIT_LOGIN = "1000/15m"
    for _ in range(9):
        assert enter(client, password="Not-The-One-9").status_code == 422
    for password in ("Not-The-One-9", PASSWORD):
        answer = enter(client, password=password)
        assert (answer.status_code, answer.headers["Content-Type"]) == (429, "text/html; charset=utf-8")
        assert int(answer.headers["Retry-After"]) > 0
    assert enter(client, "admin@acme.example").status_code == 302


def test_page_and_api_count_failures_together(world, client):
    for _ in range(3):
        enter(client, password="Not-The-One-9")
    body = {"email": "owner@acme.example", "password": "Not-The-One-9"}
    answers = [client.post("/api/v1/auth/token/", body, "application/json").status_code for _ in range(3)]
    assert answers == [401, 401, 429]
    assert enter(client).status_code == 429


def test_a_session_that_was_there_before_is_another_one_after(world, client):
    client.get("/login")
    session = client.session
    session["planted"] = "x"
    session.save()
    client.cookies[SESSION] = session.session_key
    enter(client)
    assert client.cookies[SESSION].value != session.session_key


def test_log_out_ends_the_session_and_empties_the_browser(world, client):
    enter(client)
    key = client.cookies[SESSION].value
    answer = client.post("/logout")
    assert answer.headers["Location"] == "/login"
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert Entry.objects.filter(name="auth.logged_out", business_id=world.acme.pk).exists()
    client.cookies[SESSION] = key
    assert client.get("/b/acme/").headers["Location"].startswith("/login")


def test_log_out_takes_a_post_with_a_token(world):
    client = login(Client(enforce_csrf_checks=True), world.owner)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 403
    assert client.get("/b/acme/").status_code == 200


def test_log_out_without_a_session_is_no_fault(db, client):
    assert client.post("/logout").headers["Location"] == "/login"


def test_a_member_who_is_removed_is_out_at_once(world, client):
    login(client, world.user)
    assert client.get("/b/acme/").status_code == 200
    team.remove(world.user, by=world.owner)
    assert client.get("/b/acme/").status_code == 404


def test_templates_ask_the_member_what_he_may(world, client):
    def offers(who):
        return b'href="/b/acme/audit/"' in login(client, who).get("/b/acme/").content

    assert offers(world.owner)
    assert not offers(world.user)


@pytest.mark.parametrize(
    "body", [{"email": ["a", "b"]}, {"email": "\0", "password": "\0"}, {"password": "x" * 5000}]
)
def test_odd_forms_are_shown_again(world, client, body):
    assert client.post("/login", body).status_code == 422
