"""Over the API a recording says until when it is kept; it is held, let go and deleted by who may delete."""

from datetime import timedelta

import pytest

from audit.models import Entry
from recordings.retention import rules
from recordings.tests.waiting import again, told
from tests.api import Api, fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording(world):
    return told(world, state="stored", key=b"wrapped")


def test_until_when_it_is_kept_follows_its_rule_at_once(world, recording):
    client = Api(world.user)
    shown = client.get(f"recordings/{recording.pk}/").json()
    assert (shown["keep_until"], shown["legal_hold"], shown["deleted_by"]) == (None, False, None)
    for days in (30, 7):
        with world.inside():
            rules.change(world.acme, {"call": days}, by=world.owner)
        until = (recording.created_at + timedelta(days=days)).isoformat().replace("+00:00", "Z")
        assert client.get(f"recordings/{recording.pk}/").json()["keep_until"] == until
        assert client.get("recordings/").json()["results"][0]["keep_until"] == until


def test_an_admin_holds_it_lifts_the_hold_and_deletes_it(world, recording):
    client, path = Api(world.admin), f"recordings/{recording.pk}"
    held = client.post(f"{path}/holds/", {"reason": "authority"})
    assert (held.status_code, held.json()["legal_hold"]) == (201, True)
    refused = client.post(f"{path}/deletions/", {"rule": "card_data"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert "legal hold" in refused.json()["error"]["message"]
    assert client.post(f"{path}/hold-liftings/").json()["legal_hold"] is False
    deleted = client.post(f"{path}/deletions/", {"rule": "request"})
    assert deleted.status_code == 201
    assert [deleted.json()[name] for name in ("state", "deleted_by", "sha256")] == [
        "deleted",
        "request",
        None,
    ]
    assert client.post(f"{path}/deletions/", {"rule": "card_data"}).json()["deleted_by"] == "request"
    names = [e.name for e in Entry.objects.filter(subject_id=recording.pk).order_by("at")]
    assert names == ["recording.held", "recording.hold_lifted", "recording.deleted"]


@pytest.mark.parametrize("rule", ["retention", "", "x", None, 5, ["card_data"]])
def test_nobody_deletes_by_another_rule(world, recording, rule):
    answer = Api(world.owner).post(f"recordings/{recording.pk}/deletions/", {"rule": rule})
    assert answer.status_code == 400
    assert "rule" in fields(answer)
    assert again(world, recording).state == "stored"


@pytest.mark.parametrize("body", [{}, {"reason": "x"}, {"reason": "lawsuit", "note": "x"}])
def test_a_hold_wants_a_reason_and_nothing_else(world, recording, body):
    assert Api(world.owner).post(f"recordings/{recording.pk}/holds/", body).status_code == 400
    assert not again(world, recording).is_held
