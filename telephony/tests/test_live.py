"""Pages hear at once what changed and may be seen, from a real server; a broken connection misses nothing."""

import time
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils.timezone import now

from accounts import sessions, team, visits
from accounts.permissions import Role
from callcrm.testing import add_call, add_lead, add_message, add_superuser, login, ring
from leads import editing
from telephony import feed, live
from telephony.callbacks import ledger, settling
from telephony.live.frames import PAGE
from telephony.models import Callback, FeedFrame
from telephony.tests.live_clients import SOON, Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
CALLER = "+12065550111"


@pytest.fixture
def listen(server):
    opened = []

    def open_one(*who, **how):
        opened.append(server.listen(*who, **how))
        return opened[-1]

    yield open_one
    for page in opened:
        page.close()


def tell(business, about, kind="call.changed", state="ringing", **when):
    with transaction.atomic():
        feed.tell(business.pk, kind, about, state)
        if when:
            FeedFrame.objects.filter(object_id=about).update(**when)


# --- what is told


def test_a_call_is_told_at_once_by_id_and_state_alone(listen, world):
    page = listen(world.owner)
    assert page.opening == {"retry": "2000", "id": "0"}
    ring(Client(), CALLER)
    answered = time.monotonic()
    frames = {frame["event"]: frame for frame in (page.next(), page.next())}
    assert time.monotonic() - answered < 2
    with world.inside():
        call = FeedFrame.objects.get(kind="call.changed")
    assert frames["call.changed"]["id"] == str(call.pk)
    assert frames["call.changed"]["data"] == {
        "id": str(call.object_id),
        "state": "ringing",
        "at": call.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def test_the_answer_is_a_stream_that_nobody_stores_or_holds_back(listen, world):
    headers = listen(world.owner).headers
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"


def test_what_was_rolled_back_is_never_told(listen, world):
    page = listen(world.owner)
    lead = add_lead(world.acme)
    with world.inside():
        feed.tell(world.acme.pk, "lead.changed", lead.pk, "new")
        transaction.set_rollback(True)
    with world.inside():
        feed.tell(world.acme.pk, "lead.changed", lead.pk, "won")
    told = page.frames(1)  # what happens as a stream opens may be told twice
    assert {frame["data"]["state"] for frame in told} == {"won"}


def test_another_business_hears_nothing(listen, world):
    theirs, ours = listen(world.rival_owner, "rival"), listen(world.owner)
    ring(Client(), CALLER)
    assert ours.next()
    assert theirs.frames() == []


def test_a_stranger_gets_no_stream(server, listen, world):
    assert server.status("/b/acme/live/") == 302
    assert listen(world.rival_owner).status == 404


# --- what may be seen


def test_a_user_hears_of_calls_that_are_his_or_nobodys(listen, world):
    page = listen(world.user)
    theirs = add_call(world.acme, agent=world.admin)
    his, nobodys = add_call(world.acme, agent=world.user), add_call(world.acme)
    with world.inside():
        for call in (theirs, his, nobodys):
            feed.tell(world.acme.pk, "call.changed", call.pk, "completed")
    assert page.about(2) == {str(his.pk), str(nobodys.pk)}


def test_a_user_hears_of_texts_to_leads_that_are_his_or_nobodys(listen, world):
    page = listen(world.user)
    assigned = add_lead(world.acme)
    with world.inside():
        editing.assign(assigned, world.admin, by=world.owner)
    hidden, seen = add_message(world.acme, assigned), add_message(world.acme, add_lead(world.acme))
    with world.inside():
        for text in (hidden, seen):
            feed.tell(world.acme.pk, "message.changed", text.pk, "received")
    assert str(hidden.pk) not in page.hears(seen.pk)


def test_a_user_hears_that_a_colleague_has_taken_a_callback_and_that_one_has_gone(listen, world):
    page = listen(world.user)
    lead = add_lead(world.acme)
    vain = add_call(world.acme, lead, outcome="missed", answered_at=None, talk_seconds=None)
    with world.inside(), transaction.atomic():
        ledger.follow_call(vain, by=None)
        debt = Callback.objects.get()
    assert page.next()["data"]["state"] == "open"
    with world.inside():
        settling.assign(debt, world.admin, by=world.admin)
    assert page.next()["data"]["id"] == str(debt.pk)
    with world.inside(), transaction.atomic():
        vain.outcome = "blocked"
        vain.save()
        ledger.follow_call(vain, by=None)
    assert page.next()["data"]["state"] == "withdrawn"


def test_a_user_hears_nothing_of_a_kind_that_nobody_has_shown(listen, world):
    owner, user = listen(world.owner), listen(world.user)
    call = add_call(world.acme)
    with world.inside():
        feed.tell(world.acme.pk, "secret.changed", call.pk, "x")
    assert owner.next()
    assert user.frames() == []


# --- coming back


def test_who_comes_back_is_sent_what_he_missed(listen, world):
    page = listen(world.owner)
    first, second = add_call(world.acme), add_call(world.acme)
    with world.inside():
        tell(world.acme, first.pk)
    page.next()
    page.close()
    with world.inside():
        tell(world.acme, second.pk)
    again = listen(world.owner, last_event_id=page.last_event_id)
    assert again.hears(second.pk)


def test_who_comes_back_before_anything_happened_misses_nothing_either(listen, world):
    page = listen(world.owner)
    page.close()
    call = add_call(world.acme)
    with world.inside():
        tell(world.acme, call.pk)
    assert listen(world.owner, last_event_id=page.last_event_id).about() == {str(call.pk)}


def test_a_frame_that_was_committed_late_is_sent_to_who_comes_back(listen, world):
    late, seen = add_call(world.acme), add_call(world.acme)
    with world.inside():
        FeedFrame.objects.create(business=world.acme, kind="call.changed", object_id=late.pk, pk=41)
        FeedFrame.objects.create(business=world.acme, kind="call.changed", object_id=seen.pk, pk=42)
    assert listen(world.owner, last_event_id="42").hears(late.pk)


def test_older_frames_are_not_sent_again(listen, world):
    old, had = add_call(world.acme), add_call(world.acme)
    with world.inside():
        tell(world.acme, old.pk, at=now() - timedelta(minutes=2))
        tell(world.acme, had.pk, at=now() - timedelta(minutes=1))
        cursor = FeedFrame.objects.get(object_id=had.pk).pk
    assert listen(world.owner, last_event_id=str(cursor)).about() == {str(had.pk)}


def test_a_cursor_that_was_trimmed_meanwhile_still_finds_what_came_after(listen, world):
    call = add_call(world.acme)
    with world.inside():
        tell(world.acme, call.pk)
    assert listen(world.owner, last_event_id="0").about() == {str(call.pk)}


@pytest.mark.parametrize("cursor", ["garbage", "-1", "1.5", "99999999999999999999999", "9223372036854775807"])
def test_a_cursor_that_we_never_gave_begins_now(listen, world, cursor):
    with world.inside():
        tell(world.acme, add_call(world.acme).pk)
    page = listen(world.owner, last_event_id=cursor)
    call = add_call(world.acme)
    with world.inside():
        tell(world.acme, call.pk)
    assert page.about() == {str(call.pk)}


def test_a_user_who_comes_back_is_not_sent_what_he_may_not_see(listen, world):
    call = add_call(world.acme, agent=world.admin)
    with world.inside():
        tell(world.acme, call.pk)
    assert listen(world.user, last_event_id="0").frames() == []


def test_missed_frames_come_page_by_page_and_all_of_them(listen, world):
    call = add_call(world.acme)
    frames = [
        FeedFrame(business=world.acme, kind="call.changed", object_id=call.pk) for _ in range(2 * PAGE + 3)
    ]
    with world.inside():
        FeedFrame.objects.bulk_create(frames)
    assert len(listen(world.owner, last_event_id="0").frames(len(frames))) == len(frames)


def test_a_lost_listening_connection_costs_nobody_a_frame(listen, world):
    page = listen(world.owner)
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'callcrm live feed'"
    )
    with psycopg.connect(_as_owner(), autocommit=True) as owner:
        assert owner.execute(kill).fetchall()
    call = add_call(world.acme)
    with world.inside():
        tell(world.acme, call.pk)
    assert page.closed.wait(2)
    again = listen(world.owner, last_event_id=page.last_event_id)
    assert again.hears(call.pk)
    after = add_call(world.acme)
    with world.inside():
        tell(world.acme, after.pk)
    assert again.hears(after.pk)


def _as_owner():
    params = connection.get_connection_params()
    kept = {"dbname", "user", "password", "host", "port"}
    return psycopg.conninfo.make_conninfo(**{name: params[name] for name in kept if name in params})


# --- ending


def test_logging_out_closes_the_streams_of_that_browser_alone(listen, world):
    browser = login(Client(), world.owner)
    page, elsewhere = listen(browser), listen(world.owner)
    browser.logout()
    assert page.closed.wait(SOON)
    assert not elsewhere.closed.wait(0.5)


def _other_password(world):
    sessions.set_password(world.user.user, "Another-Password-2", by=None)


def _removed(world):
    team.remove(world.user, by=world.owner)


def _other_role(world):
    team.change_role(world.user, Role.ADMIN, by=world.owner)


def _switched_off(world):
    world.user.user.is_active = False
    world.user.user.save()


@pytest.mark.parametrize("end", [_other_password, _removed, _other_role, _switched_off])
def test_whatever_ends_a_users_rights_closes_his_streams_within_a_second(listen, world, end):
    page, others = listen(world.user), listen(world.admin)
    end(world)
    assert page.closed.wait(SOON)
    assert not others.closed.is_set()


def test_a_visit_hears_all_until_it_ends(listen, world):
    root = add_superuser()
    assert listen(root).status == 404
    visits.start(root, world.acme, "A caller is missing")
    page = listen(root)
    call = add_call(world.acme, agent=world.user)
    with world.inside():
        tell(world.acme, call.pk)
        assert [one.name for one in live.open_streams(world.acme)] == ["Platform support"]
    assert page.next()["data"]["id"] == str(call.pk)
    visits.end_open(root, world.acme)
    assert page.closed.wait(SOON)


def test_a_visit_that_runs_out_closes_its_stream_by_itself(listen, world):
    root = add_superuser()
    visit = visits.start(root, world.acme, "A caller is missing")
    visit.ends_at = now() + timedelta(seconds=1)
    visit.save()
    page = listen(root)
    assert not page.closed.wait(0.3)
    assert page.closed.wait(2)


# --- how many


def test_open_streams_are_listed_until_they_close(listen, world):
    page = listen(world.user)
    with world.inside():
        (row,) = live.open_streams(world.acme)
    assert (row.name, row.kind, row.ip) == ("user", "sse", "127.0.0.1")
    page.close()
    _eventually(lambda: _listed(world) == 0)


def test_a_user_has_so_many_streams_and_not_one_more(listen, world):
    pages = [listen(world.owner) for _ in range(4)]
    refused = listen(world.owner)
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert listen(world.user).status == 200
    pages[0].close()
    _eventually(lambda: _listed(world) == 4)
    assert listen(world.owner).status == 200


def test_rows_of_a_killed_process_count_no_more_after_a_minute(listen, world):
    page = listen(world.user)
    with world.inside():
        live.open_streams(world.acme).update(seen_at=now() - timedelta(seconds=61))
        assert not live.open_streams(world.acme).exists()
    page.close()


def _listed(world):
    with world.inside():
        return live.open_streams(world.acme).count()


def _eventually(true, seconds=2.0):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_stopping_server_lets_go_of_its_streams(tmp_path, world):
    stopped = Server(tmp_path)
    page = stopped.listen(world.owner)
    began = time.monotonic()
    stopped.stop()
    assert time.monotonic() - began < 4
    assert page.closed.wait(SOON)
    page.close()
