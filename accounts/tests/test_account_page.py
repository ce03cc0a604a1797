"""One's own account: password and programs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiSession, User
from callcrm.testing import PASSWORD, login

WORD = "Fresh-Password-2"


def session_of(member, **values):
    fields = {"refresh_hash": "x", "expires_at": timezone.now() + timedelta(days=1)} | values
    return ApiSession.objects.create(member=member, **fields)


def change(client, current=PASSWORD, new=WORD):
    return client.post("/account/", {"current": current, "new": new})


def test_nobody_is_sent_to_log_in(db, client):
    assert client.get("/account/").headers["Location"] == "/login?next=/account/"
    assert client.post("/account/").status_code == 302


def test_a_new_password_ends_everything_but_this_browser(world, client):
    other = login(Client(), world.user)
    session = session_of(world.user)
    version = world.user.user.token_version
    assert change(login(client, world.user)).headers["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert other.get("/b/acme/").headers["Location"].startswith("/login")
    session.refresh_from_db()
    assert session.ended_at is not None
    user = User.objects.get(pk=world.user.user_id)
    assert user.check_password(WORD)
    assert user.token_version > version


@pytest.mark.parametrize(
    ("current", "new"),
    [("Wrong-Word-1", WORD), (PASSWORD, "short"), (PASSWORD, "password1"), ("", ""), (PASSWORD, "a\0B1" * 4)],
)
def test_a_refused_change_changes_nothing(world, client, current, new):
    assert change(login(client, world.user), current, new).status_code == 422
    assert User.objects.get(pk=world.user.user_id).check_password(PASSWORD)


def test_guessing_the_old_password_here_is_counted_with_log_ins(world, client):
    login(client, world.user)
    for _ in range(5):
        change(client, "Wrong-Word-1")
    assert change(client).status_code == 429


def test_one_ends_ones_own_programs_and_no_others(world, client):
    mine, theirs = session_of(world.user), session_of(world.admin)
    page = login(client, world.user).get("/account/").content.decode()
    assert str(mine.pk) in page
    assert str(theirs.pk) not in page
    assert client.post(f"/account/sessions/{theirs.pk}/ends/").status_code == 404
    assert client.post(f"/account/sessions/{mine.pk}/ends/").status_code == 302
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert mine.ended_at is not None
    assert theirs.ended_at is None
