"""People over the API: masked always, found by POST, revealed for a reason that is written down."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from audit.models import Entry
from callcrm.testing import add_call, add_lead, assert_flat_queries, fresh_number
from leads.models import Lead
from telephony.models import Call
from tests.api import Api, fields, same

PERSON = {
    "name": "John Smith",
    "phones": ["+15035550142", "+442079460958"],
    "email": "john.doe@customer.example",
    "notes": "Gate code 4411.",
    "status": "qualified",
    "value": "1500.50",
    "tags": ["roof", "roof", "urgent"],
}
SHAPE = {
    "id", "name", "phones", "email", "status", "source", "assigned_to", "value", "opted_out", "created_at",
    "last_contact_at", "tags",
}  # fmt: skip


@pytest.fixture
def lead(world):
    with world.inside():
        return Lead.objects.get(pk=Api(world.user).post("leads/", PERSON).json()["id"])


def test_a_lead_is_made_and_answered_masked(world):
    answer = Api(world.user).post(
        "leads/", PERSON | {"assigned_to": world.user.pk, "source": world.source.pk}
    )
    assert answer.status_code == 201
    shown = answer.json()
    assert set(shown) == SHAPE
    assert shown["name"] == "John S."
    assert [phone["masked"] for phone in shown["phones"]] == ["+1(503)***-**42", "+44*******58"]
    assert set(shown["phones"][0]) == {"id", "masked", "kind"}
    assert shown["email"] == "jo***@customer.example"
    assert (shown["status"], shown["value"], shown["tags"]) == ("qualified", "1500.50", ["roof", "urgent"])
    assert shown["source"] == {"id": str(world.source.pk), "name": "Google Ads"}
    assert shown["assigned_to"] == {"id": str(world.user.pk), "name": world.user.name}
    assert (shown["opted_out"], shown["last_contact_at"]) == (False, None)
    for plain in ("Smith", "5550142", "john.doe", "4411"):
        assert plain not in answer.content.decode()
    entry = Entry.objects.about(world.acme.pk, shown["id"]).get(name="lead.created")
    assert entry.actor == world.user.audit_actor


def test_the_list_shows_what_the_detail_shows_newest_first(world, lead):
    newer = add_lead(world.acme, name="Mary Ann Jones")
    api = Api(world.admin)
    rows = api.get("leads/").json()["results"]
    assert [row["id"] for row in rows] == [str(newer.pk), str(lead.pk)]
    assert rows[1] == api.get(f"leads/{lead.pk}/").json()
    assert rows[0]["name"] == "Mary J."


def test_filters(world, lead):
    add_lead(world.acme)
    api = Api(world.admin)
    api.patch(f"leads/{lead.pk}/", {"assigned_to": world.user.pk, "source": world.source.pk})
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    wanted = {"status": "qualified", "assigned_to": world.user.pk, "source": world.source.pk}
    for name, value in wanted.items():
        assert [row["id"] for row in api.get("leads/", {name: value}).json()["results"]] == [str(lead.pk)], (
            name
        )
    assert api.get("leads/", {"since": soon}).json()["results"] == []
    assert len(api.get("leads/", {"until": soon}).json()["results"]) == 2


def test_a_change_changes_what_it_names(world, lead):
    api = Api(world.user)
    before = api.get(f"leads/{lead.pk}/").json()
    assert api.patch(f"leads/{lead.pk}/", {}).json() == before
    after = api.patch(f"leads/{lead.pk}/", {"name": "Jane Roe", "status": "won", "value": 480.5}).json()
    assert (after["name"], after["status"], after["value"]) == ("Jane R.", "won", "480.50")
    assert {**after, "name": "", "status": "", "value": ""} == {
        **before,
        "name": "",
        "status": "",
        "value": "",
    }
    cleared = {"name": None, "email": "", "value": None, "tags": [], "phones": []}
    gone = api.patch(f"leads/{lead.pk}/", cleared).json()
    assert [gone[name] for name in cleared] == [None, None, None, [], []]
    with world.inside():
        assert Lead.objects.get(pk=lead.pk).notes.reveal() == "Gate code 4411."


def test_a_phone_that_stays_keeps_its_id(world, lead):
    api = Api(world.user)
    first = api.get(f"leads/{lead.pk}/").json()["phones"][0]
    changed = api.patch(f"leads/{lead.pk}/", {"phones": [fresh_number(), "+15035550142"]}).json()
    assert changed["phones"][1] == first


def test_a_phone_belongs_to_one_lead(world, lead):
    api = Api(world.user)
    answer = api.post("leads/", {"name": "Somebody Else", "phones": ["+15035550142"]})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "conflict"
    assert "phones" in answer.json()["error"]["fields"]
    other = add_lead(world.acme)
    assert api.patch(f"leads/{other.pk}/", {"status": "won", "phones": ["+15035550142"]}).status_code == 409
    assert api.get(f"leads/{other.pk}/").json()["status"] == "new"
    assert len(api.get("leads/").json()["results"]) == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": 5}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": {"first": "John"}}, "name"),
        ({"phones": "+15035550143"}, "phones"),
        ({"phones": ["5035550143"]}, "phones.0"),
        ({"phones": ["+1503555014३"]}, "phones.0"),
        ({"phones": ["+15035550143", 15035550144]}, "phones.1"),
        ({"phones": ["+1"]}, "phones.0"),
        ({"phones": ["+99999999999999"]}, "phones"),
        ({"phones": [f"+1503555{n:04}" for n in range(11)]}, "phones"),
        ({"email": "nobody"}, "email"),
        ({"email": 1}, "email"),
        ({"email": "a@b.example\0"}, "email"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"status": "NEW"}, "status"),
        ({"status": None}, "status"),
        ({"status": 1}, "status"),
        ({"assigned_to": "me"}, "assigned_to"),
        ({"assigned_to": str(uuid4())}, "assigned_to"),
        ({"source": str(uuid4())}, "source"),
        ({"source": 5}, "source"),
        ({"value": "a lot"}, "value"),
        ({"value": "١٢"}, "value"),
        ({"value": "1e3"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": True}, "value"),
        ({"value": -1}, "value"),
        ({"value": 1.001}, "value"),
        ({"value": 10**10}, "value"),
        ({"value": ["1"]}, "value"),
        ({"tags": [None]}, "tags.0"),
        ({"tags": [""]}, "tags.0"),
        ({"tags": "roof"}, "tags"),
        ({"opted_out": True}, "opted_out"),
        ({"id": str(uuid4())}, "id"),
        ({"Name": "x"}, "Name"),
        ({"created_at": "2026-03-01T09:00:00Z"}, "created_at"),
    ],
)
def test_an_odd_value_is_named_and_changes_nothing(world, lead, change, named):
    api = Api(world.user)
    before = api.get(f"leads/{lead.pk}/").json()
    assert named in fields(api.patch(f"leads/{lead.pk}/", {"tags": ["new"]} | change))
    assert api.get(f"leads/{lead.pk}/").json() == before
    assert named in fields(api.post("leads/", {"name": "New Person"} | change))
    assert len(api.get("leads/").json()["results"]) == 1


def test_all_that_is_wrong_is_named_at_once(world):
    wrong = fields(Api(world.user).post("leads/", {"name": 5, "status": "x", "colour": "red", "phones": [1]}))
    assert set(wrong) == {"name", "status", "colour", "phones.0"}


def test_a_lead_of_nothing_is_none(world):
    assert "phones" in fields(Api(world.user).post("leads/", {}))


def test_somebody_elses_member_and_source_are_none_of_ours(world):
    with world.inside(world.rival):
        from leads.editing import source_named

        theirs = source_named(world.rival.pk, "Billboard")
    wrong = fields(
        Api(world.user).post(
            "leads/", {"name": "A B", "assigned_to": world.rival_owner.pk, "source": theirs.pk}
        )
    )
    assert set(wrong) == {"assigned_to", "source"}


def test_deleting_takes_the_person_and_leaves_the_call(world, lead):
    call = add_call(world.acme, lead)
    assert Api(world.user).delete(f"leads/{lead.pk}/").status_code == 403
    api = Api(world.admin)
    answer = api.delete(f"leads/{lead.pk}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"leads/{lead.pk}/").status_code == 404
    assert api.delete(f"leads/{lead.pk}/").status_code == 404
    with world.inside():
        assert Call.objects.get(pk=call.pk).lead_id is None
    shown = api.get(f"calls/{call.pk}/").json()
    assert (shown["lead"], shown["from"]) == (None, None)
    assert Entry.objects.about(world.acme.pk, lead.pk).filter(name="lead.deleted").exists()


SEARCHES = [
    ({"q": "smith"}, True),
    ({"q": "Joh"}, True),
    ({"q": "john.doe@customer.example"}, True),
    ({"q": "0142"}, True),
    ({"q": "(503) 555-0142"}, True),
    ({"q": "jones"}, False),
    ({"q": "?!"}, False),
    ({"phone": "+15035550142"}, True),
    ({"phone": "0142"}, True),
    ({"phone": "smith"}, False),
    ({"phone": "john.doe@customer.example"}, False),
    ({"email": "JOHN.DOE@customer.example"}, True),
    ({"email": "smith"}, False),
    ({"name": "john smith"}, True),
    ({"name": "0142"}, False),
    ({"name": "john.doe@customer.example"}, False),
]


@pytest.mark.parametrize(("asked", "hit"), SEARCHES, ids=[str(asked) for asked, _ in SEARCHES])
def test_a_search_finds_by_what_it_says(world, lead, asked, hit):
    add_lead(world.acme, name="Mary Other", phones=[fresh_number()], email="mary@customer.example")
    answer = Api(world.user).post("leads/search/", asked)
    assert answer.status_code == 200
    assert set(answer.json()) == {"next", "previous", "results"}
    assert [row["id"] for row in answer.json()["results"]] == ([str(lead.pk)] if hit else [])
    assert Api(world.rival_owner).post("leads/search/", asked).json()["results"] == []


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({}, "q"),
        ({"q": "a", "name": "b"}, "q"),
        ({"q": 5}, "q"),
        ({"q": ""}, "q"),
        ({"phone": None}, "phone"),
        ({"text": "a"}, "text"),
    ],
)
def test_an_odd_search_is_named(world, asked, named):
    assert named in fields(Api(world.user).post("leads/search/", asked))


def test_a_search_goes_on_where_the_page_ends(world):
    made = {str(add_lead(world.acme, name=f"Anna Number{n}").pk) for n in range(5)}
    api = Api(world.user)
    url, seen = "leads/search/?page_size=2", []
    while url:
        page = api.post(url, {"q": "anna"}).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
        assert "anna" not in str(url)
    assert (len(seen), set(seen)) == (5, made)
    assert "cursor" in fields(api.post("leads/search/?cursor=zzz", {"q": "anna"}))
    assert "q" in fields(api.post("leads/search/?q=anna", {"q": "anna"}))


def test_a_reveal_gives_what_it_names_for_half_a_minute_and_is_written_down(world, lead):
    answer = Api(world.user).post(
        f"leads/{lead.pk}/reveals/", {"fields": ["phones", "name"], "reason": "call_back"}
    )
    assert answer.status_code == 200
    assert answer.json()["fields"] == {"name": "John Smith", "phones": PERSON["phones"]}
    left = datetime.fromisoformat(answer.json()["expires_at"]) - timezone.now()
    assert timedelta(seconds=25) < left <= timedelta(seconds=30)
    assert "no-store" in answer.headers["Cache-Control"]
    entry = Entry.objects.about(world.acme.pk, lead.pk).get(name="lead.revealed")
    assert entry.data["fields"] == ["name", "phones"]
    assert (entry.actor, entry.data["reason"]) == (world.user.audit_actor, "call_back")
    rest = Api(world.user).post(
        f"leads/{lead.pk}/reveals/", {"fields": ["email", "notes"], "reason": "legal"}
    )
    assert rest.json()["fields"] == {"email": PERSON["email"], "notes": PERSON["notes"]}


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"reason": "verify"}, "fields"),
        ({"fields": [], "reason": "verify"}, "fields"),
        ({"fields": "name", "reason": "verify"}, "fields"),
        ({"fields": ["tags"], "reason": "verify"}, "fields.0"),
        ({"fields": ["name"] * 5, "reason": "verify"}, "fields"),
        ({"fields": ["name"]}, "reason"),
        ({"fields": ["name"], "reason": "curious"}, "reason"),
        ({"fields": ["name"], "reason": "verify", "all": True}, "all"),
    ],
)
def test_an_odd_reveal_is_named_and_gives_and_counts_nothing(world, lead, asked, named):
    answer = Api(world.user).post(f"leads/{lead.pk}/reveals/", asked)
    assert named in fields(answer)
    assert b"Smith" not in answer.content
    assert not Entry.objects.about(world.acme.pk, lead.pk).filter(name="lead.revealed").exists()


def test_reveals_end_with_the_budget(world, lead, settings):
    settings.RATE_LIMIT_REVEALS = "2/h"
    api = Api(world.user)
    asked = {"fields": ["name"], "reason": "verify"}
    answers = [api.post(f"leads/{lead.pk}/reveals/", asked) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "lead.reveal" in answers[2].json()["error"]["message"]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert b"Smith" not in answers[2].content
    assert Entry.objects.about(world.acme.pk, lead.pk).filter(name="lead.revealed").count() == 2


def test_a_rivals_lead_and_none_at_all_are_the_same_answer(world, lead):
    api = Api(world.rival_owner)
    asked = {"fields": ["name"], "reason": "verify"}
    for pk in (lead.pk, uuid4()):
        answers = [
            api.get(f"leads/{pk}/"),
            api.patch(f"leads/{pk}/", {"status": "won"}),
            api.delete(f"leads/{pk}/"),
            api.post(f"leads/{pk}/reveals/", asked),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert all(same(answer) == same(answers[0]) for answer in answers)
    with world.inside():
        assert Lead.objects.get(pk=lead.pk).status == "qualified"


def test_fifty_leads_cost_as_many_questions_as_one(world):
    api = Api(world.admin)

    def grow():
        add_lead(
            world.acme,
            name="Mary Jones",
            email="m@customer.example",
            assigned_to=world.user,
            source=world.source,
        )

    assert_flat_queries(lambda: api.get("leads/?page_size=200"), grow)
    assert_flat_queries(lambda: api.post("leads/search/", {"q": "mary"}), grow)
