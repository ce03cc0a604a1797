"""What the pages of calls say: who took one, and what is left of it."""

import re
from typing import Any

import pytest

from callcrm.testing import DESTINATION, World, add_call, add_lead, add_leg, assert_flat_queries, login
from leads import editing
from recordings.models import Recording
from telephony.flows import simple, versions
from telephony.models import Call, Outcome
from telephony.providers.base import CallState, Direction

LIST, STRIP = "/b/acme/calls/", "/b/acme/calls/live/"
TELEPHONE = "+1 503-555-0190"  # DESTINATION, as it is shown
THEIRS = "+12065550177"
UNENDED: dict[str, Any] = {"outcome": None, "ended_at": None, "talk_seconds": None}


@pytest.fixture
def shown(world, client):
    """Fetch a page as the owner."""
    login(client, world.owner)
    return lambda path: client.get(path).content.decode()


def add_recording(world: World, call: Call, **values: Any) -> Recording:
    fields = {"provider_id": "RE1", "created_at": call.started_at} | values
    with world.inside():
        return Recording.objects.create(business=world.acme, call=call, **fields)


def page_of(call: Call) -> str:
    return f"{LIST}{call.pk}/"


def test_who_took_a_call_is_a_telephone_where_no_agent_is_known(world, shown):
    call = add_call(world.acme)
    assert "Not known" in shown(LIST)
    add_leg(call, to="+15035550191", bridged=False, state=CallState.NO_ANSWER)
    add_leg(call)
    for path in (LIST, page_of(call)):
        assert TELEPHONE in shown(path)
        assert "Nobody" not in shown(path)


def test_who_has_no_name_is_called_the_same_everywhere(world, shown):
    lead = add_lead(world.acme)
    for direction in Direction:
        call = add_call(world.acme, lead, direction=direction)
        page = shown(f"{LIST}{call.pk}/")
        assert "<h1>Unnamed person</h1>" in page
        assert "<dt>Name</dt><dd>Unnamed person</dd>" in page
    assert shown(LIST).count(">Unnamed person</a>") == 2
    for path in ("/b/acme/leads/", f"/b/acme/leads/{lead.pk}/", f"/b/acme/desk/?lead={lead.pk}", "/b/acme/"):
        page = shown(path)
        assert "Unnamed person" in page
        assert "New caller" not in page
        assert "No name yet" not in page


def test_of_who_withheld_his_number_nobody_says_whether_he_has_called_before(world, shown):
    known = add_call(world.acme, add_lead(world.acme), first_time_caller=False)
    assert "Has called before" in shown(page_of(known))
    withheld = add_call(world.acme, withheld=True)
    page = shown(page_of(withheld))
    assert "Withheld number" in page
    assert "Has called before" not in page
    assert "First call" not in page


def test_nobody_took_a_call_that_was_missed(world, shown):
    call = add_call(world.acme, outcome=Outcome.MISSED, answered_at=None, talk_seconds=None)
    add_leg(call, bridged=False, state=CallState.NO_ANSWER)
    assert "Nobody" in shown(LIST)
    assert TELEPHONE not in shown(LIST)


def test_the_number_of_somebody_who_was_called_is_no_telephone_of_ours(world, shown):
    lead = add_lead(world.acme, phones=[THEIRS])
    call = add_call(world.acme, lead, direction=Direction.OUTBOUND)
    add_leg(call, to=THEIRS)
    for path in (LIST, page_of(call)):
        assert "206-555-0177" not in shown(path)
        assert THEIRS not in shown(path)
    assert "Not known" in shown(LIST)


def test_a_recording_says_how_long_it_is_and_where(world, shown):
    call = add_call(world.acme)
    add_recording(world, call, is_complete=True, duration_seconds=94)
    page = shown(page_of(call))
    assert "Recorded, 1:34. It is being fetched." in page
    assert "Pending" not in page
    assert "#voicemail" not in page


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "absent"}, "Nothing was recorded."),
        ({}, "The provider has not told of its end."),
        ({"is_complete": True}, "Recorded. It is being fetched."),
        (
            {"is_complete": True, "failure": "status_404"},
            "Recorded. The provider does not have it yet. It is being fetched.",
        ),
        ({"is_complete": True, "state": "stored"}, "Recorded. Kept here, sealed."),
        ({"is_complete": True, "state": "stored", "provider_copy": "gone"}, "copy is deleted."),
        ({"is_complete": True, "state": "failed", "failure": "wrong_type"}, "provider sent is no audio."),
        ({"is_complete": True, "state": "failed", "failure": "status_503"}, "provider had a fault."),
        ({"is_complete": True, "state": "failed", "failure": "status_418"}, "answered something else."),
        ({"is_complete": True, "state": "deleted"}, "Deleted."),
        ({"is_complete": True, "state": "blocked"}, "Not kept: the caller was not told"),
        ({"kind": "voicemail", "is_complete": True}, "#voicemail"),
    ],
)
def test_a_recording_says_what_is_known(world, shown, values, words):
    call = add_call(world.acme)
    add_recording(world, call, **values)
    assert words in shown(page_of(call))


@pytest.mark.parametrize(
    ("values", "told", "said"),
    [
        ({"records": False, "notice": ""}, None, True),
        ({"records": True, "notice": ""}, None, True),
        ({}, "absent", True),
        ({}, None, False),
        ({"records": False, "notice": ""}, "pending", False),
        ({"records": False, "notice": "", "state": CallState.IN_PROGRESS, "outcome": None}, None, False),
        ({"records": False, "notice": "", "outcome": "missed", "answered_at": None}, None, False),
        ({"records": False, "notice": "", "flow": None}, None, False),
    ],
)
def test_a_row_says_quietly_that_a_talk_was_not_recorded(world, shown, values, told, said):
    with world.inside():
        flow = versions.put(world.number, simple.flow([DESTINATION]), by=world.owner)
    call = add_call(world.acme, **{"flow": flow} | values)
    if told:
        add_recording(world, call, state=told)
    assert ('<span class="sub">not recorded</span>' in shown(LIST)) is said


def test_the_strip_says_which_call_is_recorded(world, shown):
    call = add_call(world.acme, state=CallState.IN_PROGRESS, **UNENDED)
    add_leg(call, state=CallState.IN_PROGRESS)
    assert "</svg>Recording" not in shown(STRIP)
    recording = add_recording(world, call)
    assert "</svg>Recording" in shown(STRIP)
    assert TELEPHONE in shown(STRIP)
    with world.inside():
        Recording.objects.filter(pk=recording.pk).update(is_complete=True)
    assert "</svg>Recording" not in shown(STRIP)


@pytest.mark.parametrize("path", [LIST, STRIP, "/b/acme/"])
def test_what_rows_say_costs_no_query_of_its_own(world, client, path):
    login(client, world.owner)

    def ring_and_end() -> None:
        for values in ({"state": CallState.IN_PROGRESS, **UNENDED}, {}):
            call = add_call(world.acme, add_lead(world.acme), **values)
            add_leg(call, to=DESTINATION)
            add_recording(world, call)

    assert_flat_queries(lambda: client.get(path), ring_and_end)


def test_an_outgoing_call_says_whose_source_it_is_and_from_which_number_it_was_made(world, shown):
    """The number called from may be that of another source than the lead's."""
    with world.inside():
        signs = editing.source_named(world.acme.pk, "Yard signs")
        world.number.label = "Contact page"
        world.number.save()
    lead = add_lead(world.acme, source=signs)
    call = add_call(world.acme, lead, direction="outbound", source_id=signs.pk)
    add_call(world.acme, lead, direction="outbound", source_id=world.source.pk, provider_id="CA2")
    add_call(world.acme, lead, source_id=signs.pk, provider_id="CA3")
    cells = re.findall(r'<td [^>]*c-source small">(.*?)</td>', shown(LIST), re.S)
    said = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]
    assert said == [
        "Yard signs Contact page",
        "Google Ads from Contact page",
        "To a lead of Yard signs from Contact page",
    ]
    page = shown(page_of(call))
    assert "<dt>Source of the lead</dt>" in page
    assert "Where it came from" not in page
