"""A member logs a call that no provider tells of: on the page and by the API, once however often it is sent."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from accounts.models import IdempotencyKey
from audit.models import Entry
from callcrm.testing import DESTINATION, NUMBER, add_call, add_lead, add_member, login
from leads.models import Lead
from telephony.callbacks import settling
from telephony.manual import pages
from telephony.models import Call, FeedFrame
from telephony.tests.debts import debts
from tests.api import V1, Api, fields, same

PHONE, HOUR_AGO = "+15035550142", "2026-11-20T09:00"
PATH = "/b/acme/calls/new/"
MISSED = {"direction": "inbound", "outcome": "missed", "duration_seconds": ""}


@pytest.fixture
def browser(world, client):
    return login(client, world.user)


@pytest.fixture
def send(browser):
    """Send the form as the page gives it, with these changes."""

    def post(query="", key="", **changes):
        page = browser.get(PATH + query).content.decode()
        [drawn] = re.findall(r'name="key" value="([^"]+)"', page)
        form = {
            "phone": "(503) 555-0142",
            "direction": "outbound",
            "outcome": "answered",
            "key": key or drawn,
        }
        form |= {"started_at": HOUR_AGO, "duration_seconds": "4:30"}
        return browser.post(PATH + query, form | changes)

    return post


@pytest.fixture
def body():
    return {
        "manual": True, "direction": "outbound", "to": PHONE, "started_at": "2026-11-20T09:00:00Z",
        "duration_seconds": 90, "outcome": "answered", "note": "Wants a quote.", "tags": ["roof"],
    }  # fmt: skip


def post(member, body, key="k1"):
    headers = {"Idempotency-Key": key} if key else {}
    return Api(member).client.post(f"{V1}calls/", body, "application/json", headers=headers)


def only(world):
    with world.inside():
        return Call.objects.select_related("lead", "phone__lead", "agent").get()


# --- The page


def test_a_call_is_logged_with_somebody_new_in_the_time_of_the_business(world, send):
    assert (
        send(
            name="Dana Riverstone", note="Wants a quote.", tags="roof, leak", disposition="Quote"
        ).status_code
        == 302
    )
    call = only(world)
    assert call.started_at == datetime(2026, 11, 20, 17, 0, tzinfo=UTC), "nine o'clock in Los Angeles"
    assert (call.provider, call.direction, call.outcome, call.state) == (
        "manual",
        "outbound",
        "answered",
        "completed",
    )
    assert (call.talk_seconds, call.duration_seconds, call.agent) == (270, 270, world.user)
    assert (call.disposition, call.tags, call.note.reveal()) == ("Quote", ["roof", "leak"], "Wants a quote.")
    assert (call.lead.name.reveal(), call.phone.number.reveal()) == ("Dana Riverstone", PHONE)
    assert call.lead.last_contact_at == call.started_at
    assert call.first_time_caller is False, "we called him"


@pytest.mark.parametrize(("direction", "is_contact"), [("outbound", False), ("inbound", True)])
def test_who_was_not_reached_was_not_in_contact_and_who_called_was(world, send, direction, is_contact):
    lead = add_lead(world.acme, phones=[PHONE])
    send(outcome="missed", duration_seconds="", direction=direction)
    call = only(world)
    with world.inside():
        lead.refresh_from_db()
    assert lead.last_contact_at == (call.started_at if is_contact else None)


def test_a_known_number_finds_its_lead(world, send):
    lead = add_lead(world.acme, phones=[PHONE])
    send()
    assert only(world).lead_id == lead.pk


@pytest.mark.parametrize(
    ("name", "who"), [("Bennett Beecham", "Bennett B."), (None, "A lead without a name")]
)
def test_a_name_for_a_known_number_is_not_dropped_without_a_word(world, send, name, who):
    lead = add_lead(world.acme, phones=[PHONE], name=name)
    key = "0192c0de-0000-7000-8000-000000000001"
    answer = send(name="Somebody Else", key=key)
    assert answer.status_code == 422
    assert f"{who} has this number." in answer.content.decode()
    assert "Beecham" not in answer.content.decode()
    assert send(key=key).status_code == 302
    assert only(world).lead_id == lead.pk


def test_from_the_page_of_a_lead_the_person_is_not_asked(world, browser, send):
    lead = add_lead(world.acme, phones=[PHONE])
    assert 'name="phone"' not in browser.get(f"{PATH}?lead={lead.pk}").content.decode()
    send(f"?lead={lead.pk}", phone="", direction="inbound", outcome="missed", duration_seconds="")
    call = only(world)
    assert (call.lead_id, call.outcome, call.state, call.talk_seconds) == (
        lead.pk,
        "missed",
        "no-answer",
        None,
    )
    assert call.first_time_caller is True


def test_a_form_that_is_sent_twice_logs_one_call(world, browser, send):
    key = "0192c0de-0000-7000-8000-000000000001"
    first, second = send(key=key, name="Dana Riverstone"), send(key=key, name="Dana Riverstone")
    assert first.headers["Location"] == second.headers["Location"]
    only(world)


def test_who_goes_back_to_the_form_and_sends_it_again_is_led_to_the_call_that_it_logged(world, browser, send):
    lead = add_lead(world.acme, phones=[PHONE])
    for page in ("calls/", f"leads/{lead.pk}/", f"desk/?lead={lead.pk}"):
        html = browser.get(f"/b/acme/{page}").content.decode()
        [link] = re.findall(r'href="/b/acme/calls/new/([^"]+)"', html)
        assert "key=" in link
        link = link.replace("&amp;", "&")
    first, again = (send(link, outcome="missed", duration_seconds="") for _ in range(2))
    assert first.url == again.url
    assert pages.BEFORE in browser.get(again.url).content.decode()
    other = send(link, outcome="answered")
    assert other.status_code == 422
    assert pages.ANOTHER in other.content.decode()
    [fresh] = re.findall(r'name="key" value="([^"]+)"', other.content.decode())
    assert send(link, key=fresh, outcome="answered").url != first.url
    with world.inside():
        assert Call.objects.count() == 2


def test_a_form_that_was_refused_can_be_put_right_and_sent_again(world, send):
    key = "0192c0de-0000-7000-8000-000000000001"
    assert send(key=key, started_at="2099-01-01T09:00").status_code == 422
    assert send(key=key).status_code == 302
    only(world)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("started_at", "1999-12-31T23:59"), ("started_at", "2099-01-01T00:00"), ("started_at", "yesterday"),
        ("duration_seconds", "-1"), ("duration_seconds", "4:99"), ("duration_seconds", "9999"),
        ("phone", "hello"), ("phone", ""), ("phone", NUMBER), ("phone", DESTINATION),
        ("outcome", "voicemail"), ("direction", "up"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_where_it_was_typed_and_nothing_is_kept(world, send, field, text):
    answer = send(**{field: text})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    with world.inside():
        assert (Call.objects.count(), Lead.objects.count(), IdempotencyKey.objects.count()) == (0, 0, 0)


def test_a_time_that_the_clock_never_showed_is_refused_and_one_that_it_showed_twice_is_the_first(world, send):
    assert "2:30 am never comes" in send(started_at="2026-03-08T02:30").content.decode()
    assert send(started_at="2025-11-02T01:30").status_code == 302
    assert only(world).started_at == datetime(2025, 11, 2, 8, 30, tzinfo=UTC)


def test_all_that_is_wrong_is_named_at_once(world, send):
    drawn = send(phone=NUMBER, started_at="2099-01-01T00:00", duration_seconds="4:99").content.decode()
    named = re.findall('id="id_([a-z_]+)_error"', drawn)
    assert set(named) == {"phone", "started_at", "duration_seconds"}


def test_a_call_that_nobody_answered_has_no_length(world, send):
    answer = send(outcome="missed", duration_seconds="4:30")
    assert answer.status_code == 422
    assert "Nobody talked: leave it empty." in answer.content.decode()


@pytest.mark.parametrize("outcome", ["missed", "answered"])
def test_a_length_that_nobody_knows_is_not_told(world, browser, send, outcome):
    page = send(outcome=outcome, duration_seconds="").headers["Location"]
    assert (only(world).duration_seconds, only(world).talk_seconds) == (None, None)
    assert "Whole call" not in browser.get(page).content.decode()


def test_without_a_time_the_call_is_just_over(world, send):
    before = now()
    assert send(started_at="", duration_seconds="5").status_code == 302
    with world.inside():
        call = Call.objects.get()
    assert before <= call.started_at + timedelta(minutes=5) <= now()


def test_a_call_that_is_not_over_yet_is_refused(world, send):
    local = (now() - timedelta(minutes=5)).astimezone(world.acme.tz)
    assert send(started_at=local.strftime("%Y-%m-%dT%H:%M"), duration_seconds="30").status_code == 422


def test_it_says_where_it_comes_from_in_the_list_on_its_page_and_on_the_timeline(world, browser, send):
    page = send().headers["Location"]
    for path in ("/b/acme/calls/", page, f"/b/acme/leads/{only(world).lead_id}/"):
        assert "logged by hand" in browser.get(path).content.decode(), path
    add_call(world.acme)
    assert browser.get("/b/acme/calls/").content.decode().count("logged by hand") == 1


def test_it_is_in_the_history_and_in_the_feed(world, send):
    send()
    call = only(world)
    with world.inside():
        entry = Entry.objects.about(world.acme.pk, call.pk).get(name="call.logged")
        assert entry.actor == world.user.audit_actor
        assert FeedFrame.objects.filter(kind="call.changed", object_id=call.pk).exists()


# --- Whose it is


def test_a_missed_call_is_nobodys_says_who_logged_it_and_colleagues_see_it(world, browser, send):
    page = send(**MISSED).headers["Location"]
    call = only(world)
    assert (call.agent, call.logged_by) == (None, world.user)
    colleague = login(Client(), add_member(world.acme, "user", "colleague@acme.example"))
    for path in ("/b/acme/calls/", page, f"/b/acme/leads/{call.lead_id}/"):
        assert f"logged by hand by {world.user.name}" in colleague.get(path).content.decode(), path


@pytest.mark.parametrize("way", [{"direction": "outbound"}, {"outcome": "answered"}])
def test_any_other_is_of_the_member_who_logged_it(world, send, way):
    send(**MISSED | way)
    assert (only(world).agent, only(world).logged_by) == (world.user, world.user)


# --- What is owed


def test_who_called_in_vain_is_owed_a_call_back_known_or_new(world, send):
    known = add_lead(world.acme, phones=["+15035550143"])
    send(**MISSED)
    send(**MISSED, phone="(503) 555-0143")
    with world.inside():
        assert set(Call.objects.values_list("lead_id", flat=True)) == {one.lead_id for one in debts(world)}
    assert {one.lead_id for one in debts(world)} > {known.pk}
    assert [(one.is_open, one.misses) for one in debts(world)] == [(True, 1), (True, 1)]


def test_a_call_back_that_is_logged_closes_what_was_owed_whatever_is_logged_first(world, send):
    send(**MISSED, started_at="2026-11-20T08:00")
    send(outcome="answered")
    assert [one.is_proven for one in debts(world)] == [True]
    send(**MISSED, started_at="2026-11-20T07:30")
    assert [(one.is_proven, one.misses) for one in debts(world)] == [(True, 2)]


@pytest.mark.parametrize("way", [{"direction": "outbound"}, {"outcome": "answered"}])
def test_nothing_is_owed_for_a_call_that_went_out_or_was_answered(world, send, way):
    assert send(**MISSED | way).status_code == 302
    assert debts(world) == []


def test_nobody_is_owed_a_call_back_of_whom_no_number_is_known(world, send):
    assert send(**MISSED, phone="", name="Dana Riverstone").status_code == 302
    assert debts(world) == []
    settling.take_up(world.acme, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert debts(world) == []


def test_a_rivals_lead_is_not_there(world, browser):
    theirs = add_lead(world.rival)
    assert browser.get(f"{PATH}?lead={theirs.pk}").status_code == 404
    assert browser.post(f"{PATH}?lead={theirs.pk}", {}).status_code == 404


# --- The API


def test_a_program_logs_a_call_and_gets_it_masked(world, body):
    answer = post(world.user, body)
    assert answer.status_code == 201, answer.content
    call = answer.json()
    assert (call["provider"], call["to"], call["outcome"], call["legs"]) == (
        "manual",
        "+1(503)***-**42",
        "answered",
        [],
    )
    assert (call["talk_seconds"], call["tags"], call["note"]) == (90, ["roof"], "Wants a quote.")
    assert call["agent"]["id"] == str(world.user.pk)


def test_the_same_request_again_gets_the_same_answer_and_another_a_conflict(world, body):
    first, again = post(world.user, body), post(world.user, body)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = post(world.user, body | {"duration_seconds": 91})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
    only(world)


def test_without_a_key_nothing_is_logged(world, body):
    answer = post(world.user, body, key="")
    assert (answer.status_code, list(fields(answer))) == (400, ["Idempotency-Key"])
    with world.inside():
        assert not Call.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"manual": False}, "manual"), ({"from": PHONE}, "from"), ({"direction": "inbound"}, "to"),
        ({"to": "5550142"}, "to"), ({"started_at": "1999-12-31T23:59:59Z"}, "started_at"),
        ({"started_at": "2099-01-01T00:00:00Z"}, "started_at"), ({"duration_seconds": -1}, "duration_seconds"),
        ({"duration_seconds": 86401}, "duration_seconds"), ({"outcome": "voicemail"}, "outcome"),
        ({"number": "0192c0de-0000-7000-8000-000000000001"}, "number"), ({"agent": "x"}, "agent"),
        ({"source": "0192c0de-0000-7000-8000-000000000001"}, "source"), ({"lead": "x"}, "lead"),
    ],
)  # fmt: skip
def test_a_program_is_told_which_field_is_wrong(world, body, changes, field):
    answer = post(world.user, body | changes)
    assert (answer.status_code, field in fields(answer)) == (400, True), answer.content


def test_a_rivals_lead_and_one_that_is_not_there_are_the_same(world, body):
    theirs, del_to = add_lead(world.rival), {k: v for k, v in body.items() if k != "to"}
    answers = [post(world.user, del_to | {"lead": str(pk)}) for pk in (theirs.pk, world.acme.pk)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert same(answers[0]) == same(answers[1])


def test_a_program_names_a_lead_and_a_number_of_ours(world, body):
    lead = add_lead(world.acme, phones=[PHONE])
    wish = {k: v for k, v in body.items() if k != "to"} | {
        "lead": str(lead.pk),
        "number": str(world.number.pk),
    }
    call = post(world.user, wish).json()
    assert (call["lead"]["id"], call["from"], call["source"]["name"]) == (str(lead.pk), NUMBER, "Google Ads")
