"""Practice callers do what carriers do: they sign, they read the answer, they report to where it says."""

import base64
import hashlib
import hmac
import random
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest

from telephony.providers.base import (
    CallUpdate,
    Destination,
    Dial,
    Direction,
    Gather,
    HangUp,
    LegUpdate,
    MessageUpdate,
    NewCall,
    Record,
    RecordingUpdate,
    Say,
    TranscriptionUpdate,
)
from telephony.providers.practice import answers, outgoing, webhook
from telephony.providers.practice.player import AtOnce, Line, Misplayed, play
from telephony.providers.practice.scenarios import SCENARIOS

ACCOUNT, SECRET = "PR" + "a1" * 16, "5f" * 16
PUBLIC = "https://calls.example.com/crm"
OURS = "+14155550100"
DESTINATIONS = ["+16465550123", "+13125550117"]


HOOKS = f"{PUBLIC}/webhooks/practice"


def forward(record=True, whisper=None):
    legs = tuple(Destination(e164, f"{HOOKS}/number-status/?leg=1&x=2", whisper) for e164 in DESTINATIONS)
    dial = Dial(
        destinations=legs,
        seconds=20,
        record=record,
        action_url=f"{HOOKS}/dial-action/",
        recording_status_url=f"{HOOKS}/recording-status/",
        caller_id=OURS,
    )
    return answers.document([dial])


def message():
    record = Record(
        seconds=60,
        action_url=f"{HOOKS}/record-action/",
        recording_status_url=f"{HOOKS}/recording-status/",
        transcription_url=f"{HOOKS}/transcription/",
    )
    return answers.document([Say("After the tone."), record])


class Product:
    """Stands for the running product: checks every signature, keeps what it heard, answers as it is told."""

    def __init__(self, document, status=200, **documents):
        self.documents, self.status = {"voice": document} | documents, status
        self.heard = []
        self.verdicts = []
        self.updates = []

    def take(self, path, headers, body):
        self.verdicts.append(
            webhook.verify(
                url=PUBLIC + path.removeprefix("/here"),
                method="POST",
                headers=dict(headers),
                body=body,
                secrets=[SECRET],
            )
        )
        route = path.partition("?")[0].rstrip("/").rpartition("/")[2]
        self.heard.append((route, path))
        asked = dict(parse_qsl(path.partition("?")[2]))
        self.updates += webhook.parse(route, body, headers["Content-Type"], datetime.now(UTC), asked=asked)
        return self.status, self.documents.get(route, answers.document([]))

    def of(self, kind):
        return [update for update in self.updates if isinstance(update, kind)]


@contextmanager
def running(product):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, document = product.take(self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(document.encode())))
            self.end_headers()
            self.wfile.write(document.encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/here"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Counted(AtOnce):
    """Remembers what it did not wait for."""

    def __init__(self, scenario, waits):
        super().__init__(scenario)
        self.waits = waits

    def wait(self, seconds):
        super().wait(seconds)
        self.waits.append(seconds)


def played(name, document=None, *, status=200, secret=SECRET, pauses=None, **documents):
    named = {route.replace("_", "-"): each for route, each in documents.items()}
    product = Product(forward() if document is None else document, status, **named)
    with running(product) as base_url:
        line = Line(ACCOUNT, secret, PUBLIC, base_url)
        clock = Counted(SCENARIOS[name], [] if pauses is None else pauses)
        ids = play(SCENARIOS[name], line, OURS, rng=random.Random(1), clock=clock)
    return ids, product


def test_a_signature_is_the_documented_one():
    """Said here without our own code, because others may want to sign practice deliveries too."""
    text = f"{PUBLIC}/webhooks/practice/sms/?x=1" + "BodyHi" + "From+12125550142"
    expected = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()
    url, body = f"{PUBLIC}/webhooks/practice/sms/?x=1", b"From=%2B12125550142&Body=Hi"
    assert webhook.sign(url=url, body=body, secret=SECRET) == expected


def test_a_call_that_is_stopped_rings_nobody_any_more_and_says_that_it_is_over():
    product = Product(answers.document([]))
    stop = threading.Event()
    stop.set()
    with running(product) as base_url:
        line = Line(ACCOUNT, SECRET, PUBLIC, base_url)
        hooks = {"answer_url": f"{HOOKS}/bridge/?call=1", "status_url": f"{HOOKS}/voice-status/?call=1"}
        outgoing.place(
            line,
            NewCall(to=DESTINATIONS[0], from_=OURS, **hooks),
            "CA" + "b" * 32,
            outgoing.UntilStopped(stop),
        )
    assert [update.state for update in product.of(CallUpdate)] == ["queued", "ringing", "canceled"]
    assert {route for route, _ in product.heard} == {"voice-status"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_everything_a_scenario_posts_is_signed_and_usable(name):
    ids, product = played(name)
    assert {verdict.reason for verdict in product.verdicts} == {"ok"}
    said = {
        update.provider_id for update in product.updates if isinstance(update, CallUpdate | MessageUpdate)
    }
    assert said == {*ids.calls, *ids.messages}
    assert product.of(CallUpdate) == [] or product.of(CallUpdate)[-1].state == "completed"


def test_an_answered_call_rings_everywhere_and_is_bridged_to_one():
    _, product = played("answered")
    [bridged] = [leg for leg in product.of(LegUpdate) if leg.bridged]
    states = {
        to: [leg.state for leg in product.of(LegUpdate) if leg.to == to and leg.bridged is None]
        for to in DESTINATIONS
    }
    assert states[DESTINATIONS[0]] == ["queued", "ringing", "in-progress", "completed"]
    assert states[DESTINATIONS[1]] == ["queued", "ringing", "canceled"]
    assert bridged.duration == 8
    assert [recording.state for recording in product.of(RecordingUpdate)] == ["in-progress", "completed"]
    assert product.of(CallUpdate)[-1].duration == 14


@pytest.mark.parametrize(
    ("name", "state"), [("missed", "no-answer"), ("busy", "busy"), ("abandoned", "canceled")]
)
def test_nobody_is_bridged_when_nobody_answers(name, state):
    _, product = played(name)
    assert not any(leg.bridged for leg in product.of(LegUpdate))
    assert {leg.state for leg in product.of(LegUpdate)} == {"queued", "ringing", state}
    assert [recording.state for recording in product.of(RecordingUpdate)] == ["absent"]


def test_only_the_impatient_hang_up_within_fifteen_seconds():
    lengths = {name: played(name)[1].of(CallUpdate)[-1].duration for name in ("missed", "busy", "abandoned")}
    assert lengths["busy"] < lengths["abandoned"] < 15 < lengths["missed"]


def test_the_durations_agree_with_the_times():
    _, product = played("answered")
    legs = [leg for leg in product.of(LegUpdate) if leg.to == DESTINATIONS[0] and leg.at]
    assert (legs[-1].at - legs[-2].at).total_seconds() == legs[-1].duration
    [over] = [call for call in product.of(CallUpdate) if call.at]
    assert over.at - timedelta(seconds=over.duration) <= legs[0].at <= over.at <= datetime.now(UTC)


def test_news_go_to_where_the_answer_says_with_its_query():
    _, product = played("answered")
    paths = {path for route, path in product.heard if route == "number-status"}
    assert paths == {"/here/webhooks/practice/number-status/?leg=1&x=2"}


def test_a_menu_is_answered_with_a_key_and_the_call_goes_on():
    menu = answers.document([Gather((Say("Press 1."),), 5, f"{HOOKS}/gather/?step=menu")])
    _, product = played("answered", menu, gather=forward())
    assert [route for route, _ in product.heard[:3]] == ["voice", "gather", "number-status"]
    assert any(leg.bridged for leg in product.of(LegUpdate))


def test_a_telephone_that_must_press_a_key_presses_it():
    asks = answers.document([Gather((Say("Press 1."),), 5, f"{HOOKS}/whisper-accept/"), HangUp()])
    _, product = played("answered", forward(whisper=f"{HOOKS}/whisper/"), whisper=asks)
    assert [leg.bridged for leg in product.of(LegUpdate)].count(
        True
    ) == 2  # the key, then the end of the dialling
    assert [route for route, _ in product.heard].count("whisper") == 1


def test_who_reaches_nobody_is_rung_on_and_leaves_his_message():
    _, product = played("voicemail", dial_action=message())
    [words] = product.of(TranscriptionUpdate)
    assert words.text.startswith("Hi, this is about the gutters.")
    told = [(recording.kind, recording.state) for recording in product.of(RecordingUpdate)]
    assert told == [("call", "absent"), ("voicemail", "in-progress"), ("voicemail", "completed")]
    assert [route for route, _ in product.heard].count("record-action") == 1


def test_who_is_missed_leaves_no_message():
    _, product = played("missed", dial_action=message())
    assert "record-action" not in [route for route, _ in product.heard]


def test_a_product_that_sends_a_caller_round_in_circles_is_left():
    menu = answers.document([Gather((Say("Press 1."),), 5, f"{HOOKS}/gather/?step=menu")])
    with pytest.raises(Misplayed, match="in circles"):
        played("answered", menu, gather=menu)


def test_without_recording_there_is_nothing_to_report_of_one():
    _, product = played("answered", forward(record=False))
    assert product.of(RecordingUpdate) == []


@pytest.mark.parametrize("name", ["answered", "missed"])
def test_a_call_that_is_told_a_sentence_ends_after_it(name):
    pauses: list[float] = []
    _, product = played(name, answers.document([Say("We are closed."), HangUp()]), pauses=pauses)
    assert [route for route, _ in product.heard] == ["voice", "voice-status"]
    assert product.of(CallUpdate)[-1].duration == 1
    assert pauses == [1]


def test_somebody_who_returns_is_the_same_person_on_every_day():
    callers = {update.from_e164 for _ in range(2) for update in played("returning")[1].of(CallUpdate)}
    assert len(callers) == 1
    assert len(played("returning")[0].calls) == 2


def test_new_callers_are_invented_and_differ():
    rng, product = random.Random(3), Product(forward())
    with running(product) as base_url:
        for _ in range(12):
            play(SCENARIOS["sms"], Line(ACCOUNT, SECRET, PUBLIC, base_url), OURS, rng=rng)
    senders = {text.from_ for text in product.of(MessageUpdate)}
    assert len(senders) > 6
    assert all(sender[5:10] == "55501" for sender in senders)


def test_a_caller_may_show_no_number():
    _, product = played("withheld")
    assert all(call.withheld and call.from_e164 is None for call in product.of(CallUpdate))


def test_a_text_and_the_wish_for_none():
    [text] = played("sms")[1].updates
    [stop] = played("stop")[1].updates
    assert (text.state, stop.body, text.num_media) == ("received", "STOP", 0)
    assert text.body


def test_a_person_can_watch_and_need_not_wait():
    pauses: list[float] = []
    played("answered", pauses=pauses)
    assert 10 <= sum(pauses) <= 20
    assert max(pauses) == 8  # of which most is talked


@pytest.mark.parametrize("status", [302, 403, 404, 500, 503])
def test_a_product_that_refuses_ends_the_play(status):
    with pytest.raises(Misplayed, match=rf"answered {status} on /crm/webhooks/practice/voice/"):
        played("answered", status=status)


def test_a_wrong_secret_is_seen_as_a_mismatch():
    _, product = played("sms", secret="another")
    assert {verdict.reason for verdict in product.verdicts} == {"mismatch"}


@pytest.mark.parametrize("document", ["", "Hello", "<Response>"])
def test_an_answer_that_is_no_document_ends_the_play(document):
    with pytest.raises(Misplayed, match="no document"):
        played("answered", document)


def test_news_are_sent_to_nobody_else():
    with pytest.raises(Misplayed, match="not its own"):
        played("answered", forward().replace(PUBLIC, PUBLIC + ".elsewhere.example"))


def test_nobody_at_home():
    line = Line(ACCOUNT, SECRET, PUBLIC, "http://127.0.0.1:9")
    with pytest.raises(Misplayed, match="cannot be reached") as failure:
        play(SCENARIOS["sms"], line, OURS, rng=random.Random(1))
    assert "55501" not in str(failure.value)
    assert SECRET not in repr(line)


class Bridge(Product):
    """Answers an outgoing call: a key first, then the telephone at the other end."""

    def take(self, path, headers, body):
        status, document = super().take(path, headers, body)
        if "/bridge/" not in path:
            return status, document
        gather = Gather((Say("Press 1."),), 10, f"{HOOKS}/bridge/?call=7&asked=1")
        return status, forward(whisper=f"{HOOKS}/whisper/") if "asked=1" in path else answers.document(
            [gather]
        )


def placed():
    product = Bridge(answers.document([]), whisper=answers.document([Say("This call may be recorded.")]))
    call = NewCall(
        to="+15035550181",
        from_=OURS,
        answer_url=f"{HOOKS}/bridge/?call=7",
        status_url=f"{HOOKS}/voice-status/?call=7",
    )
    with running(product) as base_url:
        line = outgoing.line_to(base_url, ACCOUNT, SECRET, call)
        outgoing.place(line, call, "CA" + "7" * 32, AtOnce(SCENARIOS["answered"]))
    return product


def test_an_outgoing_call_rings_the_member_presses_the_key_and_reaches_the_other_end():
    product = placed()
    assert all(verdict.ok for verdict in product.verdicts)
    routes = [route for route, _ in product.heard]
    assert routes[:4] == ["voice-status", "voice-status", "voice-status", "bridge"]
    assert routes.index("bridge") < routes.index("whisper") < routes.index("dial-action")
    calls = product.of(CallUpdate)
    assert {update.direction for update in calls} == {Direction.OUTBOUND}
    assert {(update.from_e164, update.to_e164) for update in calls} == {(OURS, "+15035550181")}
    assert [update.state for update in product.of(CallUpdate)][-1] == "completed"
    assert any(leg.bridged for leg in product.of(LegUpdate))
