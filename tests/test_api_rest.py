"""Numbers, sources, members, texts, recordings, history and deliveries over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import team
from accounts.models import Member, User
from accounts.permissions import Role
from audit.models import Entry
from callcrm.testing import (
    ACCOUNT_ID,
    DESTINATION,
    NUMBER,
    PASSWORD,
    add_call,
    add_lead,
    add_member,
    add_message,
    assert_flat_queries,
    fresh_number,
    signed_post,
)
from leads.editing import source_named
from recordings.models import Recording
from tests.api import Api, fields, same

NEW = "+15035550177"


def a_number(world, **more):
    return {"e164": NEW, "provider": "twilio", "account": ACCOUNT_ID, "source": world.source.pk} | more


# --- numbers


def test_a_number_is_added_shown_and_changed(world):
    api = Api(world.admin)
    given = a_number(world, forward_to=[DESTINATION], label="Van", notice="We record.")
    made = api.post("numbers/", given)
    assert made.status_code == 201
    shown = made.json()
    expected = {"e164": NEW, "provider": "twilio", "account": ACCOUNT_ID, "label": "Van", "flow_version": 1}
    assert {name: shown[name] for name in expected} == expected
    assert (shown["source"]["name"], shown["forward_to"]) == ("Google Ads", [DESTINATION])
    path = f"numbers/{shown['id']}/"
    assert api.get(path).json() == shown
    assert [row["e164"] for row in api.get("numbers/").json()["results"]] == [NEW, NUMBER]
    changed = api.patch(path, {"is_active": False, "label": "Truck"}).json()
    assert (changed["is_active"], changed["forward_to"], changed["label"]) == (False, [DESTINATION], "Truck")
    assert [row["e164"] for row in api.get("numbers/?is_active=true").json()["results"]] == [NUMBER]
    names = Entry.objects.about(world.acme.pk, shown["id"]).values_list("name", flat=True)
    assert {"number.added", "number.changed"} <= set(names)


def test_a_number_exists_once_in_the_installation(world):
    with world.inside(world.rival):
        from telephony import numbers

        account = numbers.connect(world.rival, "twilio", "AC" + "2" * 32, "s" * 32)
        source = source_named(world.rival.pk, "Ads")
    given = {"e164": NUMBER, "provider": "twilio", "account": account.account_id, "source": source.pk}
    answer = Api(world.rival_owner).post("numbers/", given)
    assert answer.status_code == 409
    assert "e164" in answer.json()["error"]["fields"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"e164": "5035550177"}, "e164"),
        ({"e164": 15035550177}, "e164"),
        ({"account": "AC" + "2" * 32}, "account"),
        ({"provider": "plivo"}, "account"),
        ({"source": "018f0000-0000-7000-8000-000000000000"}, "source"),
        ({"source": None}, "source"),
        ({"forward_to": [NEW] * 11}, "forward_to"),
        ({"forward_to": ["no"]}, "forward_to.0"),
        ({"is_active": "yes"}, "is_active"),
        ({"is_active": 1}, "is_active"),
        ({"notice": "x" * 301}, "notice"),
        ({"label": "x" * 81}, "label"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_an_odd_number_is_named_and_not_added(world, change, named):
    api = Api(world.admin)
    assert named in fields(api.post("numbers/", a_number(world) | change))
    assert len(api.get("numbers/").json()["results"]) == 1


def test_what_a_number_is_cannot_be_changed(world):
    wrong = fields(Api(world.admin).patch(f"numbers/{world.number.pk}/", {"e164": NEW, "account": "x"}))
    assert set(wrong) == {"e164", "account"}


# --- sources


def test_a_source_is_added_renamed_and_archived(world):
    api = Api(world.admin)
    made = api.post("sources/", {"name": "Van wrap", "kind": "print"})
    assert made.status_code == 201
    assert made.json() == {"id": made.json()["id"], "name": "Van wrap", "kind": "print", "is_archived": False}
    path = f"sources/{made.json()['id']}/"
    assert api.patch(path, {"name": "Vans", "is_archived": True}).json()["name"] == "Vans"
    assert Api(world.user).get(path).json()["is_archived"] is True
    assert [row["name"] for row in api.get("sources/?is_archived=false").json()["results"]] == ["Google Ads"]
    assert Entry.objects.about(world.acme.pk, made.json()["id"]).filter(name="source.changed").count() == 2


def test_a_name_of_a_source_is_taken_in_whatever_case(world):
    api = Api(world.admin)
    for answer in (
        api.post("sources/", {"name": "google ads"}),
        api.patch(f"sources/{api.post('sources/', {'name': 'Vans'}).json()['id']}/", {"name": "GOOGLE ADS"}),
    ):
        assert answer.status_code == 409
        assert "name" in answer.json()["error"]["fields"]
    assert "kind" in fields(api.post("sources/", {"name": "X", "kind": "tv"}))


# --- members


def test_an_owner_adds_changes_and_removes_a_member(world):
    api = Api(world.owner)
    given = {"email": "New@acme.example", "name": "New Person", "role": "user", "password": PASSWORD}
    made = api.post("users/", given)
    assert made.status_code == 201
    shown = made.json()
    assert set(shown) == {"id", "email", "name", "role", "created_at", "invitation"}
    assert shown["invitation"] is None
    assert (shown["email"], shown["role"]) == ("new@acme.example", "user")
    path = f"users/{shown['id']}/"
    assert api.patch(path, {"role": "admin"}).json()["role"] == "admin"
    token = {"email": "new@acme.example", "password": PASSWORD}
    assert Api().post("auth/token/", token).json()["business"] == "acme"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert Api().post("auth/token/", token).status_code == 401
    assert PASSWORD not in str(Entry.objects.of(world.acme.pk).values_list("data", flat=True))


def test_who_gets_no_password_sets_one_himself(world, client):
    made = Api(world.owner).post("users/", {"email": "new@acme.example", "role": "user"}).json()
    assert "/invitations/" in made["invitation"]
    assert client.get(made["invitation"].replace("http://127.0.0.1:8000", ""), follow=True).status_code == 200
    assert "invitation" not in Api(world.owner).get(f"users/{made['id']}/").json()


def test_an_existing_user_keeps_his_password_and_gets_no_link(world):
    api = Api(world.owner)
    given = {
        "email": "owner@rival.example",
        "name": "Somebody",
        "role": "user",
        "password": "Another-Password-9",
    }
    answer = api.post("users/", given)
    assert (answer.status_code, answer.json()["invitation"]) == (201, None)
    theirs = User.objects.get(email="owner@rival.example")
    assert theirs.check_password(PASSWORD)
    assert theirs.name == ""
    again = api.post("users/", given)
    assert again.status_code == 409
    assert "email" in again.json()["error"]["fields"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"email": "nobody"}, "email"),
        ({"role": "superuser"}, "role"),
        ({"role": None}, "role"),
        ({"password": "short"}, "password"),
        ({"password": 12345678}, "password"),
        ({"password": "x" * 1001}, "password"),
        ({"is_superuser": True}, "is_superuser"),
    ],
)
def test_an_odd_member_is_named_and_not_added(world, change, named):
    given = {"email": "new@acme.example", "role": "user", "password": PASSWORD} | change
    assert named in fields(Api(world.owner).post("users/", given))
    assert Member.objects.filter(business=world.acme).count() == 3


def test_the_last_owner_stays(world):
    api = Api(world.owner)
    path = f"users/{world.owner.pk}/"
    assert api.patch(path, {"role": "user"}).status_code == 409
    assert api.delete(path).status_code == 409
    assert api.get(path).json()["role"] == "owner"


def test_who_gives_his_own_role_away_is_out_at_once(world):
    add_member(world.acme, Role.OWNER, "second@acme.example")
    api = Api(world.owner)
    assert api.patch(f"users/{world.owner.pk}/", {"role": "user"}).json()["role"] == "user"
    assert api.get("users/").status_code == 401


def test_members_of_others_are_none(world):
    api = Api(world.owner)
    assert {row["role"] for row in api.get("users/").json()["results"]} == {"owner", "admin", "user"}
    missing = api.get("users/018f0000-0000-7000-8000-000000000000/")
    for method in ("GET", "PATCH", "DELETE"):
        answer = api.send(
            method, f"users/{world.rival_owner.pk}/", {"role": "user"} if method == "PATCH" else None
        )
        assert answer.status_code == 404
        assert same(answer) == same(missing)
    assert Member.objects.get(pk=world.rival_owner.pk).role == "owner"


# --- texts


def test_a_text_is_shown_masked(world):
    lead = add_lead(world.acme, name="John Smith", phones=["+15035550142"])
    text = add_message(world.acme, lead, "I am john.doe@customer.example, call +1 503 555 0142 at 10:30")
    shown = Api(world.admin).get(f"messages/{text.pk}/").json()
    assert set(shown) == {
        "id", "direction", "state", "error", "from", "to", "body", "media", "segments", "created_at",
        "delivered_at", "provider", "provider_id", "lead",
    }  # fmt: skip
    assert shown["body"] == "I am jo***@customer.example, call +1(503)***-**42 at 10:30"
    assert (shown["from"], shown["to"], shown["error"]) == ("+1(503)***-**42", NUMBER, None)
    assert shown["lead"] == {"id": str(lead.pk), "name": "John S."}
    assert Api(world.admin).get("messages/").json()["results"] == [shown]


def test_a_text_that_failed_says_why(world):
    text = add_message(
        world.acme, add_lead(world.acme), direction="outbound", state="failed", error_code="30003"
    )
    shown = Api(world.admin).get(f"messages/{text.pk}/").json()
    assert shown["error"]["code"] == "30003"
    assert shown["error"]["text"]
    assert (shown["from"], shown["to"][:3]) == (NUMBER, "+1(")


def test_texts_are_filtered_and_are_his_who_looks_after_the_lead(world):
    mine = add_lead(world.acme, assigned_to=world.user)
    theirs = add_lead(world.acme, assigned_to=world.admin)
    first, second = (
        add_message(world.acme, mine),
        add_message(world.acme, theirs, state="read", direction="outbound"),
    )
    assert [row["id"] for row in Api(world.user).get("messages/").json()["results"]] == [str(first.pk)]
    assert Api(world.user).get(f"messages/{second.pk}/").status_code == 404
    api = Api(world.admin)
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    for query in (
        {"lead": theirs.pk},
        {"state": "read"},
        {"direction": "outbound"},
        {"provider_id": second.provider_id},
    ):
        assert [row["id"] for row in api.get("messages/", query).json()["results"]] == [str(second.pk)], query
    assert api.get("messages/", {"since": soon}).json()["results"] == []
    assert len(api.get("messages/", {"until": soon, "number": world.number.pk}).json()["results"]) == 2


# --- recordings


def test_recordings_are_those_of_the_calls_that_one_sees(world):
    colleague = add_member(world.acme, Role.USER, "second@acme.example")
    calls = [add_call(world.acme, None, agent=who) for who in (world.user, colleague)]
    with world.inside():
        rows = [
            Recording.objects.create(
                business=world.acme, call=call, provider_id="RE1", created_at=timezone.now()
            )
            for call in calls
        ]
    assert Api(world.user).get(f"recordings/{rows[0].pk}/audio/").status_code == 409  # not fetched yet
    shown = Api(world.user).get(f"recordings/{rows[0].pk}/").json()
    assert set(shown) == {
        "id", "call", "state", "kind", "duration_seconds", "channels", "size", "sha256", "provider_id", "keep_until",
        "legal_hold", "deleted_by", "deleted_days", "failure",
    }  # fmt: skip
    assert (shown["call"], shown["state"], shown["legal_hold"]) == (str(calls[0].pk), "pending", False)
    assert Api(world.user).get("recordings/").json()["results"] == [shown]
    assert Api(world.user).get(f"recordings/{rows[1].pk}/").status_code == 404
    api = Api(world.admin)
    assert len(api.get("recordings/").json()["results"]) == 2
    assert (
        len(
            api.get("recordings/", {"call": calls[1].pk, "kind": "call", "state": "pending"}).json()[
                "results"
            ]
        )
        == 1
    )


# --- history and deliveries


def test_the_history_is_filtered(world):
    api = Api(world.admin)
    lead = api.post("leads/", {"name": "A B"}).json()["id"]
    api.patch(f"leads/{lead}/", {"status": "won"})
    shown = api.get("audit/", {"subject": lead}).json()["results"]
    assert [row["name"] for row in shown] == ["lead.status_changed", "lead.created"]
    assert shown[0] == api.get(f"audit/{shown[0]['id']}/").json()
    assert shown[0]["sentence"] == "moved the lead from new to won"
    assert shown[0]["actor"] == f"member:{world.admin.pk}"
    assert shown[0]["request_id"]
    assert [row["subject"] for row in api.get("audit/", {"name": "lead.created"}).json()["results"]] == [lead]
    assert len(api.get("audit/", {"actor": f"member:{world.admin.pk}"}).json()["results"]) == 2
    at = shown[0]["at"]
    later = api.get("audit/", {"since": at}).json()["results"]
    assert [row["id"] for row in later] == [shown[0]["id"]]
    assert shown[0]["id"] not in {row["id"] for row in api.get("audit/", {"until": at}).json()["results"]}


def test_the_history_of_others_and_of_the_platform_is_not_shown(world):
    theirs = Entry.objects.of(world.rival.pk).first()
    User.objects.create_superuser("root@platform.example", PASSWORD)
    api = Api(world.owner)
    assert api.get(f"audit/{theirs.pk}/").status_code == 404
    url, seen = "audit/?page_size=2", []
    while url:
        page = api.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert set(seen) == {str(pk) for pk in Entry.objects.of(world.acme.pk).values_list("pk", flat=True)}
    assert len(seen) == len(set(seen))


def test_deliveries_are_shown_without_what_was_in_them(world, client):
    caller = fresh_number()
    params = {
        "CallSid": "CA" + "a" * 32,
        "From": caller,
        "To": NUMBER,
        "Direction": "inbound",
        "CallStatus": "ringing",
    }
    assert signed_post(client, "voice", params).status_code == 200
    answer = Api(world.admin).get("webhook-receipts/")
    [shown] = answer.json()["results"]
    assert set(shown) == {
        "id", "provider", "route", "account", "state", "error", "attempts", "received_at", "applied_at",
    }  # fmt: skip
    assert (shown["provider"], shown["route"], shown["state"]) == ("twilio", "voice", "applied")
    assert caller[2:] not in answer.content.decode()
    assert Api(world.admin).get(f"webhook-receipts/{shown['id']}/").json() == shown
    assert Api(world.admin).get("webhook-receipts/?state=failed").json()["results"] == []
    assert Api(world.rival_owner).get("webhook-receipts/").json()["results"] == []
    assert Api(world.rival_owner).get(f"webhook-receipts/{shown['id']}/").status_code == 404


def test_lists_cost_as_many_questions_for_many_as_for_one(world, client):
    api = Api(world.owner)

    def grow():
        lead = add_lead(world.acme)
        add_message(world.acme, lead)
        call = add_call(world.acme, lead)
        with world.inside():
            source = source_named(world.acme.pk, f"Source {lead.pk}")
            Recording.objects.create(
                business=world.acme, call=call, provider_id="RE1", created_at=timezone.now()
            )
        api.post("numbers/", a_number(world, e164=fresh_number(), source=source.pk))
        add_member(world.acme, Role.USER, f"{lead.pk}@acme.example")
        params = {
            "CallSid": call.provider_id,
            "CallStatus": "completed",
            "To": NUMBER,
            "From": fresh_number(),
        }
        signed_post(client, "voice-status", params)

    for path in ("messages/", "recordings/", "numbers/", "sources/", "users/", "audit/", "webhook-receipts/"):
        assert_flat_queries(lambda path=path: api.get(path + "?page_size=200"), grow, times=2)


def test_a_member_who_was_removed_leaves_his_name_on_calls(world):
    call = add_call(world.acme, None, agent=world.user)
    team.remove(world.user, by=world.owner)
    assert Api(world.admin).get(f"calls/{call.pk}/").json()["agent"]["name"] == world.user.name
