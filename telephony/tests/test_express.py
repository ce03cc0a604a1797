"""The quick way and the ordinary way write the same rows; whatever is not plain goes the ordinary way."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import Entry
from callcrm.lib import together
from callcrm.testing import NUMBER, World, add_call, add_lead, ring, sid, signed_post
from callcrm.webhooks.models import Receipt
from leads.models import Lead, LeadPhone, LeadToken
from telephony import express, ingest
from telephony.models import Call, FeedFrame

pytestmark = pytest.mark.django_db
KNOWN, STRANGER = "+12065550111", "+12065550122"
OF_THE_ROW = {
    "id",
    "key",
    "number",
    "sealed",
    "dedupe_key",
    "about",
    "provider_id",
    "request_id",
    "data",
    "object_id",
}
OF_THE_MOMENT = {
    "at",
    "created_at",
    "seen_at",
    "started_at",
    "notice_at",
    "received_at",
    "applied_at",
    "subject_id",
}


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(express, "ring", lambda *args: None)


def rows(world: World) -> dict[str, list[dict[str, Any]]]:
    """Return every row that a call leaves, without what differs between any two rows."""
    models: list[Any] = [Receipt, Call, Lead, LeadPhone, LeadToken, FeedFrame, Entry]
    with world.inside():
        return {model.__name__: sorted((_facts(row) for row in _rows(model)), key=str) for model in models}


def _rows(model: Any) -> Any:
    return (
        model.objects.filter(name__in=("call.ringing", "lead.created"))
        if model is Entry
        else model.objects.all()
    )


def _facts(row: Any) -> dict[str, Any]:
    names = {field.attname for field in row._meta.concrete_fields} - OF_THE_ROW - OF_THE_MOMENT
    facts = {name: getattr(row, name) for name in sorted(names)}
    people = {"lead_id", "phone_id"}  # their ids differ as well; that they are there must not
    return {name: bool(value) if name in people else str(value) for name, value in facts.items()}


def call_both(world: World, client: Client) -> dict[str, list[dict[str, Any]]]:
    add_lead(world.acme, by=world.owner, phones=[KNOWN])
    for caller in (KNOWN, STRANGER, KNOWN):
        ring(client, caller)
    return rows(world)


def test_the_quick_way_is_taken_in_two_round_trips_of_its_own(
    world: World, client: Client, monkeypatch: Any
) -> None:
    def never(*args: Any) -> None:
        raise AssertionError("the ordinary way was taken")

    monkeypatch.setattr(ingest, "apply", never)
    add_lead(world.acme, phones=[KNOWN])
    ring(client, KNOWN)
    with CaptureQueriesContext(connection) as asked:
        ring(client, KNOWN)
        ring(client, STRANGER)
    assert all(
        "telephony_" not in query["sql"] for query in asked.captured_queries
    )  # none by Django's own way


def test_both_ways_write_the_same_rows(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = call_both(world, client)
    _forget(world)
    monkeypatch.setattr(express, "ring", lambda *args: None)
    assert call_both(world, client) == quick


def _forget(world: World) -> None:
    with world.inside():
        for model in (Call, LeadPhone, LeadToken, Lead, FeedFrame):
            model.objects.all().delete()
    Receipt.objects.all().delete()
    with (
        connection.cursor() as cursor
    ):  # history is never emptied: only its owner can, and only with triggers off
        cursor.execute("SET ROLE NONE; SET session_replication_role = replica")
        cursor.execute("DELETE FROM audit_entry WHERE name IN ('call.ringing', 'lead.created')")
        cursor.execute("RESET session_replication_role; RESET ROLE")


def test_rows_are_written_in_the_order_that_the_ordinary_way_writes_them_in(world: World) -> None:
    """The first that is refused is the one that is named: in another order, two could wait for each other."""
    person = add_lead(world.acme)
    call = add_call(world.acme, person)
    frame = FeedFrame(business=world.acme, kind="call.changed", object_id=call.pk, state=call.state)
    for first, second, named in (
        (call, person, "telephony_call_pkey"),
        (person, call, "leads_lead_pkey"),
    ):
        with pytest.raises(IntegrityError, match=named), transaction.atomic():
            together.insert(world.acme.pk, [first, frame, second])


def test_a_number_of_our_own_and_a_withheld_one_go_the_ordinary_way(world: World, client: Client) -> None:
    for caller in (NUMBER, "anonymous"):
        ring(client, caller)
    with world.inside():
        assert Call.objects.filter(lead=None).count() == 2
        assert not Lead.objects.exists()


def test_a_call_of_which_a_status_came_first_is_completed_the_ordinary_way(
    world: World, client: Client
) -> None:
    call = sid("CA")
    about = {"CallSid": call, "From": STRANGER, "To": NUMBER, "Direction": "inbound"}
    signed_post(client, "voice-status", about | {"CallStatus": "ringing", "SequenceNumber": "0"})
    ring(client, STRANGER, call_sid=call)
    with world.inside():
        assert Call.objects.get().first_time_caller
    assert Receipt.objects.filter(state="applied").count() == 2


def test_of_a_person_with_two_phones_the_one_that_calls_is_named(world: World, client: Client) -> None:
    add_lead(world.acme, phones=[KNOWN, STRANGER])
    for caller in (STRANGER, KNOWN):
        call = ring(client, caller)
        with world.inside():
            found = Call.objects.select_related("phone__lead").get(provider_id=call)
            assert found.phone is not None
            assert found.phone.number.reveal() == caller
    with world.inside():
        assert Lead.objects.count() == 1
