"""The Team page: who may come in, and with what."""

import re

import pytest
from django.test import Client

from accounts import businesses, confirmations
from accounts.models import Member, User
from accounts.permissions import ROLE_NEEDED, Permission, Role
from audit.models import Entry
from callcrm.errors import Invalid
from callcrm.testing import PASSWORD, add_member, assert_flat_queries, login

TEAM = "/b/acme/team/"
WORD = "Fresh-Password-2"


def add(client, email="new@acme.example", role="user"):
    return client.post(TEAM, {"email": email, "role": role})


def link_in(page):
    return re.search(r"/invitations/[\w-]+/[\w-]+/", page.content.decode())[0]


def token_in(page):
    return re.search(r'name="confirm" value="([^"]+)"', page.content.decode())[1]


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("admin", 403), ("user", 403)])
def test_owners_alone_see_the_team(world, client, role, status):
    assert login(client, getattr(world, role)).get(TEAM).status_code == status


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("listen to their recordings", Permission.PLAY),
        ("pause one", Permission.EDIT_CUSTOMERS),
        ("download, hold and delete recordings", Permission.DOWNLOAD),
        ("hold and delete recordings", Permission.DELETE_CUSTOMERS),
        ("say how long they are kept", Permission.ADMIN_PANEL),
    ],
)
def test_the_roles_say_what_they_may_do_with_recordings(world, client, words, right):
    card = login(client, world.owner).get(TEAM).content.decode().partition("What the roles may do")[2]
    lines = card.partition("<tbody>")[2].split("<tr>")[1:]  # from the role that may least
    first = next(role for role, line in zip(Role.values, lines, strict=False) if words in line)
    assert first == ROLE_NEEDED[right]


def test_a_rival_cannot_tell_that_the_business_exists(world, client):
    login(client, world.rival_owner)
    there, nowhere = client.get(TEAM), client.get("/b/nowhere/team/")
    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content


def test_somebody_new_gets_a_link_that_sets_his_password_once(world, client):
    page = add(login(client, world.owner))
    link = link_in(page)
    assert page.headers["Cache-Control"] == "no-store"
    guest = Client()
    form = guest.get(link, follow=True)
    assert b"new@acme.example" in form.content
    done = guest.post(form.request["PATH_INFO"], {"name": "Nell Ward", "password": WORD}, follow=True)
    assert done.redirect_chain[-1][0] == "/b/acme/"
    assert User.objects.get(email="new@acme.example").name == "Nell Ward"
    again = Client().get(link, follow=True)
    assert again.status_code == 404
    assert b"no longer good" in again.content


def test_a_bad_first_password_is_refused(world, client):
    guest = Client()
    form = guest.get(link_in(add(login(client, world.owner))), follow=True)
    answer = guest.post(form.request["PATH_INFO"], {"name": "Nell Ward", "password": "short"})
    assert answer.status_code == 422
    assert not User.objects.get(email="new@acme.example").has_usable_password()


@pytest.mark.parametrize(
    "link", ["/invitations/x/y/", "/invitations/MTIz/set-password/", "/invitations/%F0%9F/x/"]
)
def test_an_invented_link_is_no_longer_good(db, client, link):
    assert client.get(link).status_code == 404


def test_a_link_ends_with_the_account(world, client):
    link = link_in(add(login(client, world.owner)))
    User.objects.filter(email="new@acme.example").update(is_active=False)
    assert Client().get(link, follow=True).status_code == 404


def test_a_new_link_is_made_for_who_has_no_password_yet(world, client):
    first = link_in(add(login(client, world.owner)))
    member = Member.objects.get(user__email="new@acme.example")
    assert (
        Client().get(link_in(client.post(f"{TEAM}{member.pk}/invitations/")), follow=True).status_code == 200
    )
    assert Client().get(first, follow=True).status_code == 200


def test_no_link_is_made_for_an_account_that_has_a_password(world, client):
    login(client, world.owner)
    assert client.post(f"{TEAM}{world.user.pk}/invitations/").status_code == 409


def test_nobody_takes_the_account_of_another_business_by_adding_it(world, client):
    page = add(login(client, world.owner))
    invited = Member.objects.get(user__email="new@acme.example")
    thief = login(Client(), world.rival_owner)
    answer = thief.post("/b/rival/team/", {"email": "new@acme.example", "role": "user"}, follow=True)
    assert answer.status_code == 200
    assert b"/invitations/M" not in answer.content
    theirs = Member.objects.get(business=world.rival, user=invited.user)
    assert thief.post(f"/b/rival/team/{theirs.pk}/invitations/").status_code == 409
    assert Client().get(link_in(page), follow=True).status_code == 200


def test_somebody_with_an_account_keeps_his_password(world, client):
    add(login(client, world.owner), "owner@rival.example", "admin")
    assert User.objects.get(email="owner@rival.example").check_password(PASSWORD)
    assert Member.objects.get(business=world.acme, user=world.rival_owner.user).role == "admin"


@pytest.mark.parametrize(
    ("email", "role"),
    [("user@acme.example", "user"), ("no-address", "user"), ("x@acme.example", "king"), ("", "")],
)
def test_a_wrong_form_is_shown_again(world, client, email, role):
    assert add(login(client, world.owner), email, role).status_code == 422
    assert world.acme.members.count() == 3


def test_new_accounts_are_limited_by_address(world, client):
    login(client, world.owner)
    answers = [add(client, f"person{n}@acme.example").status_code for n in range(6)]
    assert answers == [200] * 5 + [422]
    assert add(client, "owner@rival.example").status_code == 302


def test_a_role_changes_once_it_is_confirmed(world, client):
    url = f"{TEAM}{world.user.pk}/roles/"
    asked = login(client, world.owner).post(url, {"role": "admin"})
    world.user.refresh_from_db()
    assert (asked.status_code, world.user.role) == (200, "user")
    client.post(url, {"role": "admin", "confirm": token_in(asked)})
    world.user.refresh_from_db()
    assert world.user.role == "admin"
    entry = Entry.objects.get(name="member.role_changed")
    assert (entry.actor, entry.data["after"]) == (f"member:{world.owner.pk}", "admin")


def test_a_confirmation_is_good_once_and_for_one_thing(world, client):
    login(client, world.owner)
    url = f"{TEAM}{world.user.pk}/roles/"
    token = token_in(client.post(url, {"role": "admin"}))
    assert client.post(url, {"role": "owner", "confirm": token}).status_code == 422
    assert client.post(f"{TEAM}{world.admin.pk}/removals/", {"confirm": token}).status_code == 422
    assert client.post(url, {"role": "admin", "confirm": token}).status_code == 302
    assert client.post(url, {"role": "admin", "confirm": token}).status_code == 422
    assert client.post(url, {"role": "admin", "confirm": "invented"}).status_code == 422


def test_a_confirmation_of_somebody_else_is_none(world):
    token = confirmations.offer(world.admin, "removal", world.user.pk)
    with pytest.raises(Invalid):
        confirmations.spend(token, world.owner, "removal", world.user.pk)


def test_a_removed_member_is_out_and_can_come_back(world, client):
    url = f"{TEAM}{world.user.pk}/removals/"
    asked = login(client, world.owner).post(url)
    client.post(url, {"confirm": token_in(asked)})
    assert login(Client(), world.user).get("/b/acme/").status_code == 404
    assert add(client, "user@acme.example", "user").status_code == 302
    assert login(Client(), world.user).get("/b/acme/").status_code == 200


def test_the_last_owner_stays(world, client):
    url = f"{TEAM}{world.owner.pk}/roles/"
    asked = login(client, world.owner).post(url, {"role": "user"})
    assert client.post(url, {"role": "user", "confirm": token_in(asked)}).status_code == 409
    world.owner.refresh_from_db()
    assert world.owner.role == "owner"


def test_members_of_other_businesses_are_not_there(world, client):
    login(client, world.owner)
    for act in ("roles", "removals", "invitations"):
        assert client.post(f"{TEAM}{world.rival_owner.pk}/{act}/", {"role": "user"}).status_code == 404


def test_who_may_not_manage_users_changes_nobody(world, client):
    login(client, world.admin)
    assert add(client).status_code == 403
    for act in ("roles", "removals", "invitations"):
        assert client.post(f"{TEAM}{world.user.pk}/{act}/", {"role": "owner"}).status_code == 403
    assert Entry.objects.filter(name="access.denied", business_id=world.acme.pk).count() == 4


def test_cost_does_not_grow_with_the_team(world, client):
    login(client, world.owner)
    emails = iter(f"person{n}@acme.example" for n in range(100))
    assert_flat_queries(lambda: client.get(TEAM), lambda: add_member(world.acme, "user", next(emails)))


def test_a_second_business_of_the_owner_is_its_own(world, client):
    second = businesses.create("Second", owner=world.owner.user, slug="second")
    login(client, world.owner)
    assert client.post(f"/b/{second.slug}/team/{world.user.pk}/roles/", {"role": "owner"}).status_code == 404
