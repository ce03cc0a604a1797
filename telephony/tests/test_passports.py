"""What a call says of its recording: what was decided and why, what was told when, and whether it was paused."""

import re
from datetime import timedelta

import pytest
from django.utils.timezone import now

from callcrm.testing import DESTINATION, add_call, add_lead, assert_flat_queries, login, ring
from recordings.models import Recording, RecordingPause
from telephony.flows import simple, versions
from telephony.flows.steps import Flow, Ring
from telephony.models import Call, TrackingNumber

LIST = "/b/acme/calls/"
UNTOLD = {"notice": "", "notice_language": ""}


@pytest.fixture
def flow(world):
    """Return a maker of flow versions."""

    def put(**values):
        with world.inside():
            return versions.put(world.number, simple.flow(["+15035550192"], **values), by=world.owner)

    return put


@pytest.fixture
def passport(world, client):
    """Return what the panel and the page say; they must say the same."""
    login(client, world.owner)

    def read(path):
        page = client.get(path).content.decode()
        found = re.search(r"<dl class=\"dl\">\s*<div><dt>Recording</dt>(.*?)</dl>", page, re.DOTALL)
        return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""

    def both(call):
        assert read(f"{LIST}{call.pk}/") == read(f"{LIST}{call.pk}/panel/")
        return read(f"{LIST}{call.pk}/")

    return both


def keep(world, call, **values):
    at = {"created_at": call.started_at, "is_complete": True, "provider_id": "RE1"}
    with world.inside():
        return Recording.objects.create(business=world.acme, call=call, **at | values)


def test_a_call_says_what_was_told_in_which_language_and_by_which_version(world, passport, flow):
    version = flow()
    flow(notice="Something else by now.")
    call = add_call(world.acme, flow=version, notice_language="es-MX", notice_at=now())
    keep(world, call)
    said = passport(call)
    assert said.startswith("Announced Why The call flow records, and the caller was told before. Told “")
    assert "Spanish (Mexico), " in said
    assert f"Version {version.version} of the call flow" in said
    assert "Something else" not in said


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"records": False}, "Not recorded Why The call flow does not record."),
        (UNTOLD, "Not recorded Why The call flow records after its notice, which the caller has not heard."),
        (UNTOLD | {"is_blocked": True}, "Not recorded Why The caller was turned away."),
        (UNTOLD | {"flow": None}, "Not known Why Nothing was heard of how this call began."),
    ],
)
def test_what_was_decided_is_said_with_its_reason(world, passport, flow, values, words):
    assert words in passport(add_call(world.acme, **{"flow": flow()} | values))


def test_a_talk_that_was_to_be_recorded_says_that_no_recording_came(world, passport, flow):
    words = "The provider has told of no recording."
    talked = add_call(world.acme, flow=flow())
    missed = add_call(world.acme, flow=talked.flow, answered_at=None)
    assert words in passport(talked)
    assert words not in passport(missed)
    keep(world, talked, state="deleted")
    assert words not in passport(talked)


def test_an_outgoing_call_by_a_flow_without_a_notice_says_why_it_is_not_recorded(world, passport):
    with world.inside():
        silent = versions.put(world.number, Flow({"ring": Ring(to=(DESTINATION,))}, "ring"), by=world.owner)
    asked = {"direction": "outbound", "records": False, "agent": world.owner}
    call = add_call(world.acme, flow=silent, **asked, **UNTOLD)
    assert "The call flow has no notice, and without one nothing is recorded." in passport(call)


@pytest.mark.parametrize(("direction", "who"), [("outbound", "person"), ("inbound", "caller")])
def test_while_the_notice_may_still_come_nothing_is_said_to_be_decided(
    world, client, passport, flow, direction, who
):
    going_on = {"state": "in-progress", "outcome": None, "ended_at": None, "direction": direction} | UNTOLD
    call = add_call(world.acme, flow=flow(), **going_on | {"answered_at": None})
    waits = f"Not decided yet Why Recording starts once the {who} has heard the notice."
    assert passport(call).startswith(waits)
    page = f"{LIST}{call.pk}/"
    assert "As decided at the time of the call" not in client.get(page).content.decode()
    for over in ({"answered_at": now()}, {"answered_at": None, "state": "completed", "ended_at": now()}):
        with world.inside():
            Call.objects.update(**over)
        assert passport(call).startswith("Not recorded Why The call flow records after its notice")
    assert "As decided at the time of the call" in client.get(page).content.decode()


@pytest.mark.parametrize("left", [{"state": "blocked"}, {"state": "deleted", "deleted_by": "untold"}])
def test_what_is_blocked_says_that_nothing_shows_a_notice_also_once_it_is_deleted(
    world, passport, flow, left
):
    call = add_call(world.acme, flow=flow(), **UNTOLD)
    keep(world, call, **left)
    assert passport(call).startswith("Blocked: no notice Why It was recorded, but not kept")


def test_who_leaves_a_message_knows_it(world, passport, flow):
    call = add_call(world.acme, flow=flow(), records=False)
    keep(world, call, kind="voicemail")
    assert "Whoever leaves a message knows that it is recorded." in passport(call)


def test_pauses_are_counted_with_their_length_and_those_in_vain_are_told(world, passport, flow):
    recording = keep(world, call := add_call(world.acme, flow=flow()))
    at = call.started_at
    with world.inside():
        for begun, state in ((10, "resumed"), (30, "resumed"), (None, "failed")):
            paused = at + timedelta(seconds=begun) if begun else None
            resumed = paused and paused + timedelta(seconds=17)
            RecordingPause.objects.create(
                business=world.acme, recording=recording, state=state, paused_at=paused, resumed_at=resumed
            )
    assert "Paused Twice, 34 s; once asked for in vain" in passport(call)


def test_a_call_that_was_logged_by_hand_has_nothing_to_say(world, passport):
    assert passport(add_call(world.acme, provider="manual")) == ""


def test_who_may_not_see_numbers_gets_no_link_to_the_flow(world, client, flow):
    call = add_call(world.acme, flow=flow())
    for member, leads in ((world.owner, True), (world.user, False)):
        page = login(client, member).get(f"{LIST}{call.pk}/").content.decode()
        assert ("/flow/versions/" in page) is leads


def test_the_moment_of_the_notice_is_kept_with_a_call(world, client):
    before = now()
    ring(client, "+12065550161")
    with world.inside():
        call = Call.objects.get()
    assert before <= call.notice_at <= now()


def test_a_call_without_a_notice_has_no_moment_of_one(world, client, flow):
    flow(notice="")
    ring(client, "+12065550161")
    with world.inside():
        assert Call.objects.get().notice_at is None
        assert TrackingNumber.objects.get().published.flow.notice is None


def test_the_passport_costs_nothing_for_more_pauses(world, client, flow):
    recording = keep(world, call := add_call(world.acme, add_lead(world.acme), flow=flow()))
    login(client, world.owner)

    def grow():
        with world.inside():
            RecordingPause.objects.create(
                business=world.acme, recording=recording, state="resumed", paused_at=now(), resumed_at=now()
            )

    assert_flat_queries(lambda: client.get(f"{LIST}{call.pk}/panel/"), grow)
