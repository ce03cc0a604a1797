"""Opening hours over the API: one document, read by everybody of the business, replaced as a whole."""

import pytest

from telephony.hours.week import WEEKDAYS
from tests.api import Api, fields

WEEK = {day: ["09:00-12:00", "13:00-17:00"] for day in WEEKDAYS}
CHRISTMAS = {"2026-12-25": {"name": "Christmas", "windows": []}}
DOCUMENT = {"week": WEEK, "holidays": CHRISTMAS}


def put(member, document):
    return Api(member).send("PUT", "hours/", document)


def test_the_default_is_shown_until_there_is_another(world):
    shown = Api(world.user).get("hours/").json()
    assert (shown["timezone"], shown["updated_at"], shown["holidays"]) == ("America/Los_Angeles", None, {})
    assert shown["week"]["mon"] == ["09:00-17:00"]
    assert shown["week"]["sun"] == []
    assert shown["words"].startswith("open until" if shown["is_open"] else "closed until")
    assert (shown["closes_at"] is not None) == shown["is_open"]
    assert shown["opens_at"].endswith("Z")


def test_what_is_put_is_what_is_read(world):
    answer = put(world.admin, DOCUMENT)
    assert answer.status_code == 200
    shown = Api(world.user).get("hours/").json()
    assert (shown["week"], shown["holidays"]) == (WEEK, CHRISTMAS)
    assert put(world.admin, DOCUMENT | {"updated_at": shown["updated_at"]}).status_code == 200
    assert Api(world.rival_owner).get("hours/").json()["holidays"] == {}


def test_another_change_meanwhile_is_a_conflict(world):
    put(world.owner, DOCUMENT)
    for stale in (None, "2026-11-20T09:00:00Z"):
        answer = put(world.admin, {"week": WEEK, "holidays": {}, "updated_at": stale})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    assert Api(world.user).get("hours/").json()["holidays"] == CHRISTMAS


def test_a_user_reads_and_does_not_write(world):
    assert put(world.user, DOCUMENT).status_code == 403


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"week": {}}, "week.mon"),
        ({"week": WEEK | {"mon": "09:00-17:00"}}, "week.mon"),
        ({"week": WEEK | {"mon": [900]}}, "week.mon.0"),
        ({"week": WEEK | {"mon": ["9-17"]}}, "week.mon"),
        ({"week": WEEK | {"mon": ["17:00-09:00"]}}, "week.mon"),
        ({"week": WEEK | {"monday": []}}, "week.monday"),
        ({"week": []}, "week.non_field_errors"),
        ({"holidays": []}, "holidays"),
        ({"holidays": {"2026-12-32": {"name": "", "windows": []}}}, "holidays"),
        ({"holidays": {"2026-12-25": {"windows": []}}}, "holidays.2026-12-25.name"),
        (
            {"holidays": {"2026-12-25": {"name": "x", "windows": ["12:00-11:00"]}}},
            "holidays.2026-12-25.windows",
        ),
        (
            {"holidays": {"2026-12-25": {"name": "x", "windows": [], "open": True}}},
            "holidays.2026-12-25.open",
        ),
        ({"updated_at": "yesterday"}, "updated_at"),
        ({"zone": "UTC"}, "zone"),
    ],
)
def test_what_is_wrong_is_named(world, change, named):
    assert named in fields(put(world.admin, DOCUMENT | change))
    assert Api(world.user).get("hours/").json()["updated_at"] is None
