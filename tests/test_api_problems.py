"""Problems with calls over the API: reported on a call, listed for who runs the business, resolved, opened again."""

from uuid import uuid4

import pytest

from audit.models import Entry
from callcrm.testing import add_call, add_lead, assert_flat_queries
from telephony.models import CallProblem
from telephony.problems import reports
from tests.api import Api, fields

WORDS = "Nora Quill says that it crackles, call 503-555-0142."


@pytest.fixture
def call(world):
    return add_call(world.acme, add_lead(world.acme, name="Nora Quill"))


@pytest.fixture
def user(world):
    return Api(world.user)


@pytest.fixture
def admin(world):
    return Api(world.admin)


@pytest.fixture
def problem(user, call):
    return user.post(f"calls/{call.pk}/problems/", {"kind": "poor_audio", "words": WORDS}).json()


def listed(api, **params):
    return [row["id"] for row in api.get("problems/", params).json()["results"]]


def told(world):
    about = Entry.objects.of(world.acme.pk).filter(name__startswith="call.problem")
    return [entry.sentence for entry in about.order_by("at", "id")]


def test_who_sees_a_call_reports_it_and_reads_it_masked(world, user, call, problem):
    assert (problem["kind"], problem["state"], problem["call"]) == ("poor_audio", "open", str(call.pk))
    assert problem["reported_by"] == {"id": str(world.user.pk), "name": world.user.name}
    assert problem["words"].startswith("N. Q. says that it crackles, call")
    assert "0142" not in problem["words"]
    assert [problem[name] for name in ("resolved_by", "resolved_at", "resolution")] == [None] * 3
    assert user.get(f"calls/{call.pk}/problems/").json()["results"] == [problem]
    assert told(world) == ["reported a problem with the call (poor audio)"]


def test_said_again_it_is_the_same_report(world, user, call, problem):
    again = user.post(f"calls/{call.pk}/problems/", {"kind": "poor_audio", "words": "Worse now."})
    assert (again.status_code, again.json()["id"]) == (201, problem["id"])
    with world.inside():
        assert CallProblem.objects.get().words.reveal() == f"{WORDS}\nWorse now."


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, "kind"),
        ({"kind": "loud"}, "kind"),
        ({"kind": "other"}, "words"),
        ({"kind": "other", "words": "  "}, "words"),
        ({"kind": "poor_audio", "words": "x" * 1_001}, "words"),
        ({"kind": "poor_audio", "words": None}, "words"),
        ({"kind": "poor_audio", "by": "me"}, "by"),
    ],
)
def test_what_says_nothing_is_refused_at_its_field(world, user, call, body, wrong):
    assert wrong in fields(user.post(f"calls/{call.pk}/problems/", body))
    with world.inside():
        assert not CallProblem.objects.exists()


def test_of_a_call_that_one_may_not_see_nothing_is_reported_or_read(world, user):
    theirs = f"calls/{add_call(world.acme, agent=world.owner).pk}/problems/"
    nothing = f"calls/{uuid4()}/problems/"
    for path in (theirs, nothing):
        assert user.get(path).status_code == user.post(path, {"kind": "poor_audio"}).status_code == 404


def test_who_runs_the_business_lists_what_waits_and_says_what_became_of_it(world, admin, problem, call):
    assert listed(admin) == listed(admin, state="open", call=str(call.pk)) == [problem["id"]]
    assert listed(admin, state="resolved") == listed(admin, call=str(uuid4())) == []
    path = f"problems/{problem['id']}/"
    done = admin.post(f"{path}resolutions/", {"resolution": "provider"})
    assert (done.status_code, done.json()["state"], done.json()["resolution"]) == (
        201,
        "resolved",
        "provider",
    )
    late = Api(world.owner).post(f"{path}resolutions/", {"resolution": "no_fault"}).json()
    assert (late["resolution"], late["resolved_by"]["id"]) == ("provider", str(world.admin.pk))
    assert listed(admin) == []
    assert listed(admin, state="resolved") == [problem["id"]]
    assert Api(world.owner).post(f"{path}reopenings/").status_code == 409
    assert admin.post(f"{path}reopenings/").json()["state"] == admin.get(path).json()["state"] == "open"
    assert told(world)[1:] == [
        "resolved a problem with the call (told the provider)",
        "opened a problem with the call again",
    ]


@pytest.mark.parametrize("body", [{}, {"resolution": ""}, {"resolution": "lost"}, {"resolution": ["mended"]}])
def test_a_word_is_needed(admin, problem, body):
    assert "resolution" in fields(admin.post(f"problems/{problem['id']}/resolutions/", body))
    assert "state" in fields(admin.get("problems/", {"state": "lost"}))


def test_a_list_costs_the_same_with_many(world, admin):
    def report():
        lead = add_lead(world.acme)
        with world.inside():
            reports.report(add_call(world.acme, lead), "poor_audio", "It crackles.", by=world.user)

    report()
    assert_flat_queries(lambda: admin.get("problems/"), report)
