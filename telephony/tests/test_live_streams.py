"""A stream ends with whatever its holder came in by, told or not, and never holds more than it must."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils.timezone import now

from accounts import tokens, visits
from accounts.models import ApiSession, Member, PlatformVisit, User
from accounts.permissions import Role
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_superuser, login
from telephony import feed
from telephony.live import hub, streams
from telephony.live.frames import Frame
from telephony.live.sse import EventStream
from telephony.models import LiveStream

pytestmark = pytest.mark.django_db
SSE, WEBSOCKET = LiveStream.Kind


@pytest.fixture
def browser(world):
    client = login(Client(), world.user)
    with world.inside():
        return streams.admit(world.user, SSE, "192.0.2.7", session_key=client.session.session_key)


def _session_gone(world):
    Session.objects.all().delete()


def _session_expired(world):
    Session.objects.update(expire_date=now())


def _switched_off(world):
    User.objects.filter(pk=world.user.user_id).update(is_active=False)


def _tokens_ended(world):
    User.objects.filter(pk=world.user.user_id).update(token_version=2)


def _removed(world):
    Member.objects.filter(pk=world.user.pk).update(removed_at=now())


def _other_role(world):
    Member.objects.filter(pk=world.user.pk).update(role=Role.ADMIN)


@pytest.mark.parametrize(
    "end", [_session_gone, _session_expired, _switched_off, _tokens_ended, _removed, _other_role]
)
def test_a_browsers_stream_ends_though_nobody_has_told(world, browser, end):
    assert streams.look_again([browser]) == set()
    end(world)
    assert streams.look_again([browser]) == {browser.stream_id}


@pytest.mark.parametrize("how", [{"ended_at": now()}, {"expires_at": now()}])
def test_a_clients_stream_ends_with_its_session(world, how):
    tokens.start(world.user)
    session = ApiSession.objects.get()
    with world.inside():
        client = streams.admit(world.user, WEBSOCKET, "", api_session_id=session.pk)
    assert streams.look_again([client]) == set()
    ApiSession.objects.update(**how)
    assert streams.look_again([client]) == {client.stream_id}


@pytest.mark.parametrize("end", ["visit over", "visit ended", "no superuser any more"])
def test_a_visitors_stream_ends_with_his_visit(world, end):
    root = add_superuser()
    visit = visits.start(root, world.acme, "A caller is missing")
    key = login(Client(), root).session.session_key
    with world.inside():
        visitor = streams.admit(visit, SSE, "", session_key=key)
    assert visitor.ends_at == visit.ends_at
    assert streams.look_again([visitor]) == set()
    if end == "visit over":
        PlatformVisit.objects.update(ends_at=now())
    elif end == "visit ended":
        PlatformVisit.objects.update(ended_at=now())
    else:
        User.objects.filter(pk=root.pk).update(is_superuser=False)
    assert streams.look_again([visitor]) == {visitor.stream_id}


def test_looking_again_keeps_the_rows_of_open_streams_fresh(world, browser):
    with world.inside():
        LiveStream.objects.update(seen_at=now() - timedelta(minutes=5))
        assert not streams.open_streams(world.acme).exists()
    streams.look_again([browser])
    with world.inside():
        assert streams.open_streams(world.acme).get().ip == "192.0.2.7"


def test_looking_again_costs_the_same_for_many_streams(world, browser, django_assert_max_num_queries):
    with world.inside():
        more = [streams.admit(world.user, SSE, "", session_key=browser.session_key) for _ in range(5)]
    with django_assert_max_num_queries(8):
        streams.look_again([browser, *more])


def frame(world, n=1):
    return Frame(n, world.acme.pk, "call.changed", uuid7(), "ringing", "2026-11-20T17:00:00.000000Z")


def test_a_client_that_does_not_keep_up_is_cut_off_with_little_held(world, browser):
    async def flood():
        stream = hub.Stream(browser)
        for n in range(hub.HELD_FRAMES + 1):
            stream.push(frame(world, n))
        return stream.ended, await stream.frames(0)

    assert asyncio.run(flood()) == ("slow", [])


def test_what_was_not_sent_at_the_end_never_is(world, browser):
    async def end():
        stream = hub.Stream(browser)
        stream.push(frame(world))
        stream.end("revoked")
        stream.push(frame(world))
        return await stream.frames(0)

    assert asyncio.run(end()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("end", "why"), [(lambda _: None, ""), (_session_gone, "revoked")])
def test_rights_that_ended_before_anybody_listened_end_the_stream(world, browser, end, why):
    end(world)  # after it was admitted; a notice of it would have come too early

    async def begin():
        mine = hub.Hub()
        stream = mine.join(browser)
        await mine.ready(stream)
        for task in mine._tasks:
            task.cancel()
        return stream.ended

    assert asyncio.run(begin()) == why


def test_a_task_that_waits_for_a_client_who_reads_nothing_is_ended(world, browser):
    async def stuck(made):
        made.append(hub.Stream(browser))
        await asyncio.Event().wait()

    async def watch():
        made = []
        task = asyncio.ensure_future(stuck(made))
        await asyncio.sleep(0)
        made[0].end("slow")
        await asyncio.wait([task], timeout=1)
        return task.cancelled()

    with mock.patch.object(hub, "CUT_SECONDS", 0.01):
        assert asyncio.run(watch())


def test_a_client_who_is_cut_off_in_mid_sentence_leaves_no_stream_behind():
    ended = []

    async def parts():
        try:
            yield b"retry: 2000\n\n"
        finally:
            ended.append(True)

    async def cut_off():
        async with aclosing(aiter(EventStream(parts()))) as sent:
            await anext(sent)

    asyncio.run(cut_off())
    assert ended == [True]


def test_a_process_has_so_many_streams(world, client, settings):
    settings.LIVE_STREAMS_PER_PROCESS = 0
    answer = login(client, world.owner).get("/b/acme/live/")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


# --- without ASGI


@pytest.mark.django_db(transaction=True)
def test_a_server_without_asgi_polls(world, client, settings):
    answer = login(client, world.user).get("/b/acme/live/")
    parts = iter(answer.streaming_content)
    assert next(parts) == b"retry: 2000\nid: 0\n\n"
    hidden, seen = add_call(world.acme, agent=world.admin), add_call(world.acme)
    with world.inside():
        for call in (hidden, seen):
            feed.tell(world.acme.pk, "call.changed", call.pk, "ringing")
    said = next(parts).decode()
    assert str(seen.pk) in said
    assert str(hidden.pk) not in said
    with world.inside():
        feed.tell(world.acme.pk, "call.changed", seen.pk, "completed")
    assert next(parts).count(b"event:") == 1
    client.logout()
    assert list(parts) == []
    with world.inside():
        assert not LiveStream.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_server_without_asgi_has_few_streams(world, client, settings):
    settings.LIVE_STREAMS_POLLED = 1
    login(client, world.user)
    first = client.get("/b/acme/live/")
    next(iter(first.streaming_content))
    assert client.get("/b/acme/live/").status_code == 503
    first.close()
    assert client.get("/b/acme/live/").status_code == 200


def test_only_reading_is_answered(world, client):
    assert login(client, world.owner).post("/b/acme/live/").status_code == 405
