"""Call flows over the API: read, replaced as a whole, published, tried."""

import pytest

from telephony.flows import documents
from telephony.tests.flows import WHOLE, with_step
from tests.api import Api, fields

pytestmark = pytest.mark.django_db
DOCUMENT = documents.write(WHOLE)


@pytest.fixture
def api(world):
    return Api(world.admin)


@pytest.fixture
def path(world):
    return f"numbers/{world.number.pk}/flow/"


def put(api, path, **body):
    return api.send("PUT", path, body)


def test_a_number_has_a_flow_from_its_beginning(api, path):
    shown = api.get(path).json()
    assert (shown["version"], shown["state"], shown["is_draft"], shown["problems"]) == (1, "1.0", False, [])
    assert set(shown["flow"]["steps"]) == {"greeting", "ring", "voicemail"}


def test_a_flow_is_replaced_as_a_draft_and_published(api, path):
    shown = put(api, path, flow=DOCUMENT, state="1.0").json()
    assert (shown["flow"], shown["state"], shown["is_draft"], shown["version"]) == (DOCUMENT, "1.1", True, 1)
    made = api.post(f"{path}publications/", None)
    assert (made.status_code, made.json()["version"]) == (201, 2)
    assert api.get(path).json()["is_draft"] is False


def test_what_would_strand_a_caller_is_told_and_not_published(api, path):
    shown = put(api, path, flow=documents.write(with_step("ring", seconds=30))).json()
    [problem] = shown["problems"]
    assert (problem["code"], problem["step"], problem["field"]) == ("past_the_mailbox", "ring", "seconds")
    refused = api.post(f"{path}publications/", None)
    assert refused.status_code == 400
    assert set(fields(refused)) == {"steps.ring.seconds"}


def test_who_is_late_gets_a_conflict(api, path):
    put(api, path, flow=DOCUMENT, state="1.0")
    assert put(api, path, flow=documents.write(with_step("ring", seconds=9)), state="1.0").status_code == 409


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "flow"),
        ({"flow": None}, "flow"),
        ({"flow": []}, "flow.flow"),
        ({"flow": {"steps": {"a": {"kind": "ring", "seconds": 4}}}}, "flow.steps.a.seconds"),
        ({"flow": {"start": "nobody"}}, "flow.start"),
        ({"flow": {"steps": {"a": {"kind": "ring", "to": ["911"]}}}}, "flow.steps.a.to"),
        ({"flow": {}, "state": 5}, "state"),
        ({"flow": {}, "when": "now"}, "when"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(api, path, body, named):
    answer = put(api, path, **body)
    assert answer.status_code == 400
    assert named in fields(answer)


def test_a_call_is_tried_on_what_is_published_or_on_the_draft(api, path):
    put(api, path, flow=DOCUMENT)
    at = "2026-11-23T12:00:00-08:00"
    answer = api.post(f"{path}what-if/", {"from": "+12065550111", "at": at}).json()
    assert [stop["step"] for stop in answer["path"]] == ["greeting", "ring", "voicemail"]
    assert answer["document"].startswith('<?xml version="1.0" encoding="UTF-8"?><Response>')
    draft = api.post(f"{path}what-if/", {"from": "", "at": at, "keys": "1", "draft": True}).json()
    assert [stop["step"] for stop in draft["path"]] == ["greeting", "hours", "menu", "sales", "voicemail"]
    assert draft["documents"][0] == draft["document"]
    assert ["<Gather" in each for each in draft["whispers"]] == [True]
    assert (draft["unasked"], draft["circle"], answer["unasked"]) == ("", "", "")


def test_a_trial_names_keys_that_no_menu_asked_for_and_a_circle(api, path):
    put(api, path, flow=documents.write(with_step("ring", no_answer="ring")))
    at = "2026-11-23T12:00:00-08:00"
    found = api.post(f"{path}what-if/", {"at": at, "keys": "93", "draft": True}).json()
    assert (found["path"][-1]["kind"], found["circle"], found["unasked"]) == ("circle", "ring", "")
    found = api.post(f"{path}what-if/", {"at": at, "keys": "93"}).json()
    assert (found["circle"], found["unasked"]) == ("", "93")


def test_a_call_to_a_number_that_is_switched_off_is_told_so_unless_one_takes_it_for_on(api, path):
    api.patch(path.removesuffix("flow/"), {"is_active": False})
    found = api.post(f"{path}what-if/", {}).json()
    assert ([stop["kind"] for stop in found["path"]], len(found["documents"])) == (["off"], 1)
    assert "not in service" in found["document"]
    found = api.post(f"{path}what-if/", {"in_service": True}).json()
    assert [stop["kind"] for stop in found["path"]] == ["greeting", "ring", "voicemail"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"from": "me"}, "from"),
        ({"from": 5}, "from"),
        ({"at": "soon"}, "at"),
        ({"at": "0001-01-01T00:00:00Z"}, "at"),
        ({"at": "9999-12-31T23:59:59Z"}, "at"),
        ({"keys": "x"}, "keys"),
        ({"keys": "1" * 11}, "keys"),
        ({"keys": "٣"}, "keys"),
        ({"draft": "yes"}, "draft"),
        ({"caller": "+12065550111"}, "caller"),
    ],
)
def test_a_trial_that_cannot_be_made_names_what_is_wrong(api, path, body, named):
    answer = api.post(f"{path}what-if/", body)
    assert answer.status_code == 400
    assert named in fields(answer)


def test_the_rival_finds_no_flow(world, path):
    rival = Api(world.rival_owner)
    assert rival.get(path).status_code == 404
    assert rival.post(f"{path}publications/", None).status_code == 404
