"""Real deliveries taken through published flows: what the caller hears, and what is kept of it."""

from dataclasses import replace
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from callcrm.testing import DESTINATION, NUMBER, add_lead, sid, signed_post
from leads.models import Lead
from telephony.flows import versions
from telephony.flows.steps import Blocked, Flow, OpenHours, Order, Ring, Sentence
from telephony.hours import opening
from telephony.models import Call, RingTurn
from telephony.tests.flows import HOME, OFFICE, VAN, WHOLE, with_step

pytestmark = pytest.mark.django_db
CALLER = "+12065550111"
EVER = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
NEVER = dict.fromkeys(EVER, ())


class Caller:
    """Somebody on the line: posts what his provider would, and reads what comes back."""

    def __init__(self, client, caller=CALLER):
        self.client, self.caller, self.id = client, caller, sid("CA")

    def rings(self, route="voice"):
        return self.post(route, "", CallStatus="ringing")

    def follows(self, url, **said):
        """Go to an address that a document named."""
        parts = urlsplit(url)
        return self.post(
            parts.path.strip("/").split("/")[-1], parts.query, **{"CallStatus": "in-progress", **said}
        )

    def post(self, route, query, **said):
        about = {"CallSid": self.id, "From": self.caller, "To": NUMBER, "Direction": "inbound"} | said
        answer = signed_post(self.client, route, about, query=query)
        assert answer.status_code == 200, answer.status_code
        return ElementTree.fromstring(answer.content)  # noqa: S314  our own document

    def leg(self, url, leg, **said):
        """Report on a telephone of ours, to an address that a document named."""
        parts = urlsplit(url)
        about = {"CallSid": leg, "ParentCallSid": self.id, "From": self.caller, "To": OFFICE}
        about |= {"Direction": "outbound-dial", "CallStatus": "in-progress"} | said
        return signed_post(self.client, parts.path.strip("/").split("/")[-1], about, query=parts.query)

    @property
    def call(self):
        return Call.objects.select_related("flow").get(provider_id=self.id)


@pytest.fixture
def publish(world):
    def put(flow, hours=EVER):
        with world.inside():
            opening.change(world.acme, week=hours, by=world.owner)
            return versions.put(world.number, flow, by=world.owner)

    return put


def words(document):
    return [said.text for said in document.iter("Say")]


def test_a_whole_call_goes_by_the_menu_to_the_telephone_that_presses_1(world, client, publish):
    publish(WHOLE)
    caller = Caller(client)
    menu = caller.rings()
    assert words(menu) == ["Thanks for calling.", "This call may be recorded.", "For sales press 1."]
    dial = caller.follows(menu.find("Gather").get("action"), Digits="1").find("Dial")
    number, leg = dial.find("Number"), sid("CA")
    assert (number.text, dial.get("record")) == (VAN, "record-from-answer-dual")
    caller.leg(number.get("statusCallback"), leg, SequenceNumber="2")
    with world.inside():
        assert not caller.call.answered  # a mailbox picks up too
    asked = ElementTree.fromstring(caller.leg(number.get("url"), leg).content)  # noqa: S314  our own document
    assert words(asked) == ["A call from Google Ads.", "Press 1 to take the call."]
    taken = caller.leg(asked.find("Gather").get("action"), leg, Digits="1")
    assert list(ElementTree.fromstring(taken.content)) == []  # noqa: S314  put through
    end = {"DialCallSid": leg, "DialCallStatus": "completed", "DialCallDuration": "40"}
    assert caller.follows(dial.get("action"), **end).find("Hangup") is not None
    with world.inside():
        assert caller.call.answered


def test_a_mailbox_that_picks_up_is_no_answer_and_the_caller_goes_on(world, client, publish):
    publish(with_step("hours", open="sales"))
    caller = Caller(client)
    dial = caller.rings().find("Dial")
    number, leg = dial.find("Number"), sid("CA")
    asked = ElementTree.fromstring(caller.leg(number.get("url"), leg).content)  # noqa: S314  our own document
    refused = caller.leg(asked.find("Gather").get("action"), leg)
    assert ElementTree.fromstring(refused.content).find("Hangup") is not None  # noqa: S314  our own document
    end = {"DialCallSid": leg, "DialCallStatus": "completed", "DialCallDuration": "9"}
    assert caller.follows(dial.get("action"), **end).find("Record") is not None
    with world.inside():
        assert not caller.call.answered


def test_nobody_presses_and_nobody_answers_and_a_message_is_taken(world, client, publish):
    publish(WHOLE)
    caller = Caller(client)
    menu = caller.rings()
    again = caller.follows(menu.find("Gather").get("action"), Digits="")
    dial = caller.follows(again.find("Gather").get("action"), Digits="").find("Dial")
    assert [number.text for number in dial.findall("Number")] == [OFFICE, VAN]
    mailbox = caller.follows(dial.get("action"), DialCallStatus="no-answer", DialCallSid=sid("CA"))
    assert mailbox.find("Record").get("transcribeCallback").endswith("/transcription/")
    done = caller.follows(mailbox.find("Record").get("action"), Digits="hangup", RecordingDuration="9")
    assert [verb.tag for verb in done] == ["Hangup"]


def test_who_calls_after_hours_hears_so(world, client, publish):
    publish(WHOLE, hours=NEVER)
    assert words(Caller(client).rings())[-1] == "We are closed. Please call again tomorrow."


def test_what_a_caller_was_told_and_what_answers_him_stay_on_the_call(world, client, publish):
    version = publish(WHOLE)
    caller = Caller(client)
    caller.rings()
    with world.inside():
        assert caller.call.flow == version
        assert (caller.call.notice, caller.call.notice_language) == ("This call may be recorded.", "en-US")
        assert caller.call.records


def test_a_notice_behind_the_menu_is_kept_when_it_is_said(world, client, publish):
    steps = {**WHOLE.steps, "menu": replace(WHOLE.steps["menu"], choices={"1": "greeting"})}
    steps["greeting"] = replace(WHOLE.steps["greeting"], next="ring")
    publish(Flow(steps, "menu"))
    caller = Caller(client)
    menu = caller.rings()
    with world.inside():
        assert (caller.call.notice, caller.call.notice_at) == ("", None)
    dial = caller.follows(menu.find("Gather").get("action"), Digits="1").find("Dial")
    assert dial.get("record")
    with world.inside():
        assert caller.call.notice == "This call may be recorded."
        assert caller.call.notice_at > caller.call.seen_at


def test_a_flow_that_is_published_meanwhile_does_not_change_a_call_that_runs(world, client, publish):
    old = publish(WHOLE)
    caller = Caller(client)
    menu = caller.rings()
    publish(Flow({"goodbye": Sentence(text="We have moved.")}, "goodbye"))
    assert caller.follows(menu.find("Gather").get("action"), Digits="1").find("Dial") is not None
    with world.inside():
        assert caller.call.flow == old
    assert words(Caller(client).rings()) == ["We have moved."]


def test_a_round_robin_takes_turns_and_a_call_that_is_told_of_twice_takes_one(world, client, publish):
    robin = Ring(to=(OFFICE, VAN, HOME), order=Order.ROUND_ROBIN.value, record=False, no_answer="closed")
    publish(Flow({"ring": robin, "closed": WHOLE.steps["closed"]}, "ring"))
    rung = []
    for _ in range(4):
        caller = Caller(client)
        first, again = (caller.rings().find("Dial/Number").text for _ in range(2))
        assert first == again
        rung.append(first)
    assert rung == [OFFICE, VAN, HOME, OFFICE]
    with world.inside():
        assert RingTurn.objects.get().turn == 3


def test_who_is_marked_as_spam_is_refused_and_counts_as_blocked(world, client, publish):
    publish(WHOLE)
    add_lead(world.acme, by=world.owner, phones=[CALLER], status=Lead.Status.SPAM)
    caller = Caller(client)
    assert [verb.tag for verb in caller.rings()] == ["Reject"]
    signed_post(client, "voice-status", {"CallSid": caller.id, "CallStatus": "busy", "CallDuration": "0"})
    with world.inside():
        assert (caller.call.outcome, caller.call.is_blocked) == ("blocked", True)


def test_who_is_marked_as_spam_is_blocked_though_his_end_comes_first(world, client, publish):
    publish(WHOLE)
    add_lead(world.acme, by=world.owner, phones=[CALLER], status=Lead.Status.SPAM)
    caller = Caller(client)
    signed_post(client, "voice-status", {"CallSid": caller.id, "CallStatus": "busy", "CallDuration": "0"})
    caller.rings()
    with world.inside():
        assert caller.call.outcome == "blocked"


def test_who_hides_his_number_can_be_turned_away(world, client, publish):
    publish(replace(WHOLE, blocked=Blocked(withheld=True, text="Please show your number.")))
    assert words(Caller(client, "anonymous").rings()) == ["Please show your number."]
    assert words(Caller(client).rings())[0] == "Thanks for calling."


def test_hours_that_change_are_asked_when_the_call_comes(world, client, publish):
    publish(Flow(WHOLE.steps | {"hours": OpenHours(open="ring", closed="closed")}, "hours"), hours=NEVER)
    assert Caller(client).rings().find("Dial") is None
    with world.inside():
        opening.change(world.acme, week=EVER, by=world.owner)
    assert Caller(client).rings().find("Gather") is None


@pytest.mark.parametrize(
    "query",
    ["", "step=nobody", "step=menu&tried=x", "step=menu&tried=" + "9" * 99, "%ff=%fe", "step=" + "a" * 500],
)
@pytest.mark.parametrize("route", ["gather", "dial-action", "record-action", "whisper-accept"])
def test_nonsense_in_our_own_address_ends_with_a_document(world, client, publish, route, query):
    publish(WHOLE)
    caller = Caller(client)
    caller.rings()
    assert (
        caller.post(
            route, query, CallStatus="in-progress", DialCallStatus="no-answer", ParentCallSid=caller.id
        ).tag
        == "Response"
    )


def test_a_key_that_comes_before_its_call_was_told_of_is_followed(world, client, publish):
    publish(WHOLE)
    caller = Caller(client)
    assert (
        caller.post("gather", "step=menu&tried=1", CallStatus="in-progress", Digits="1").find("Dial")
        is not None
    )
    with world.inside():
        assert caller.call.lead is not None


def test_a_number_out_of_service_says_so(world, client):
    with world.inside():
        world.number.is_active = False
        world.number.save(update_fields=["is_active"])
    assert "not in service" in words(Caller(client).rings())[0]


def test_the_first_flow_of_a_number_rings_its_telephones_and_takes_a_message(world, client):
    caller = Caller(client)
    dial = caller.rings().find("Dial")
    assert [number.text for number in dial.findall("Number")] == [DESTINATION]
    end = caller.follows(dial.get("action"), DialCallStatus="no-answer", DialCallSid=sid("CA"))
    assert end.find("Record") is not None
    with world.inside():
        assert caller.call.started_at <= timezone.now()
