"""Calls over the API: the shape that others rely on, masks, filters, pages, and what staff make of a call."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.permissions import Role
from audit.models import Entry
from callcrm.testing import (
    DESTINATION,
    NUMBER,
    add_call,
    add_lead,
    add_leg,
    add_member,
    assert_flat_queries,
)
from recordings.models import Recording
from telephony.models import Call, FeedFrame
from tests.api import Api, fields, same

CALLER = "+15035550142"
SHAPE = {
    "id", "direction", "state", "outcome", "answered", "from", "to", "number", "source", "lead", "first_time_caller",
    "after_hours",
    "started_at", "answered_at", "ended_at", "ring_seconds", "talk_seconds", "duration_seconds", "provider",
    "provider_id", "legs", "recordings", "agent", "disposition", "tags", "note",
}  # fmt: skip


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name="John Smith", phones=[CALLER])


@pytest.fixture
def call(world, lead):
    made = add_call(world.acme, lead, agent=world.user)
    add_leg(made)
    with world.inside():
        Recording.objects.create(
            business=world.acme, call=made, provider_id="RE1", created_at=timezone.now(), duration_seconds=60
        )
    return made


def test_a_call_has_the_shape_that_others_rely_on(world, lead, call):
    shown = Api(world.admin).get(f"calls/{call.pk}/").json()
    assert set(shown) == SHAPE
    assert (shown["from"], shown["to"]) == ("+1(503)***-**42", NUMBER)
    assert shown["number"] == {"id": str(world.number.pk), "e164": NUMBER}
    assert shown["source"] == {"id": str(world.source.pk), "name": "Google Ads"}
    assert shown["lead"] == {"id": str(lead.pk), "name": "John S."}
    assert shown["agent"] == {"id": str(world.user.pk), "name": world.user.name}
    assert [leg["to"] for leg in shown["legs"]] == [DESTINATION]
    assert set(shown["legs"][0]) == {"provider_id", "to", "state", "duration_seconds"}
    assert set(shown["recordings"][0]) == {"id", "state", "kind", "duration_seconds", "channels"}
    assert shown["started_at"].endswith("Z")
    assert (shown["answered"], shown["outcome"], shown["state"]) == (True, "answered", "completed")


def test_the_list_shows_the_same_and_no_plain_number(world, call):
    api = Api(world.admin)
    answer = api.get("calls/")
    assert answer.json()["results"] == [api.get(f"calls/{call.pk}/").json()]
    assert CALLER not in answer.content.decode()
    assert CALLER[2:] not in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_withheld_caller_is_nobody(world):
    call = add_call(world.acme, withheld=True)
    shown = Api(world.admin).get(f"calls/{call.pk}/").json()
    assert (shown["from"], shown["lead"]) == (None, None)


def test_an_outbound_call_goes_from_our_number_to_a_mask(world, lead):
    call = add_call(world.acme, lead, direction="outbound")
    add_leg(call, to=CALLER)
    shown = Api(world.admin).get(f"calls/{call.pk}/").json()
    assert (shown["from"], shown["to"]) == (NUMBER, "+1(503)***-**42")
    assert shown["legs"][0]["to"] == "+1(503)***-**42"


def test_a_call_from_our_own_number_shows_it(world):
    call = add_call(world.acme, own_from=DESTINATION)
    assert Api(world.admin).get(f"calls/{call.pk}/").json()["from"] == DESTINATION


def test_a_call_still_going_on_has_no_outcome(world, lead):
    call = add_call(world.acme, lead, state="ringing", outcome=None, answered_at=None, ended_at=None)
    shown = Api(world.admin).get(f"calls/{call.pk}/").json()
    assert (shown["outcome"], shown["answered"], shown["ended_at"]) == (None, False, None)


def test_a_user_sees_his_own_calls_and_nobodys(world, lead):
    colleague = add_member(world.acme, Role.USER, "second@acme.example")
    mine, nobodys, theirs = (add_call(world.acme, lead, agent=who) for who in (world.user, None, colleague))
    api = Api(world.user)
    assert {row["id"] for row in api.get("calls/").json()["results"]} == {str(mine.pk), str(nobodys.pk)}
    assert api.get(f"calls/{theirs.pk}/").status_code == 404
    assert api.patch(f"calls/{theirs.pk}/", {"note": "x"}).status_code == 404
    assert len(Api(world.admin).get("calls/").json()["results"]) == 3


def test_filters_each_let_through_what_they_name(world, lead, call):
    now = timezone.now()
    other = add_call(
        world.acme, None, state="busy", outcome="missed", direction="outbound", number=None, source_id=None,
        started_at=now - timedelta(days=2),
    )  # fmt: skip
    api = Api(world.admin)
    filters = {
        "since": (now - timedelta(days=1)).isoformat(),
        "direction": "inbound",
        "state": "completed",
        "outcome": "answered",
        "source": world.source.pk,
        "number": world.number.pk,
        "lead": lead.pk,
        "agent": world.user.pk,
        "provider_id": call.provider_id,
        "has_recording": "true",
    }
    for name, value in filters.items():
        found = [row["id"] for row in api.get("calls/", {name: value}).json()["results"]]
        assert found == [str(call.pk)], name
    opposite = {"until": filters["since"], "has_recording": "false", "state": "busy"}
    for name, value in opposite.items():
        found = [row["id"] for row in api.get("calls/", {name: value}).json()["results"]]
        assert found == [str(other.pk)], name


def test_since_is_inside_and_until_is_outside(world):
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    call = add_call(world.acme, started_at=at)
    api = Api(world.admin)
    assert len(api.get("calls/", {"since": "2026-03-01T09:00:00Z"}).json()["results"]) == 1
    assert api.get("calls/", {"until": "2026-03-01T10:00:00+01:00"}).json()["results"] == []
    assert api.get(f"calls/{call.pk}/").json()["started_at"] == "2026-03-01T09:00:00Z"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "yesterday"),
        ("since", "2026-03-01"),
        ("since", "2026-03-01T09:00:00"),
        ("since", "2026-13-01T09:00:00Z"),
        ("since", "0001-01-01T00:00:00+23:00"),
        ("until", "9999-12-31T23:59:59-23:59"),
        ("until", "٢٠٢٦-03-01T09:00:00Z"),
        ("direction", "sideways"),
        ("state", ""),
        ("outcome", "null"),
        ("source", "google"),
        ("number", NUMBER),
        ("lead", "{018f0000-0000-7000-8000-000000000000}"),
        ("agent", "1" * 5_000),
        ("provider_id", "x" * 65),
        ("has_recording", "1"),
        ("page_size", "0"),
        ("page_size", "201"),
        ("page_size", "٢٥"),
        ("page_size", "9" * 5_000),
        ("page_size", "-1"),
        ("page_size", "1e1"),
        ("cursor", "x"),
        ("cursor", "AAAA"),
        ("cursor", "WyJvIiwiMjAyNi0wMy0wMVQwOTowMDowMCIsIngiXQ"),
        ("cursor", "y" * 301),
        ("limit", "5"),
        ("format", "json"),
        ("ordering", "id"),
        ("since\x7f", "x"),
    ],
)
def test_an_odd_parameter_is_named(world, name, value):
    assert name in fields(Api(world.admin).get("calls/", {name: value}))


def test_a_parameter_with_a_nul_is_named(world):
    assert "state" in fields(Api(world.admin).get("/api/v1/calls/?state=a%00b"))


def test_a_parameter_given_twice_is_named(world):
    assert "state" in fields(Api(world.admin).get("/api/v1/calls/?state=busy&state=completed"))


def test_an_offset_that_postgresql_does_not_know_is_just_a_time(world):
    assert Api(world.admin).get("calls/", {"since": "2026-03-01T09:00:00+20:22"}).status_code == 200


def test_pages_follow_each_other_without_gap_or_double_even_when_times_tie(world, lead):
    at = timezone.now()
    made = {str(add_call(world.acme, lead, started_at=at).pk) for _ in range(5)}
    made |= {str(add_call(world.acme, lead, started_at=at - timedelta(seconds=n)).pk) for n in (1, 1)}
    api = Api(world.admin)
    url, seen, pages = "/api/v1/calls/?page_size=2&direction=inbound", [], []
    while url:
        page = api.get(url).json()
        assert set(page) == {"next", "previous", "results"}
        seen += [row["id"] for row in page["results"]]
        pages.append(page)
        url = page["next"]
    assert len(seen) == 7
    assert set(seen) == made
    assert pages[0]["previous"] is None
    back = api.get(pages[2]["previous"]).json()
    assert [row["id"] for row in back["results"]] == [row["id"] for row in pages[1]["results"]]
    assert "direction=inbound" in pages[0]["next"]


def test_a_call_that_comes_in_meanwhile_shifts_no_page(world, lead):
    for n in range(4):
        add_call(world.acme, lead, started_at=timezone.now() - timedelta(minutes=n))
    api = Api(world.admin)
    first = api.get("calls/?page_size=2").json()
    add_call(world.acme, lead)
    second = api.get(first["next"]).json()
    assert not {row["id"] for row in first["results"]} & {row["id"] for row in second["results"]}
    assert len(second["results"]) == 2


def test_the_default_page_is_25(world, lead):
    for _ in range(26):
        add_call(world.acme, lead)
    page = Api(world.admin).get("calls/").json()
    assert len(page["results"]) == 25
    assert page["next"]


def test_fifty_calls_cost_as_many_questions_as_one(world):
    api = Api(world.admin)

    def grow():
        call = add_call(world.acme, add_lead(world.acme, name="Mary Jones"), agent=world.user)
        add_leg(call)
        with world.inside():
            kept = Call.objects.get(pk=call.pk)
            kept.note = "Asked for a price."
            kept.save(update_fields=["note"])
            Recording.objects.create(
                business=world.acme, call=call, provider_id="RE1", created_at=timezone.now()
            )

    assert_flat_queries(lambda: api.get("calls/?page_size=200"), grow)


def test_staff_keep_what_came_of_a_call(world, call):
    api = Api(world.user)
    change = {
        "disposition": "Booked",
        "tags": ["roof", "urgent"],
        "note": "Call +1 503 555 0142 back at 10:30.",
    }
    answer = api.patch(f"calls/{call.pk}/", change)
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["disposition"], shown["tags"]) == ("Booked", ["roof", "urgent"])
    assert shown["note"] == "Call +1(503)***-**42 back at 10:30."
    with world.inside():
        kept = Call.objects.get(pk=call.pk)
        assert kept.note.reveal() == change["note"]
        assert FeedFrame.objects.filter(object_id=call.pk, kind="call.changed").exists()
    entry = Entry.objects.about(world.acme.pk, call.pk).get(name="call.changed")
    assert (entry.actor, entry.data["fields"]) == (world.user.audit_actor, ["disposition", "tags", "note"])
    assert "555" not in str(entry.data)


def test_what_is_not_named_stays_and_null_takes_away(world, call):
    api = Api(world.user)
    api.patch(f"calls/{call.pk}/", {"disposition": "Booked", "tags": ["roof"], "note": "Nice."})
    assert api.patch(f"calls/{call.pk}/", {}).json()["disposition"] == "Booked"
    shown = api.patch(f"calls/{call.pk}/", {"disposition": None, "note": None, "tags": []}).json()
    assert (shown["disposition"], shown["note"], shown["tags"]) == (None, None, [])


def test_the_note_on_a_withheld_caller_is_kept_too(world):
    call = add_call(world.acme, withheld=True)
    assert (
        Api(world.admin).patch(f"calls/{call.pk}/", {"note": "Nobody spoke."}).json()["note"]
        == "Nobody spoke."
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"disposition": 1}, "disposition"),
        ({"disposition": "x" * 41}, "disposition"),
        ({"disposition": "a\0b"}, "disposition"),
        ({"disposition": True}, "disposition"),
        ({"tags": "roof"}, "tags"),
        ({"tags": None}, "tags"),
        ({"tags": {"0": "roof"}}, "tags"),
        ({"tags": ["x" * 41]}, "tags.0"),
        ({"tags": ["ok", 5]}, "tags.1"),
        ({"tags": [str(n) for n in range(21)]}, "tags"),
        ({"note": "x" * 5_001}, "note"),
        ({"note": ["x"]}, "note"),
        ({"note": "\ud800"}, "note"),
        ({"outcome": "answered"}, "outcome"),
        ({"agent": None}, "agent"),
        ({"id": str(uuid4())}, "id"),
    ],
)
def test_an_odd_change_is_named_and_changes_nothing(world, call, change, named):
    api = Api(world.user)
    before = api.get(f"calls/{call.pk}/").json()
    assert named in fields(
        api.patch(f"calls/{call.pk}/", change | {"disposition": change.get("disposition", "ok")})
    )
    assert api.get(f"calls/{call.pk}/").json() == before


def test_a_rivals_call_and_none_at_all_are_the_same_answer(world, call):
    api = Api(world.rival_owner)
    theirs, none = api.get(f"calls/{call.pk}/"), api.get(f"calls/{uuid4()}/")
    assert theirs.status_code == none.status_code == 404
    assert same(theirs) == same(none) == same(api.get("calls/5/"))
    assert api.patch(f"calls/{call.pk}/", {"tags": ["x"]}).status_code == 404
    assert api.get("calls/", {"lead": call.lead_id}).json()["results"] == []
