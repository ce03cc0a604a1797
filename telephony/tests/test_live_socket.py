"""API clients hear the live feed on a WebSocket, for as long as their token is good."""

import json
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from accounts import sessions, team, tokens
from accounts.models import ApiSession
from accounts.permissions import Role
from callcrm.testing import add_call, ring
from telephony import feed, live
from telephony.models import FeedFrame
from telephony.tests.live_clients import Socket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
CALLER = "+12065550112"


@pytest.fixture
def connect(server):
    opened = []

    def open_one(path="/ws/live/"):
        opened.append(Socket(server.port, path))
        return opened[-1]

    yield open_one
    for client in opened:
        client.close()


@pytest.fixture
def listen(connect, world):
    def open_one(member, **more):
        client = connect()
        client.say(json.dumps({"token": tokens.start(member).access, **more}))
        _until_listed(world, client)
        return client

    return open_one


def _until_listed(world, client, seconds=3.0):
    until = time.monotonic() + seconds
    client.listed = 0
    while not client.listed and time.monotonic() < until:
        with world.inside():
            client.listed = live.open_streams(world.acme).filter(kind="ws").count()
        time.sleep(0.02)


def tell(business, about):
    feed.tell(business.pk, "call.changed", about, "ringing")


def test_a_client_with_a_token_hears_frames(listen, world):
    client = listen(world.owner)
    ring(Client(), CALLER)
    heard = {frame["event"]: frame for frame in (client.next(), client.next())}
    with world.inside():
        row = FeedFrame.objects.get(kind="call.changed")
    at = row.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert heard["call.changed"] == {
        "id": row.pk,
        "event": "call.changed",
        "data": {"id": str(row.object_id), "state": "ringing", "at": at},
    }


def test_what_changes_while_the_token_is_looked_at_is_not_lost(connect, world):
    client, call = connect(), add_call(world.acme)
    with world.inside():
        tell(world.acme, call.pk)
    client.say(json.dumps({"token": tokens.start(world.owner).access}))
    assert client.next()["data"]["id"] == str(call.pk)


def test_a_client_that_comes_back_is_sent_what_it_missed(listen, world):
    had, missed = add_call(world.acme), add_call(world.acme)
    with world.inside():
        tell(world.acme, had.pk)
        tell(world.acme, missed.pk)
        FeedFrame.objects.update(at=now() - timedelta(minutes=1))
        cursor = FeedFrame.objects.get(object_id=had.pk).pk
    client = listen(world.owner, last_event_id=cursor)
    assert [client.next()["data"]["id"] for _ in range(2)] == [str(had.pk), str(missed.pk)]


def test_a_user_hears_what_is_his_or_nobodys(listen, world):
    client = listen(world.user)
    hidden, seen = add_call(world.acme, agent=world.admin), add_call(world.acme)
    with world.inside():
        tell(world.acme, hidden.pk)
        tell(world.acme, seen.pk)
    assert client.next()["data"]["id"] == str(seen.pk)


@pytest.mark.parametrize(
    "first",
    [
        "",
        "{}",
        "[]",
        "null",
        "not json",
        '{"token": null}',
        '{"token": 7}',
        '{"token": "not.a.token"}',
        '{"token": ["x"]}',
        "[" * 4000,
        '{"last_event_id": 1}',
    ],
)
def test_without_a_good_token_it_is_closed(connect, world, first):
    client = connect()
    client.say(first)
    assert client.next() == 4401


def test_a_refresh_token_opens_nothing(connect, world):
    client = connect()
    client.say(json.dumps({"token": tokens.start(world.owner).refresh}))
    assert client.next() == 4401


def test_a_token_of_an_ended_session_opens_nothing(connect, world):
    token = tokens.start(world.owner).access
    sessions.end(ApiSession.objects.get(), by=None)
    client = connect()
    client.say(json.dumps({"token": token}))
    assert client.next() == 4401


def test_who_says_nothing_is_closed_after_five_seconds(connect, world):
    began, client = time.monotonic(), connect()
    assert client.next(7) == 4401
    assert 4.5 < time.monotonic() - began < 6.5


@pytest.mark.parametrize("size", [9_000, 30_000, 100_000])
def test_a_first_message_that_is_too_long_is_closed(connect, world, size):
    client = connect()
    client.say(json.dumps({"token": "x" * size}))
    assert client.next() == 1009


def test_other_addresses_have_no_socket(connect, world):
    assert connect("/ws/other/").status == 403


def test_ending_the_session_closes_the_client_within_a_second(listen, world):
    client = listen(world.owner)
    began = time.monotonic()
    sessions.end(ApiSession.objects.get(), by=None)
    assert client.next() == 4401
    assert time.monotonic() - began < 1


def _removed(world):
    team.remove(world.user, by=world.owner)


def _other_role(world):
    team.change_role(world.user, Role.ADMIN, by=world.owner)


def _other_password(world):
    sessions.set_password(world.user.user, "Another-Password-2", by=None)


@pytest.mark.parametrize("end", [_removed, _other_role, _other_password])
def test_whatever_ends_a_users_rights_closes_his_clients_within_a_second(listen, world, end):
    client = listen(world.user)
    began = time.monotonic()
    end(world)
    assert client.next() == 4401
    assert time.monotonic() - began < 1


def test_it_is_open_no_longer_than_the_token_is_good(listen, world, settings, monkeypatch):
    monkeypatch.setattr(tokens.Access, "lifetime", timedelta(seconds=2))
    client = listen(world.owner)
    began = time.monotonic()
    assert client.next(4) == 4401
    assert time.monotonic() - began < 3


def test_open_clients_are_listed_until_they_leave(listen, world):
    client = listen(world.owner)
    with world.inside():
        (row,) = live.open_streams(world.acme)
    assert (row.name, row.kind, row.ip) == ("owner", "ws", "127.0.0.1")
    client.close()
    until = time.monotonic() + 2
    while client.listed and time.monotonic() < until:
        with world.inside():
            client.listed = live.open_streams(world.acme).count()
    assert client.listed == 0


def test_a_user_has_so_many_clients_and_not_one_more(listen, connect, world):
    for _ in range(4):
        listen(world.owner)
    client = connect()
    client.say(json.dumps({"token": tokens.start(world.owner).access}))
    assert client.next() == 1013


def test_a_client_that_does_not_stop_talking_is_closed(listen, world):
    client = listen(world.owner)
    for _ in range(30):
        client.say("hello")
    assert client.next() == 1008
