"""What the provider delivered of a call: in its order, with what became of each, and nothing of a person."""

import re
from datetime import timedelta

import pytest
from django.utils.http import http_date
from django.utils.timezone import now

from accounts import visits
from callcrm.testing import (
    add_call,
    add_lead,
    add_superuser,
    assert_flat_queries,
    login,
    ring,
    sid,
    signed_post,
)
from callcrm.webhooks.models import MOST_REPEATS, Receipt
from telephony import event_words, provider_events
from telephony.models import Call
from telephony.outgoing import telephones
from telephony.providers import dialect
from telephony.providers.base import CallState, RecordingState
from telephony.tests.asking import MOBILE, THEIRS, Line, place
from tests import crowd

CALLER = "+12065550163"


@pytest.fixture
def call(world, client):
    ring(client, CALLER)
    with world.inside():
        return Call.objects.get()


@pytest.fixture
def deliver(client, call):
    """Let the provider tell of the call, as of so many seconds ago."""

    def post(route="voice-status", ago=0, **params):
        stamp = http_date((now() - timedelta(seconds=ago)).timestamp()).replace("GMT", "+0000")
        given = {"CallSid": call.provider_id, "CallStatus": "in-progress", "Timestamp": stamp} | params
        return signed_post(client, route, given)

    return post


@pytest.fixture
def page(world, client, call):
    def read(member=None):
        answer = login(client, member or world.admin).get(address(call))
        assert answer.status_code == 200
        return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode().partition("<main")[2]).split())

    return read


def address(call):
    return f"/b/acme/calls/{call.pk}/deliveries/"


def test_what_was_delivered_stands_in_the_order_in_which_it_came(deliver, page):
    deliver(SequenceNumber="1")
    deliver("number-status", ParentCallSid="CA" + "0" * 32)  # of another call
    deliver(CallStatus="completed", CallDuration="47", SequenceNumber="2")
    text = page()
    places = [text.index(words) for words in ("New call", "in-progress", "completed", "CallDuration 47")]
    assert places == sorted(places)
    assert text.count("Applied") == 3


def test_a_line_says_when_which_telephone_and_what_before_it_is_opened(world, client, deliver, call):
    with world.inside():
        telephones.choose(world.user, "+15035550181")
    leg = {"CallSid": sid("CA"), "ParentCallSid": call.provider_id, "To": "+15035550181"}
    deliver("number-status", **leg | {"CallStatus": "ringing"})
    deliver("whisper", **leg)
    deliver("number-status", **leg | {"SequenceNumber": "2"})
    other = {"CallSid": sid("CA"), "ParentCallSid": call.provider_id, "To": "+15035550182"}
    deliver("number-status", **other | {"CallStatus": "canceled"})
    ended = {"DialCallSid": leg["CallSid"], "DialCallStatus": "completed", "DialCallDuration": "40"}
    deliver("dial-action", **ended)
    recording = {"RecordingSid": sid("RE"), "RecordingDuration": "40"}
    deliver("recording-status", **recording | {"RecordingStatus": "completed"})
    deliver(CallStatus="completed", CallDuration="47", SequenceNumber="3")
    login(client, world.owner)
    html = client.get(address(call)).content.decode()
    hers = f"Telephone of {world.user.name}"
    assert lines(html) == [
        "Caller | New call | Applied",
        f"{hers} | Rings | Applied",
        f"{hers} | Picked up, hears the whisper | Applied",
        f"{hers} | Picked up | Applied",
        "+1 (503) •••-••82 | Stopped ringing | Applied",
        f"{hers} | End of dialing: ended after 0:40 | Applied",
        "– | Recording is complete, 0:40 | Applied",
        "Caller | Ended after 0:47 | Applied",
    ]
    assert html.count("<details>") == 8
    assert re.search(r"<summary><time [^>]+>\d+:\d\d:\d\d [ap]m</time>", html)


def lines(html):
    """Each line as it stands closed, without its time."""
    found = re.findall(r"<summary><time.*?</time>(.*?)</summary>", html, re.DOTALL)
    return [" | ".join(re.findall(r">\s*([^<>\s][^<>]*?)\s*<", line)) for line in found]


def test_of_a_call_that_was_asked_for_a_line_says_whose_telephone_rang_first(world, client):
    with world.inside():
        telephones.choose(world.user, MOBILE)
    line = Line(client, place(world, lead=add_lead(world.acme, phones=[THEIRS])))
    line.post(f"/webhooks/twilio/voice-status/?call={line.call.pk}", CallStatus="ringing")
    line.presses("")
    [dial] = line.presses()
    line.other(dial[0].get("statusCallback"), "no-answer")
    login(client, world.owner)
    mine = f"Telephone of {world.user.name}"
    assert lines(client.get(address(line.call)).content.decode()) == [
        f"{mine} | Rings | Applied",
        f"{mine} | Picked up, asks what comes next | Applied | Came again",
        f"{mine} | No key was pressed | Applied",
        f"{mine} | A key was pressed | Applied",
        "Customer | Not answered | Applied",
    ]


def test_every_route_and_state_has_words():
    assert set(event_words.ROUTES) == {route for route in dialect.ROUTES if not route.startswith("sms")}
    assert set(event_words.STATES) == set(CallState)
    assert set(event_words.RECORDINGS) == set(RecordingState)


def test_names_of_fields_are_told_and_no_value_that_may_be_a_persons(deliver, page):
    deliver(
        CallerCity="SEATTLE", CallerName="DANA RIVERSTONE", From=CALLER, CallStatus="ringing",
        Digits="4", Direction="+12065550163", ErrorCode="12065550163", StirVerstat="https://a.example/x",
    )  # fmt: skip
    text = page()
    for name in ("CallerCity", "CallerName", "From", "Digits", "Direction", "ErrorCode", "StirVerstat"):
        assert f"{name} hidden" in text
    assert not any(word in text for word in ("SEATTLE", "RIVERSTONE", "2065550163", "a.example"))


def test_a_field_with_an_odd_name_is_not_named(deliver, page):
    deliver(**{CALLER: "x"})
    assert "(an odd name) hidden" in page()


def test_what_came_again_is_counted_and_applied_once(deliver, page, world, call):
    for _ in range(3):
        deliver(SequenceNumber="1")
    assert "Came 2 times again" in page()
    kept = Receipt.objects.filter(about=call.provider_id)
    assert sorted(kept.values_list("repeats", flat=True)) == [0, 2]
    kept.update(repeats=MOST_REPEATS)
    assert deliver(SequenceNumber="1").status_code == 204


def test_what_was_long_on_its_way_is_late(deliver, page):
    deliver(ago=50)
    assert "Late" not in page()
    deliver(ago=200, CallStatus="completed")
    text = page()
    assert "Applied Late" in text
    assert "3 min on its way" in text


def test_what_could_not_be_applied_says_why(deliver, page):
    deliver(CallDuration="-7")
    text = page()
    assert "State of the call Failed" in text
    assert "could make nothing of it: absurd_parameter: CallDuration" in text


def test_what_cannot_be_opened_any_more_is_told_all_the_same(call, page):
    Receipt.objects.filter(about=call.provider_id).update(sealed=[b"sealed under a key that is gone"])
    assert "It cannot be opened any more." in page()


def test_of_many_the_first_are_shown_and_it_says_so_only_where_there_are_more(deliver, page, monkeypatch):
    monkeypatch.setattr(provider_events, "MOST_SHOWN", 2)
    deliver(SequenceNumber="1")
    assert "The first" not in page()
    deliver(SequenceNumber="2")
    text = page()
    assert "The first 2 are shown." in text
    assert text.count("Applied") == 2


def test_a_call_without_deliveries_says_so(world, client):
    login(client, world.owner)
    for call in (add_call(world.acme), add_call(world.acme, provider="manual", provider_id=sid("MA"))):
        assert "No delivery of this call is here" in client.get(address(call)).content.decode()


def test_it_takes_the_right_to_the_history_and_a_call_of_ones_own_business(world, client, call):
    link = f'href="{address(call)}">Provider events'
    for member, status in ((world.user, 403), (world.admin, 200), (world.owner, 200)):
        login(client, member)
        assert client.get(address(call)).status_code == status
        assert (link in client.get(f"/b/acme/calls/{call.pk}/").content.decode()) == (status == 200)
    login(client, world.rival_owner)
    assert client.get(address(call).replace("acme", "rival")).status_code == 404


def test_a_visitor_of_the_platform_sees_it_masked(world, client, call, page):
    root = add_superuser()
    visits.start(root, world.acme, "To look at a fault.")
    login(client, root)
    assert "CallStatus" in client.get(address(call)).content.decode()


def test_more_deliveries_cost_no_more_queries(world, client, call, deliver):
    numbers = iter(range(1, 100))
    client2 = login(type(client)(), world.owner)
    assert_flat_queries(
        lambda: client2.get(address(call)), lambda: deliver(SequenceNumber=str(next(numbers)))
    )


def test_deliveries_of_a_call_are_found_by_an_index(world, call):
    others = (
        Receipt(
            business_id=world.acme.pk, provider="twilio", route="voice", account_id="AC", sealed=[],
            dedupe_key=f"voice:{n}", about=f"CA{n // 5}",
        )
        for n in range(3_000)
    )  # fmt: skip
    Receipt.objects.bulk_create(others)
    crowd.analyze()
    asked = Receipt.objects.visible_to(world.owner).about("twilio", call.provider_id)
    assert "webhooks_receipt_about" in asked[: provider_events.MOST_SHOWN].explain()
